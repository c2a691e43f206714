#include "config/settings.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <vector>

namespace bearergate::test {
namespace {

struct Settings {
    std::map<std::string, std::string> all{};

    template <class T>
    void add(const std::string& name, const T& value) {
        all[name] = fmt::format("{}", value);
    }
    template <class T>
    void add(const std::string& name, const std::optional<T>& value) {
        all[name] = value ? fmt::format("{}", *value) : "none";
    }
};

void add_server(Settings& out, const config::Server& server) {
    for (const auto& address : server.listen) out.add("listen " + address.text, address.path);
    out.add("workers", server.workers);
    out.add("tls", server.tls.has_value());
    if (server.tls) {
        out.add("tls.certificate", server.tls->certificate);
        out.add("tls.private_key", server.tls->private_key);
        out.add("tls.client_ca", server.tls->client_ca);
        out.add("tls.only_tls13", server.tls->only_tls13);
    }
    out.add("cache", server.cache);
    for (const auto& proxy : server.trusted_proxies) {
        out.add(fmt::format("proxy {}/{}", fmt::join(proxy.network, "."), proxy.prefix_bits),
                proxy.is_unix);
    }
    out.add("connections", server.limits.connections);
    out.add("header_bytes", server.limits.header_bytes);
    out.add("header_count", server.limits.header_count);
    out.add("token_bytes", server.limits.token_bytes);
    out.add("body_bytes", server.limits.body_bytes);
    out.add("tls time", server.timeouts.tls);
    out.add("header time", server.timeouts.header);
    out.add("idle time", server.timeouts.idle);
    out.add("tunnel time", server.timeouts.tunnel);
    out.add("tunnel_closes_at_expiry", server.timeouts.tunnel_closes_at_expiry);
    out.add("drain", server.timeouts.drain);
}

void add_issuer(Settings& out, const core::Issuer& issuer, const config::KeySource& keys) {
    const std::string name = "issuer " + issuer.name + " ";
    out.add(name + "issuer", issuer.issuer);
    std::string algorithms;
    for (int i = 0; i <= static_cast<int>(core::Algorithm::eddsa); ++i) {
        if (issuer.algorithms.contains(static_cast<core::Algorithm>(i)))
            algorithms += fmt::format("{} ", i);
    }
    out.add(name + "algorithms", algorithms);
    out.add(name + "token_type", issuer.token_type);
    out.add(name + "skew", issuer.times.skew);
    out.add(name + "lifetime", issuer.times.max_lifetime.value_or(std::chrono::seconds(0)));
    out.add(name + "scope", issuer.claims.scope.text);
    out.add(name + "organization", issuer.claims.organization.text);
    out.add(name + "client", issuer.claims.client.text);
    out.add(name + "organization_audience", issuer.organization_audience);
    out.add(name + "discovery", keys.discovery ? keys.discovery->text : "");
    out.add(name + "jwks_uri", keys.jwks_uri ? keys.jwks_uri->text : "");
    out.add(name + "jwks_file", keys.jwks_file);
    out.add(name + "insecure_http", keys.insecure_http);
    out.add(name + "ca", keys.ca);
    out.add(name + "refresh", keys.refresh);
    out.add(name + "max_stale", keys.max_stale);
}

void add_upstream(Settings& out, const config::Upstream& upstream) {
    const std::string name = "upstream " + upstream.name + " ";
    for (const auto& url : upstream.urls) out.add(name + url.text, url.path);
    out.add(name + "host", static_cast<int>(upstream.host));
    out.add(name + "host_literal", upstream.host_literal);
    out.add(name + "connect", upstream.timeouts.connect);
    out.add(name + "response", upstream.timeouts.response);
    out.add(name + "body", upstream.timeouts.body);
    out.add(name + "idle", upstream.timeouts.idle);
    out.add(name + "idle_connections", upstream.idle_connections);
    out.add(name + "ca", upstream.tls.ca);
    out.add(name + "certificate", upstream.tls.certificate);
    out.add(name + "private_key", upstream.tls.private_key);
    out.add(name + "server_name", upstream.tls.server_name);
}

void add_route(Settings& out, const core::Route& route) {
    const std::string name = "route " + route.text + " ";
    const core::Rule& rule = route.rule;
    out.add(name + "access", static_cast<int>(rule.access));
    out.add(name + "token", static_cast<int>(rule.token));
    out.add(name + "audiences", rule.audiences);
    out.add(name + "issuers", rule.accepts_issuer);
    out.add(name + "organization", static_cast<int>(rule.organization.kind));
    out.add(name + "organization text", rule.organization.text);
    out.add(name + "scopes", rule.scopes);
    out.add(name + "any_scope", rule.any_scope);
    for (const core::ClaimCondition& condition : rule.claims) {
        std::string values;
        for (const core::Json& value : condition.values) values += value.dump() + ' ';
        out.add(name + "claim " + condition.claim.text,
                fmt::format("{} {}", static_cast<int>(condition.kind), values));
    }
    out.add(name + "mode", static_cast<int>(route.mode));
    out.add(name + "upstream", route.upstream);
    out.add(name + "strip_prefix", route.strip_prefix);
    out.add(name + "timeout", route.response_timeout.value_or(std::chrono::milliseconds(0)));
    out.add(name + "body_bytes", route.body_bytes);
}

void add_smaller_blocks(Settings& out, const config::Loaded& loaded) {
    const config::Config& config = loaded.config;
    out.add("admin", config.admin.listen ? config.admin.listen->text : "off");
    out.add("hosts", config.admin.hosts);
    out.add("page", static_cast<int>(config.admin.page));
    for (const core::IdentityHeader& header : loaded.policy.identity) {
        const bool is_claim = header.source == core::IdentityHeader::Source::claim;
        out.add("identity " + header.name, fmt::format("{} {}", static_cast<int>(header.source),
                                                       is_claim ? header.claim.text : ""));
    }
    out.add("forward_token", config.forward_token);
    out.add("cors", config.cors.has_value());
    if (config.cors) {
        out.add("origins", config.cors->origins);
        out.add("methods", config.cors->methods);
        out.add("headers", config.cors->headers);
        out.add("credentials", config.cors->credentials);
        out.add("max_age", config.cors->max_age);
    }
    out.add("case_sensitive", config.matching.case_sensitive);
    out.add("trailing_slash", config.matching.trailing_slash_distinct);
    out.add("semicolon", loaded.policy.target.semicolon_is_opaque);
    out.add("level", static_cast<int>(config.logging.level));
    out.add("format", static_cast<int>(config.logging.format));
    out.add("access", static_cast<int>(config.logging.access));
}

}  // namespace

std::map<std::string, std::string> settings_of(const config::Loaded& loaded) {
    Settings out;
    add_server(out, loaded.config.server);
    for (std::size_t i = 0; i < loaded.policy.issuers.size(); ++i) {
        add_issuer(out, loaded.policy.issuers[i], loaded.config.key_sources.at(i));
    }
    for (const config::Upstream& upstream : loaded.config.upstreams) add_upstream(out, upstream);
    for (const core::Route& route : loaded.policy.routes) add_route(out, route);
    add_smaller_blocks(out, loaded);
    for (const config::TestCase& test : loaded.config.tests) {
        out.add("test " + test.name, test.token.claims + test.token.file);
        out.add("test token " + test.name, static_cast<int>(test.token.kind));
    }
    return std::move(out.all);
}

}  // namespace bearergate::test
