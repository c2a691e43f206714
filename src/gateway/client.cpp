#include <bearergate/gateway/client.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace bearergate::gateway {

Client::Client(net::Stream connected, net::DeadlineSweep& sweep)
    : stream(std::move(connected)), sweep_(sweep), now_(sweep.now()) {
    stream.attach(signal, event::client_received, event::client_writable);
    sweep_.add(deadline_);
}

void Client::use_buffers(const std::shared_ptr<net::BufferPool>& buffers) {
    if (buffers_ != buffers) buffers_ = buffers;  // other threads share their count
}

void Client::stand() {
    if (gone_ || stands()) return;
    if (ended_) return stream.watch();
    if (!inbox.has_block()) inbox.borrow(buffers_);
    const auto room = inbox.room();
    if (room.empty()) return stream.watch();
    stream.start_receive(room);
}

void Client::stand_compacted() {
    if (!stands()) inbox.compact();
    stand();
}

void Client::arm(net::SteadyTime when) {
    signal.clear(event::deadline);
    deadline_.set(when);
}

event::Bits Client::note(event::Bits up) {
    read_clock();
    if (const auto received = stream.received()) {
        inbox.arrived(received->bytes);
        if (received->condition == net::Stream::Condition::ended) ended_ = true;
        if (received->condition == net::Stream::Condition::failed) gone_ = true;
    }
    if ((up & event::client_writable) != 0) outbox.wake();
    if ((up & event::stop) != 0) gone_ = true;
    return up;
}

net::Task<bool> Client::flush(std::chrono::milliseconds patience) {
    std::optional<std::uint64_t> seen{};
    while (!gone_) {
        const auto flushed = outbox.flush(stream);
        if (flushed == Outbox::Flushed::all) co_return true;
        if (flushed == Outbox::Flushed::peer_gone) break;
        if (seen != outbox.written()) {
            seen = outbox.written();
            arm(now() + patience);
        }
        const auto up = co_await wait(event::client_writable);
        if ((up & event::deadline) == 0) continue;
        if (!outbox.is_taken(stream)) break;
        arm(now() + patience);
    }
    gone_ = true;
    co_return false;
}

}  // namespace bearergate::gateway
