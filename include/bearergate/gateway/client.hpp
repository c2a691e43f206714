#pragma once

#include <bearergate/gateway/events.hpp>
#include <bearergate/gateway/inbox.hpp>
#include <bearergate/gateway/outbox.hpp>
#include <bearergate/net/buffer_pool.hpp>
#include <bearergate/net/deadline.hpp>
#include <bearergate/net/stream.hpp>
#include <bearergate/net/task.hpp>

#include <chrono>
#include <coroutine>
#include <memory>

namespace bearergate::gateway {

// A client's side of its session: the stream, what came from it and what goes to it, and the
// signal and deadline by which the session waits. Nothing here knows of HTTP.
class Client {
public:
    Client(net::Stream stream, net::DeadlineSweep& sweep);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    net::Signal signal{};
    net::Stream stream;
    Inbox inbox{};
    Outbox outbox{};

    // The peer has reset the connection or does not take what we write, or the worker stops:
    // nothing can be answered any more.
    bool gone() const { return gone_; }
    void give_up() { gone_ = true; }
    // The peer has sent its last byte. It may still read.
    bool ended() const { return ended_; }

    // Blocks for the inbox come from here from now on.
    void use_buffers(const std::shared_ptr<net::BufferPool>& buffers);
    // Leaves a receive standing behind what was received, if there is room and anything to expect;
    // else a reset is still noticed.
    void stand();
    // The same after moving what is unread to the front.
    void stand_compacted();
    bool stands() const { return stream.is_receiving() || stream.has_received(); }

    void arm(net::SteadyTime when);  // raises event::deadline, only for this `when`
    // When the session last woke: one reading of the clock for all that it does then.
    net::SteadyTime now() const { return now_; }
    void read_clock() { now_ = sweep_.now(); }

    // co_await client.wait(bits): sleeps until one of these is up, or a deadline, or something of
    // the client: it is taken in before this returns. The bits that were up.
    auto wait(event::Bits bits);
    // Writes the outbox, waiting while the peer makes progress. False: the client is gone.
    net::Task<bool> flush(std::chrono::milliseconds patience);

private:
    event::Bits note(event::Bits up);

    net::DeadlineSweep& sweep_;
    net::Deadline deadline_{signal, event::deadline};
    std::shared_ptr<net::BufferPool> buffers_{};
    net::SteadyTime now_;
    bool gone_ = false;
    bool ended_ = false;
};

inline auto Client::wait(event::Bits bits) {
    constexpr event::Bits always = event::client_received | event::deadline | event::stop;
    struct Awaiter {
        Client& client;
        decltype(client.signal.any(0)) inner;
        bool await_ready() const noexcept { return inner.await_ready(); }
        void await_suspend(std::coroutine_handle<> self) noexcept { inner.await_suspend(self); }
        event::Bits await_resume() { return client.note(inner.await_resume()); }
    };
    return Awaiter{*this, signal.any(bits | always)};
}

}  // namespace bearergate::gateway
