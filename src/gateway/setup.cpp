#include <bearergate/gateway/setup.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::gateway {

namespace {

bool speaks_tls(const config::Upstream& upstream) {
    return std::ranges::any_of(upstream.urls, &config::Url::tls);
}

// Whether connections made under `a` are good under `b`. Of TLS the files' contents count, and
// those were read anew.
bool same_upstream(const config::Upstream& a, const config::Upstream& b) {
    return !speaks_tls(b) && a.name == b.name && a.urls == b.urls &&
           a.idle_connections == b.idle_connections && a.timeouts.idle == b.timeouts.idle;
}

std::shared_ptr<Upstream> upstream_for(const config::Upstream& settings, const Setup* before,
                                       net::BufferPool& buffers) {
    auto fresh = std::make_shared<Upstream>(settings, buffers);
    if (before == nullptr) return fresh;
    const auto& known = before->snapshot->config.upstreams;
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (same_upstream(known[i], settings)) return before->upstreams[i];
        if (known[i].urls == settings.urls) fresh->addresses = before->upstreams[i]->addresses;
    }
    return fresh;
}

}  // namespace

Upstream::Upstream(const config::Upstream& settings, net::BufferPool& buffers)
    : pool({.idle_connections = settings.idle_connections, .idle = settings.timeouts.idle},
           buffers) {}

void Upstream::turn_to(std::shared_ptr<const net::UpstreamAddresses> now) {
    if (addresses && *addresses != *now) pool.turn_to(now);
    addresses = std::move(now);
}

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

void retire_what_goes(const Setup& before, const Setup& after) {
    for (const auto& upstream : before.upstreams) {
        const bool stays = std::ranges::find(after.upstreams, upstream) != after.upstreams.end();
        if (!stays) upstream->pool.retire();
    }
}

}  // namespace bearergate::gateway
