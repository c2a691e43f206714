#include <bearergate/gateway/setup.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::gateway {

namespace {

// Whether connections made under `a` are good under `b`.
bool same_upstream(const config::Upstream& a, const config::Upstream& b) {
    return a.name == b.name && a.urls == b.urls && a.tls.ca == b.tls.ca &&
           a.tls.certificate == b.tls.certificate && a.tls.private_key == b.tls.private_key &&
           a.tls.server_name == b.tls.server_name && a.idle_connections == b.idle_connections &&
           a.timeouts.idle == b.timeouts.idle;
}

std::shared_ptr<Upstream> upstream_for(const config::Upstream& settings, const Setup* before,
                                       net::BufferPool& buffers) {
    if (before != nullptr) {
        const auto& known = before->snapshot->config.upstreams;
        const auto same = std::ranges::find_if(
            known, [&](const auto& candidate) { return same_upstream(candidate, settings); });
        if (same != known.end()) {
            return before->upstreams[static_cast<std::size_t>(same - known.begin())];
        }
    }
    return std::make_shared<Upstream>(settings, buffers);
}

}  // namespace

Upstream::Upstream(const config::Upstream& settings, net::BufferPool& buffers)
    : pool({.idle_connections = settings.idle_connections, .idle = settings.timeouts.idle},
           buffers) {}

bool Setup::is_ready() const {
    return std::ranges::all_of(upstreams,
                               [](const auto& upstream) { return upstream->addresses != nullptr; });
}

http::HeadLimits Setup::head_limits() const {
    const auto& limits = snapshot->config.server.limits;
    return {.bytes = limits.header_bytes, .fields = limits.header_count};
}

std::shared_ptr<Setup> make_setup(std::shared_ptr<const Snapshot> snapshot, const Setup* before,
                                  net::BufferPool& upstream_buffers) {
    auto setup = std::make_shared<Setup>();
    for (const auto& settings : snapshot->config.upstreams) {
        setup->upstreams.push_back(upstream_for(settings, before, upstream_buffers));
    }
    const std::size_t block = snapshot->config.server.limits.header_bytes + room_behind_head;
    if (before != nullptr && before->client_buffers->block_bytes() == block) {
        setup->client_buffers = before->client_buffers;
    } else {
        setup->client_buffers = std::make_shared<net::BufferPool>(block);
    }
    setup->snapshot = std::move(snapshot);
    return setup;
}

}  // namespace bearergate::gateway
