#include "config/config_support.hpp"
#include "config/full_file.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace bearergate::config {
namespace {

using core::Access;
using core::OrganizationSource;
using core::TokenKind;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::load;
using test::report;

Loaded must_load(std::string_view text) {
    auto result = load(text);
    EXPECT_TRUE(result.loaded) << report(result);
    return result.loaded ? std::move(*result.loaded) : Loaded{};
}

const core::Route& route(const Loaded& loaded, std::string_view text) {
    for (const core::Route& one : loaded.policy.routes) {
        if (one.text == text) return one;
    }
    throw std::runtime_error("no such route");
}

TEST(Load, TheSmallestFileIsWholeAndListensOnLoopback) {
    const Loaded loaded = must_load(test::smallest);
    const Config& config = loaded.config;
    EXPECT_TRUE(loaded.warnings.empty());
    ASSERT_EQ(config.server.listen.size(), 1U);
    EXPECT_EQ(config.server.listen[0].host, "127.0.0.1");
    EXPECT_EQ(config.server.listen[0].port, 8080);
    ASSERT_TRUE(config.admin.listen);
    EXPECT_EQ(config.admin.listen->port, 9901);
    EXPECT_EQ(config.admin.page, AdminPage::loopback);
    EXPECT_FALSE(config.server.tls);
    EXPECT_FALSE(config.cors);
    EXPECT_FALSE(config.forward_token);
    EXPECT_EQ(loaded.policy.identity.size(), 6U);
    EXPECT_EQ(config.file, "gate.yaml");
    EXPECT_EQ(loaded.version.size(), 16U);
}

TEST(Load, TheSmallestFileTrustsOneIssuerFoundByDiscovery) {
    const Loaded loaded = must_load(test::smallest);
    ASSERT_EQ(loaded.policy.issuers.size(), 1U);
    const core::Issuer& issuer = loaded.policy.issuers[0];
    EXPECT_EQ(issuer.name, "default");
    EXPECT_EQ(issuer.issuer, "https://acme.logto.app/oidc");
    EXPECT_EQ(issuer.algorithms, core::AlgorithmSet::all());
    EXPECT_EQ(issuer.token_type, "at+jwt");
    EXPECT_EQ(issuer.times.skew, seconds(30));
    EXPECT_FALSE(issuer.times.max_lifetime);
    const KeySource& keys = loaded.config.key_sources.at(0);
    ASSERT_TRUE(keys.discovery);
    EXPECT_EQ(keys.discovery->path, "/oidc/.well-known/openid-configuration");
    EXPECT_EQ(keys.discovery->authority, "acme.logto.app");
    EXPECT_EQ(keys.discovery->port, 443);
    EXPECT_FALSE(keys.discovery_is_configured);
    EXPECT_FALSE(keys.jwks_uri);
    EXPECT_EQ(keys.refresh, seconds(600));
    EXPECT_EQ(keys.max_stale, seconds(86'400));
}

TEST(Load, TheSmallestFilesRoutesReadAsTheyAreWritten) {
    const Loaded loaded = must_load(test::smallest);
    EXPECT_EQ(route(loaded, "GET /healthz").rule.access, Access::open);
    const core::Route& items = route(loaded, "POST /items");
    EXPECT_EQ(items.line, 7);
    EXPECT_EQ(items.rule.access, Access::token);
    EXPECT_EQ(items.rule.token, TokenKind::api);
    EXPECT_EQ(items.rule.scopes, std::vector<std::string>{"write:items"});
    EXPECT_EQ(items.rule.audiences.at(0), std::vector<std::string>{"https://api.acme.example"});
    EXPECT_TRUE(items.rule.accepts_issuer.at(0));
    const core::Rule& projects = route(loaded, "GET /orgs/{orgId}/projects").rule;
    EXPECT_EQ(projects.token, TokenKind::organization_api);
    EXPECT_EQ(projects.organization.kind, OrganizationSource::Kind::capture);
    EXPECT_EQ(projects.organization.text, "orgId");
    core::Match match;
    loaded.policy.table.match("any.host", "GET", "/orgs/b/projects", match);
    ASSERT_EQ(match.outcome, core::Match::Outcome::found);
    EXPECT_EQ(match.route, 3U);
}

TEST(Load, WhateverNoRouteCoversIsRefused) {
    const Loaded loaded = must_load(test::smallest);
    core::Match match;
    loaded.policy.table.match("any.host", "GET", "/other", match);
    EXPECT_EQ(match.outcome, core::Match::Outcome::no_route);
}

TEST(Load, EveryKeyOfServerAndAdmin) {
    const Loaded loaded = must_load(test::full_file);
    const Server& server = loaded.config.server;
    ASSERT_EQ(server.listen.size(), 3U);
    EXPECT_EQ(server.listen[1].host, "::");
    EXPECT_EQ(server.listen[1].text, "[::]:8081");
    EXPECT_TRUE(server.listen[2].is_unix);
    EXPECT_EQ(server.listen[2].path, "/etc/gate/run/gate.sock");
    EXPECT_EQ(server.workers, 4U);
    ASSERT_TRUE(server.tls);
    EXPECT_EQ(server.tls->certificate, "/etc/gate/tls.crt");
    EXPECT_EQ(server.tls->private_key, "/keys/tls.key");
    EXPECT_EQ(server.tls->client_ca, "/etc/gate/ca.crt");
    EXPECT_TRUE(server.tls->only_tls13);
    EXPECT_EQ(server.cache, 500U);
    ASSERT_EQ(server.trusted_proxies.size(), 4U);
    EXPECT_EQ(server.trusted_proxies[0].network, (std::vector<std::uint8_t>{10, 0, 0, 0}));
    EXPECT_EQ(server.trusted_proxies[0].prefix_bits, 8);
    EXPECT_EQ(server.trusted_proxies[1].network.size(), 16U);
    EXPECT_EQ(server.trusted_proxies[1].prefix_bits, 32);
    EXPECT_EQ(server.trusted_proxies[2].prefix_bits, 32);
    EXPECT_TRUE(server.trusted_proxies[3].is_unix);
    EXPECT_EQ(server.limits.connections, 77U);
    EXPECT_EQ(server.limits.header_bytes, 32U * 1024U);
    EXPECT_EQ(server.limits.header_count, 50U);
    EXPECT_EQ(server.limits.token_bytes, 4U * 1024U);
    EXPECT_EQ(loaded.policy.token_bytes, 4U * 1024U);
    EXPECT_EQ(server.limits.body_bytes, 10U * 1024U * 1024U);
    EXPECT_EQ(server.timeouts.tls, seconds(2));
    EXPECT_EQ(server.timeouts.header, seconds(3));
    EXPECT_EQ(server.timeouts.idle, seconds(4));
    EXPECT_EQ(server.timeouts.tunnel, seconds(300));
    EXPECT_FALSE(server.timeouts.tunnel_closes_at_expiry);
    EXPECT_EQ(server.timeouts.drain, seconds(0));
    EXPECT_EQ(loaded.config.admin.listen->text, "0.0.0.0:9000");
    EXPECT_EQ(loaded.config.admin.hosts, std::vector<std::string>{"gate.internal"});
    EXPECT_EQ(loaded.config.admin.page, AdminPage::on);
}

TEST(Load, EveryKeyOfIssuers) {
    const Loaded loaded = must_load(test::full_file);
    ASSERT_EQ(loaded.policy.issuers.size(), 4U);
    const core::Issuer& other = loaded.policy.issuers[1];
    EXPECT_EQ(other.name, "other");
    EXPECT_EQ(other.issuer, "https://login.other.example/");
    EXPECT_EQ(other.algorithms,
              (core::AlgorithmSet{core::Algorithm::es384, core::Algorithm::rs256}));
    EXPECT_FALSE(other.token_type);
    EXPECT_EQ(other.times.skew, seconds(10));
    EXPECT_EQ(other.times.max_lifetime, seconds(3600));
    EXPECT_EQ(other.claims.scope.text, "permissions");
    EXPECT_EQ(other.claims.organization.text, "/org/id");
    EXPECT_EQ(other.claims.client.text, "azp");
    EXPECT_EQ(other.organization_audience, "urn:example:org:");
    const KeySource& keys = loaded.config.key_sources[1];
    EXPECT_EQ(keys.discovery->path, "/openid.json");
    EXPECT_TRUE(keys.discovery_is_configured);
    EXPECT_EQ(keys.ca, "/etc/gate/corporate.crt");
    EXPECT_EQ(keys.refresh, seconds(300));
    EXPECT_EQ(keys.max_stale, seconds(3600));
    EXPECT_EQ(loaded.config.key_sources[2].jwks_uri->host, "keys.internal");
    EXPECT_TRUE(loaded.config.key_sources[2].insecure_http);
    EXPECT_FALSE(loaded.config.key_sources[2].discovery);
    EXPECT_EQ(loaded.config.key_sources[3].jwks_file, "/etc/gate/keys.json");
    EXPECT_FALSE(loaded.config.key_sources[3].discovery);
    EXPECT_EQ(loaded.policy.find_issuer("direct"), 2U);
}

TEST(Load, EveryKeyOfUpstreams) {
    const Loaded loaded = must_load(test::full_file);
    ASSERT_EQ(loaded.config.upstreams.size(), 3U);
    EXPECT_EQ(loaded.config.upstreams[0].name, "default");
    EXPECT_EQ(loaded.config.upstreams[0].host, HostHeader::preserve);
    const Upstream& api = loaded.config.upstreams[1];
    ASSERT_EQ(api.urls.size(), 2U);
    EXPECT_TRUE(api.urls[0].tls);
    EXPECT_EQ(api.urls[0].authority, "one.internal:8443");
    EXPECT_EQ(api.urls[1].port, 443);
    EXPECT_EQ(api.urls[1].authority, "two.internal");
    EXPECT_EQ(api.host, HostHeader::literal);
    EXPECT_EQ(api.host_literal, "api.acme.example:8443");
    EXPECT_EQ(api.timeouts.connect, seconds(1));
    EXPECT_EQ(api.timeouts.response, seconds(2));
    EXPECT_EQ(api.timeouts.body, seconds(3));
    EXPECT_EQ(api.timeouts.idle, milliseconds(500));
    EXPECT_EQ(api.idle_connections, 8U);
    EXPECT_EQ(api.tls.ca, "/etc/gate/ca.crt");
    EXPECT_EQ(api.tls.certificate, "/etc/gate/us.crt");
    EXPECT_EQ(api.tls.private_key, "/etc/gate/us.key");
    EXPECT_EQ(api.tls.server_name, "api.internal");
    const Upstream& sock = loaded.config.upstreams[2];
    EXPECT_TRUE(sock.urls.at(0).is_unix);
    EXPECT_EQ(sock.urls.at(0).path, "/run/app.sock");
    EXPECT_EQ(sock.host, HostHeader::upstream);
}

TEST(Load, EveryKeyOfTheSmallerBlocks) {
    const Loaded loaded = must_load(test::full_file);
    const auto& identity = loaded.policy.identity;
    ASSERT_EQ(identity.size(), 7U);
    using Source = core::IdentityHeader::Source;
    const Source sources[] = {Source::subject,  Source::client, Source::organization, Source::scope,
                              Source::audience, Source::issuer, Source::claim};
    for (std::size_t i = 0; i < identity.size(); ++i) {
        SCOPED_TRACE(identity[i].name);
        EXPECT_EQ(identity[i].source, sources[i]);
    }
    EXPECT_EQ(identity[6].claim.text, "/role/name");
    EXPECT_TRUE(loaded.config.forward_token);
    ASSERT_TRUE(loaded.config.cors);
    EXPECT_EQ(loaded.config.cors->origins, std::vector<std::string>{"https://app.acme.example"});
    EXPECT_EQ(loaded.config.cors->methods, (std::vector<std::string>{"GET", "POST"}));
    EXPECT_EQ(loaded.config.cors->headers, std::vector<std::string>{"Authorization"});
    EXPECT_TRUE(loaded.config.cors->credentials);
    EXPECT_EQ(loaded.config.cors->max_age, seconds(600));
    EXPECT_FALSE(loaded.config.matching.case_sensitive);
    EXPECT_TRUE(loaded.config.matching.trailing_slash_distinct);
    EXPECT_TRUE(loaded.policy.target.semicolon_is_opaque);
    EXPECT_EQ(loaded.config.logging.level, LogLevel::debug);
    EXPECT_EQ(loaded.config.logging.format, LogFormat::logfmt);
    EXPECT_EQ(loaded.config.logging.access, AccessLog::denied);
}

TEST(Load, CorsMethodsAreWrittenInCapitals) {
    for (const char* const method : {"Post", "post", "*", "TRACE", "CONNECT", "-X", "A B"}) {
        SCOPED_TRACE(method);
        const auto result =
            load(std::string(test::smallest) +
                 "cors: { origins: [https://a.example], methods: [\"" + method + "\"] }\n");
        ASSERT_EQ(result.errors.size(), 1U) << report(result);
        EXPECT_NE(result.errors[0].message.find("in capitals"), std::string::npos);
    }
}

TEST(Load, EveryKeyOfRoutes) {
    const Loaded loaded = must_load(test::full_file);
    const core::Route& full = route(loaded, "GET,POST {tenant}.acme.example/api/v1/{id}");
    EXPECT_EQ(full.rule.access, Access::optional);
    EXPECT_EQ(full.rule.token, TokenKind::organization);
    EXPECT_EQ(full.rule.organization.text, "tenant");
    EXPECT_EQ(full.rule.scopes, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(full.rule.any_scope, (std::vector<std::string>{"c", "d"}));
    EXPECT_EQ(full.rule.accepts_issuer, (std::vector<bool>{false, true, false, true}));
    EXPECT_EQ(full.mode, core::Mode::enforce);
    EXPECT_EQ(full.strip_prefix, "/api/v1");
    EXPECT_EQ(full.response_timeout, seconds(7));
    EXPECT_EQ(full.body_bytes, 2048U);
    EXPECT_EQ(full.upstream, 1U);
    ASSERT_EQ(full.rule.claims.size(), 3U);
    EXPECT_EQ(full.rule.claims[0].claim.text, "/role");
    EXPECT_EQ(full.rule.claims[0].values.at(0).string(), "admin");
    EXPECT_EQ(full.rule.claims[1].kind, core::ClaimCondition::Kind::contains);
    EXPECT_EQ(full.rule.claims[2].kind, core::ClaimCondition::Kind::any_of);
    ASSERT_EQ(full.rule.claims[2].values.size(), 5U);
    EXPECT_EQ(full.rule.claims[2].values[0].number(), 1.0);
    EXPECT_EQ(full.rule.claims[2].values[2].boolean(), true);
    EXPECT_EQ(full.rule.claims[2].values[3].type(), core::Json::Type::null);
    EXPECT_EQ(full.rule.claims[2].values[4].string(), "1");
}

TEST(Load, RoutesInheritTheDefaultsFieldByField) {
    const Loaded loaded = must_load(test::full_file);
    const core::Route& inherits = route(loaded, "/api/inherits");
    EXPECT_EQ(inherits.rule.access, Access::token);
    EXPECT_EQ(inherits.mode, core::Mode::shadow);
    EXPECT_EQ(inherits.upstream, 1U);
    EXPECT_EQ(inherits.rule.scopes, std::vector<std::string>{"base"});
    EXPECT_EQ(inherits.rule.any_scope, (std::vector<std::string>{"w", "x"}));
    EXPECT_EQ(inherits.rule.organization.kind, OrganizationSource::Kind::any);
    EXPECT_EQ(inherits.rule.token, TokenKind::organization_api);
    EXPECT_EQ(inherits.rule.audiences.at(0), std::vector<std::string>{"https://default.example"});
    EXPECT_EQ(inherits.rule.accepts_issuer, (std::vector<bool>{true, false, false, false}));
    EXPECT_EQ(inherits.rule.claims.size(), 1U);
    EXPECT_EQ(inherits.strip_prefix, "/api");
    EXPECT_EQ(inherits.response_timeout, seconds(1));
    EXPECT_EQ(inherits.body_bytes, 1024U);
    const core::Route& open = route(loaded, "/api/open");
    EXPECT_TRUE(open.rule.scopes.empty());
    EXPECT_TRUE(open.rule.claims.empty());
    EXPECT_EQ(open.upstream, 2U);
    EXPECT_EQ(open.body_bytes, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(route(loaded, "/api/narrow").rule.token, TokenKind::api);
}

TEST(Load, AudiencesComeFromTheRouteElseTheIssuerElseTheFile) {
    const Loaded loaded = must_load(R"(
issuers:
  one: { issuer: https://one.example }
  two: { issuer: https://two.example, audience: [b, c] }
audience: a
upstream: http://127.0.0.1:3000
routes:
  /plain: authenticated
  /own: { audience: d }
)");
    using Audiences = std::vector<std::vector<std::string>>;
    EXPECT_EQ(route(loaded, "/plain").rule.audiences, (Audiences{{"a"}, {"b", "c"}}));
    EXPECT_EQ(route(loaded, "/own").rule.audiences, (Audiences{{"d"}, {"d"}}));
}

TEST(Load, EveryKeyOfTests) {
    const Loaded loaded = must_load(test::full_file);
    ASSERT_EQ(loaded.config.tests.size(), 3U);
    const TestCase& allowed = loaded.config.tests[0];
    EXPECT_EQ(allowed.name, "allowed");
    EXPECT_EQ(allowed.method, "GET");
    EXPECT_EQ(allowed.target, "/api/inherits?x=1");
    ASSERT_EQ(allowed.headers.size(), 3U);
    EXPECT_EQ(allowed.headers[1], (std::pair<std::string, std::string>("X-Org", "b")));
    EXPECT_EQ(allowed.token.kind, TestToken::Kind::claims);
    EXPECT_EQ(allowed.token.claims, R"({"sub":"u","aud":["x"],"n":1,"deep":{"ok":true}})");
    EXPECT_TRUE(allowed.expect.allowed);
    EXPECT_EQ(allowed.expect.upstream, 1U);
    ASSERT_EQ(allowed.expect.headers.size(), 2U);
    EXPECT_EQ(allowed.expect.headers[0].second, "u");
    EXPECT_FALSE(allowed.expect.headers[1].second);
    const TestCase& refused = loaded.config.tests[1];
    EXPECT_EQ(refused.host, "t.acme.example");
    EXPECT_EQ(refused.target, "/api/v1/x");
    EXPECT_EQ(refused.token.file, "/etc/gate/token.jwt");
    EXPECT_FALSE(refused.expect.allowed);
    EXPECT_EQ(refused.expect.status, 403U);
    EXPECT_EQ(refused.expect.reason, core::Reason::scope_missing);
    EXPECT_EQ(loaded.config.tests[2].token.kind, TestToken::Kind::none);
    EXPECT_TRUE(loaded.config.tests[2].expect.allowed);
}

TEST(Load, VersionsDifferWithTheText) {
    EXPECT_NE(must_load(test::smallest).version,
              must_load(std::string(test::smallest) + "\n").version);
}

}  // namespace
}  // namespace bearergate::config
