#pragma once

#include <bearergate/net/buffer_pool.hpp>
#include <bearergate/net/deadline.hpp>
#include <bearergate/net/stream.hpp>
#include <bearergate/net/tls.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bearergate::net {

// Where one upstream's servers are right now: the addresses of all its URLs, in turn. Made by the
// control thread, replaced whole; empty while no name could be resolved.
struct UpstreamAddresses {
    struct Server {
        std::vector<Endpoint> endpoints{};  // of one URL; tried in order
        bool operator==(const Server&) const = default;
    };
    std::vector<Server> servers{};
    bool operator==(const UpstreamAddresses&) const = default;
};

// An upstream connection and its receive buffer, which has memory while there is something in it.
// While the connection idles in the pool a receive stands, so that a close by the upstream is
// noticed without a system call.
struct UpstreamConnection {
    Stream stream{};
    BufferPool::Block buffer{};
    bool reused = false;  // came from the pool: it may be stale
    std::size_t server = 0;
    Endpoint endpoint{};           // that it leads to
    std::uint64_t generation = 0;  // of the pool's addresses, when it was known to be among them
};

// The idle connections of one upstream on one worker. Last in, first out, so that a quiet pool
// shrinks by itself.
class UpstreamPool {
public:
    struct Limits {
        std::size_t idle_connections = 256;
        std::chrono::milliseconds idle{4000};
    };
    UpstreamPool(Limits limits, BufferPool& buffers);

    // An idle connection that has shown no sign of being stale, or null.
    std::unique_ptr<UpstreamConnection> take(SteadyTime now);
    // Keeps a connection whose exchange ended without anomaly; `timeout` is the upstream's own
    // word on how long (it is shortened by a second), if it gave one.
    void put(std::unique_ptr<UpstreamConnection> connection, SteadyTime now,
             std::optional<std::chrono::seconds> timeout);
    void sweep(SteadyTime now);  // closes what is too old or was closed by the upstream
    // From now on keeps only connections that lead to these addresses: a busy one would go on for
    // ever to where the upstream no longer is.
    void turn_to(std::shared_ptr<const UpstreamAddresses> addresses);
    void retire();  // keeps none any more
    std::size_t size() const { return idle_.size(); }

private:
    struct Idle {
        std::unique_ptr<UpstreamConnection> connection;
        SteadyTime until;
    };
    bool leads_there(UpstreamConnection& connection) const;

    Limits limits_;
    BufferPool& buffers_;
    std::shared_ptr<const UpstreamAddresses> addresses_{};  // null: any
    std::vector<Idle> idle_{};
    std::uint64_t generation_ = 0;
};

}  // namespace bearergate::net
