// Idle upstream connections, each with a receive standing so that a close shows by itself.
#include <bearergate/net/upstream_pool.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::net {

namespace {

// An idle connection has nothing to say: bytes, an end and an error all mean that the next
// exchange on it would go wrong.
bool is_quiet(const UpstreamConnection& connection) {
    return connection.stream.is_open() && connection.stream.is_receiving() &&
           !connection.stream.has_received();
}

}  // namespace

UpstreamPool::UpstreamPool(Limits limits, BufferPool& buffers)
    : limits_(limits), buffers_(buffers) {}

std::unique_ptr<UpstreamConnection> UpstreamPool::take(SteadyTime now) {
    while (!idle_.empty()) {
        Idle last = std::move(idle_.back());
        idle_.pop_back();
        if (last.until > now && is_quiet(*last.connection)) return std::move(last.connection);
    }
    return nullptr;
}

void UpstreamPool::put(std::unique_ptr<UpstreamConnection> connection, SteadyTime now,
                       std::optional<std::chrono::seconds> timeout) {
    std::chrono::milliseconds idle = limits_.idle;
    // A second less than the upstream said, so that our request does not cross its close.
    if (timeout) {
        using std::chrono::seconds;
        const seconds said = std::clamp(*timeout, seconds(0), seconds(86'400));
        idle = std::min<std::chrono::milliseconds>(idle, said - seconds(1));
    }
    if (idle <= idle.zero() || limits_.idle_connections == 0) return;

    Stream& stream = connection->stream;
    stream.detach();
    if (!stream.is_open() || stream.has_received()) return;
    if (!stream.is_receiving()) {
        if (!connection->buffer) connection->buffer = buffers_.borrow();
        stream.start_receive(connection->buffer.bytes(), Stream::Awaits::nothing);
    }
    // What is buffered in TLS already shows at once.
    if (!is_quiet(*connection)) return;
    connection->reused = true;
    if (idle_.size() >= limits_.idle_connections) idle_.erase(idle_.begin());
    idle_.push_back({.connection = std::move(connection), .until = now + idle});
}

void UpstreamPool::sweep(SteadyTime now) {
    std::erase_if(idle_, [now](const Idle& idle) {
        return idle.until <= now || !is_quiet(*idle.connection);
    });
}

void UpstreamPool::clear() {
    idle_.clear();
}

}  // namespace bearergate::net
