#pragma once

#include <bearergate/net/stream.hpp>

#include "poller.hpp"

#include <sys/types.h>

struct ssl_st;

namespace bearergate::net {

inline constexpr std::size_t most_pieces = 8;  // of one send

// A socket to receive from, and what is known of it: events are edges, so that what they told must
// be remembered until a receive has shown it to be over.
struct Wire {
    int descriptor = -1;
    bool may_read = false;     // there may be bytes, an end or an error
    bool more_behind = false;  // an end, an error or urgent data, behind what bytes there are
    bool is_tcp = false;  // a read that left room took all: unix ones end at passed descriptors
    // For OpenSSL: how much of it one call may read that yields nothing,
    int receives_left = 0;
    int idle_messages = 0;  // of the protocol itself, since there was one of the peer's user

    // As recv() does it, without waiting.
    ssize_t receive(std::span<char> buffer);
    void look();  // whether there is anything, for one system call
};

struct SslRelease {
    void operator()(ssl_st* ssl) const noexcept;
};

// What a Stream is made of; for stream.cpp and its neighbours.
//
// An event may resume a session, and the session may destroy the Stream: tell() is the last thing
// a function does.
struct Stream::State final : Poller::Watched {
    enum class Wants : std::uint8_t { nothing, bytes, readable };

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { shut(); }

    void open(Socket from);
    bool watch(Poller::Events further = 0);  // false: errno says why not
    void shut();
    bool is_open() const { return wire.descriptor >= 0; }

    void on_events(Poller::Events events) override;
    void go_on(bool may_write);
    void tell(bool received, bool writable);
    void finish_receive(Received what);  // without telling
    bool may_receive() const { return wire.may_read || (ssl && has_plaintext()); }
    bool receive_now();  // whether the receive is over; else it stands
    bool receive_or_fail();
    void receive_in_turn();
    void await_bytes();
    void await_room();
    bool notice_trouble();  // stream_watch.cpp
    void start_connect(const Endpoint& endpoint);
    void end_connect();
    void finish_connect(int error);
    void lose();
    Sent send_plain(std::span<const std::string_view> pieces) const;

    // stream_tls.cpp
    void start_tls(ssl_ctx_st* context, bool as_server, const std::string& server_name);
    bool handshake();  // whether it is over, for good or bad
    bool read_tls();   // whether the receive is over
    bool has_plaintext() const;
    Sent send_tls(std::span<const std::string_view> pieces);
    bool close_notify();  // whether it went, or never will

    // In the order in which a request comes by: what it does not touch comes last.
    Wire wire{};  // before what points to it
    Wants wants = Wants::nothing;
    bool wants_writable = false;
    bool waits_for_room = false;  // the kernel will tell, and has not yet
    bool connecting = false;
    bool handshaking = false;
    bool watches_for_trouble = false;
    bool has_trouble = false;
    bool missed_writable = false;
    unsigned receives_in_a_row = 0;  // that found something at once
    Signal* signal = nullptr;        // null while detached
    Signal::Bits received_bit = 0;
    Signal::Bits writable_bit = 0;
    Landing landing{};
    std::optional<Received> result{};
    std::unique_ptr<ssl_st, SslRelease> ssl{};
    Poller* poller = nullptr;
    bool is_watched = false;
    std::string peer{};
    std::optional<std::string> problem{};

    // Of TLS.
    bool broken = false;  // after a fatal error nothing more may be asked of the engine
    bool send_needs_read = false;
    bool shutdown_waits = false;  // for room for close_notify
    std::size_t unfinished = 0;   // bytes of ours in a record that went out in part
};

}  // namespace bearergate::net
