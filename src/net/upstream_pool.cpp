// Idle upstream connections, each with a receive standing so that a close shows by itself.
#include <bearergate/net/upstream_pool.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::net {

UpstreamPool::UpstreamPool(Limits limits, BufferPool& buffers)
    : limits_(limits), buffers_(buffers) {}

std::unique_ptr<UpstreamConnection> UpstreamPool::take(SteadyTime now) {
    while (!idle_.empty()) {
        Idle last = std::move(idle_.back());
        idle_.pop_back();
        if (last.until > now && last.connection->stream.is_quiet())
            return std::move(last.connection);
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
    if (!leads_there(*connection)) return;

    Stream& stream = connection->stream;
    stream.detach();
    if (!stream.is_open() || stream.has_received()) return;
    if (!stream.is_receiving()) {
        connection->buffer = buffers_.vacant();
        stream.start_receive(Landing(connection->buffer), Stream::Awaits::silence);
    }
    // An idle connection has nothing to say: bytes, an end and an error all mean that the next
    // exchange on it would go wrong. What is there already shows at once.
    if (!stream.is_quiet()) return;
    connection->reused = true;
    if (idle_.size() >= limits_.idle_connections) idle_.erase(idle_.begin());
    idle_.push_back({.connection = std::move(connection), .until = now + idle});
}

void UpstreamPool::sweep(SteadyTime now) {
    std::erase_if(idle_, [now](const Idle& idle) {
        return idle.until <= now || !idle.connection->stream.is_quiet();
    });
}

void UpstreamPool::turn_to(std::shared_ptr<const UpstreamAddresses> addresses) {
    addresses_ = std::move(addresses);
    ++generation_;
    std::erase_if(idle_, [this](const Idle& idle) { return !leads_there(*idle.connection); });
}

// Looked up once for each change.
bool UpstreamPool::leads_there(UpstreamConnection& connection) const {
    if (connection.generation == generation_) return true;
    const auto& servers = addresses_->servers;
    const bool is_there =
        connection.server < servers.size() &&
        std::ranges::find(servers[connection.server].endpoints, connection.endpoint) !=
            servers[connection.server].endpoints.end();
    if (is_there) connection.generation = generation_;
    return is_there;
}

void UpstreamPool::retire() {
    idle_.clear();
    limits_.idle_connections = 0;
}

}  // namespace bearergate::net
