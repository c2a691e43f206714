// From a checked configuration to what the data path reads.
#include <bearergate/config/load.hpp>
#include <bearergate/config/unlimited.hpp>
#include <bearergate/gateway/snapshot.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::gateway {

namespace {

std::vector<std::string> organization_headers(const core::Policy& policy) {
    std::vector<std::string> names;
    for (const auto& route : policy.routes) {
        const auto& source = route.rule.organization;
        if (source.kind == core::OrganizationSource::Kind::header) names.push_back(source.text);
    }
    return names;
}

std::optional<http::Cors> compile_cors(const std::optional<config::Cors>& cors) {
    if (!cors) return std::nullopt;
    return http::Cors{.origins = cors->origins,
                      .methods = cors->methods,
                      .headers = cors->headers,
                      .credentials = cors->credentials,
                      .max_age = cors->max_age};
}

net::TlsContext server_context(const std::optional<config::ServerTls>& tls) {
    if (!tls) return nullptr;
    return net::make_tls_server({.certificate = tls->certificate,
                                 .private_key = tls->private_key,
                                 .client_ca = tls->client_ca,
                                 .only_tls13 = tls->only_tls13});
}

net::TlsContext upstream_context(const config::Upstream& upstream) {
    if (std::ranges::none_of(upstream.urls, &config::Url::tls)) return nullptr;
    return net::make_tls_client({.ca = upstream.tls.ca,
                                 .certificate = upstream.tls.certificate,
                                 .private_key = upstream.tls.private_key});
}

}  // namespace

http::Hygiene hygiene_of(const core::Policy& policy) {
    return {policy.identity, organization_headers(policy)};
}

bool keeps_authorization(const core::Route& route, const config::Config& config) {
    return route.rule.access == core::Access::open || route.mode == core::Mode::shadow ||
           config.forward_token;
}

std::optional<std::uint64_t> body_limit(const core::Route& route, const config::Config& config) {
    const auto limit = route.body_bytes ? route.body_bytes : config.server.limits.body_bytes;
    return limit == config::unlimited_body ? std::nullopt : limit;
}

bool shows_refusals(const config::Config& config) {
    return config.admin.listen && config.admin.page != config::AdminPage::off;
}

std::shared_ptr<const Snapshot> make_snapshot(config::Loaded loaded, std::uint64_t generation) {
    http::Hygiene hygiene = hygiene_of(loaded.policy);
    Snapshot snapshot{.config = std::move(loaded.config),
                      .policy = std::move(loaded.policy),
                      .hygiene = std::move(hygiene),
                      .version = std::move(loaded.version),
                      .generation = generation};
    snapshot.cors = compile_cors(snapshot.config.cors);
    snapshot.server_tls = server_context(snapshot.config.server.tls);
    for (const auto& upstream : snapshot.config.upstreams) {
        snapshot.upstream_tls.push_back(upstream_context(upstream));
    }
    return std::make_shared<const Snapshot>(std::move(snapshot));
}

}  // namespace bearergate::gateway
