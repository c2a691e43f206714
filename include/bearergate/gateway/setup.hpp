#pragma once

#include <bearergate/gateway/snapshot.hpp>
#include <bearergate/http/head_scan.hpp>
#include <bearergate/net/buffer_pool.hpp>
#include <bearergate/net/upstream_pool.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace bearergate::gateway {

// One upstream as one worker uses it. Survives a reload that does not change it; what TLS files
// say may have changed in any.
struct Upstream {
    Upstream(const config::Upstream& settings, net::BufferPool& buffers);

    // Where it is from now on. Connections to where it no longer is do not outlive their exchange.
    void turn_to(std::shared_ptr<const net::UpstreamAddresses> now);

    net::UpstreamPool pool;
    // None before the first use_upstreams(); an empty list when no name could be resolved.
    std::shared_ptr<const net::UpstreamAddresses> addresses{};
    std::size_t next_server = 0;                      // round robin
    std::optional<net::SteadyTime> told_unreached{};  // when it was told last
};

// A snapshot and what one worker keeps beside it. Every request holds the one it began with.
struct Setup {
    std::shared_ptr<const Snapshot> snapshot{};
    std::vector<std::shared_ptr<Upstream>> upstreams{};  // by upstream index of the snapshot
    std::shared_ptr<net::BufferPool> client_buffers{};

    // Whether every upstream's addresses are known, or known to be none.
    bool is_ready() const;
    http::HeadLimits head_limits() const;
};

// Behind the longest head there is room for a piece of body.
inline constexpr std::size_t room_behind_head = 4 * 1024;

// What can stay as it is in `before` does: connections, addresses, buffers.
std::shared_ptr<Setup> make_setup(std::shared_ptr<const Snapshot> snapshot, const Setup* before,
                                  net::BufferPool& upstream_buffers);
// Upstreams of `before` that `after` has not kept serve the requests that began with them, and keep
// no connection beyond those.
void retire_what_goes(const Setup& before, const Setup& after);

}  // namespace bearergate::gateway
