// Everything that can be wrong with `issuer:`, `issuers:` and `audience:`.
#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bearergate::config {
namespace {

constexpr std::string_view rest = "upstream: http://127.0.0.1:3000\nroutes: { /a: deny }\n";

TEST(LoadIssuers, EveryError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"issuer: 5\n", "1:9", "'issuer' must be text"},
            {"issuer: [https://a.example]\n", "1:9", "'issuer' must be text"},
            {"issuer: acme\n", "1:9", "the issuer's discovery URL is"},
            {"issuer: http://a.example\n", "1:9", "would be fetched over plain http"},
            {"issuer: https://a.example?x=1\n", "1:9",
             "has a query, so its discovery document cannot be found"},
            {"issuers: https://a.example\n", "1:10", "'issuers' must be a map"},
            {"issuers: {}\n", "1:10", "'issuers' is empty"},
            {"issuers: { a: https://a.example }\n", "1:15", "'a' must be a map"},
            {"issuers: { a: { jwks_uri: https://a.example } }\n", "1:15",
             "the issuer 'a' needs 'issuer'"},
            {"issuers: { \"a b\": { issuer: https://a.example } }\n", "1:12",
             "'a b' cannot be a name"},
            {"issuer: https://a.example\nissuers: { default: { issuer: https://b.example } }\n",
             "2:12", "is the issuer called default already"},
            {"issuers:\n  a: { issuer: https://a.example }\n  b: { issuer: https://a.example }\n",
             "3:16", "the same issuer as 'a' in line 2"},
            {"issuer: https://a.example\nissuers: { b: { issuer: https://a.example } }\n", "2:25",
             "the same issuer as 'default' in line 1"},
            {"issuers: { a: { issuer: x, discovery: ftp://a.example } }\n", "1:39",
             "'discovery' is 'ftp://a.example'; it must begin with https:// or http://"},
            {"issuers: { a: { issuer: x, discovery: http://a.example/d } }\n", "1:39",
             "would be fetched over plain http"},
            {"issuers: { a: { issuer: x, jwks_uri: http://a.example/k } }\n", "1:38",
             "use https, or say insecure_http: true"},
            {"issuers: { a: { issuer: x, jwks_uri: file:///k } }\n", "1:38",
             "must begin with https"},
            {"issuers: { a: { issuer: x, jwks_uri: https://u:p@a.example/k } }\n", "1:38",
             "may not hold a user name or password"},
            {"issuers: { a: { issuer: x, jwks_uri: https://a.example, jwks_file: k } }\n", "1:57",
             "have one source: 'jwks_uri' or 'jwks_file', not both"},
            {"issuers: { a: { issuer: x, discovery: https://a.example, jwks_uri: https://b.c } }\n",
             "1:58", "have one source: 'discovery' or 'jwks_uri', not both"},
            {"issuers: { a: { issuer: x, jwks_file: k, algorithms: [none] } }\n", "1:55",
             "'none' cannot be allowed: only public-key signatures"},
            {"issuers: { a: { issuer: x, jwks_file: k, algorithms: [RS256, HS256] } }\n", "1:62",
             "'HS256' cannot be allowed"},
            {"issuers: { a: { issuer: x, jwks_file: k, algorithms: [hs512] } }\n", "1:55",
             "'hs512' cannot be allowed"},
            {"issuers: { a: { issuer: x, jwks_file: k, algorithms: [ES256K] } }\n", "1:55",
             "'ES256K' cannot be allowed"},
            {"issuers: { a: { issuer: x, jwks_file: k, algorithms: [NONE] } }\n", "1:55",
             "'NONE' cannot be allowed"},
            {"issuers: { a: { issuer: x, jwks_file: k, algorithms: [es256] } }\n", "1:55",
             "unknown algorithm 'es256'; did you mean 'ES256'?"},
            {"issuers: { a: { issuer: x, jwks_file: k, algorithms: [magic-one] } }\n", "1:55",
             "unknown algorithm 'magic-one'; known are: RS256"},
            {"issuers: { a: { issuer: x, jwks_file: k, algorithms: [] } }\n", "1:54",
             "'algorithms' is empty"},
            {"issuers: { a: { issuer: x, jwks_file: k, algorithms: RS256 } }\n", "1:54",
             "must be a list"},
            {"issuers: { a: { issuer: x, jwks_file: k, token_type: \"a b\" } }\n", "1:54",
             "'token_type' must be a media type"},
            {"issuers: { a: { issuer: x, jwks_file: k, clock_skew: 301s } }\n", "1:54",
             "a duration from 0s to 5m"},
            {"issuers: { a: { issuer: x, jwks_file: k, clock_skew: 500ms } }\n", "1:54",
             "must be whole seconds"},
            {"issuers: { a: { issuer: x, jwks_file: k, max_token_lifetime: 0s } }\n", "1:62",
             "a duration from 1s"},
            {"issuers: { a: { issuer: x, jwks_file: k, refresh: 0s } }\n", "1:51",
             "a duration from 1s to 24h"},
            {"issuers: { a: { issuer: x, jwks_file: k, max_stale: 1d } }\n", "1:53", "with a unit"},
            {"issuers: { a: { issuer: x, jwks_file: k, insecure_http: yes } }\n", "1:57",
             "must be true or false"},
            {"issuers: { a: { issuer: x, jwks_file: k, claims: { scopes: s } } }\n", "1:52",
             "did you mean 'scope'?"},
            {"issuers: { a: { issuer: x, jwks_file: k, claims: { scope: /~ } } }\n", "1:59",
             "is a JSON Pointer"},
            {"issuers: { a: { issuer: x, jwks_file: k, claims: { client: /a~2 } } }\n", "1:60",
             "is a JSON Pointer"},
            {"issuers: { a: { issuer: x, jwks_file: k, organization_audience: \"\" } }\n", "1:65",
             "'organization_audience' is empty"},
            {"issuers: { a: { issuer: x, jwks_file: k, tls: { verify: false } } }\n", "1:49",
             "unknown key 'verify'"},
            {"issuers: { a: { issuer: x, jwks_file: k, jwks: k } }\n", "1:42",
             "unknown key 'jwks'"},
            {"audience: \"\"\n", "1:11", "'audience' is empty"},
            {"audience: []\n", "1:11", "'audience' is empty: no token could be for it"},
            {"audience: [a, \"\"]\n", "1:15", "is empty"},
            {"audience: { a: b }\n", "1:11", "'audience' must be"},
            {"issuers: { a: { issuer: x, jwks_file: k, audience: [] } }\n", "1:52",
             "'audience' is empty"},
        }),
        rest);
}

TEST(LoadIssuers, EveryBorder) {
    test::expect_each_is_right(
        {
            "issuer: http://localhost:3001/oidc\n",
            "issuer: http://127.0.0.9/oidc\n",
            "issuer: \"http://[::1]:3001/oidc\"\n",
            "issuers: { a: { issuer: http://a.example, insecure_http: true } }\n",
            "issuers: { a: { issuer: x, jwks_uri: http://a.example, insecure_http: true } }\n",
            "issuers: { a: { issuer: https://a.example/ }, b: { issuer: https://a.example } }\n",
            "issuers: { a: { issuer: \"https://a.example?x\", jwks_uri: https://a.example/k } }\n",
            "issuers: { a: { issuer: x, jwks_file: k, clock_skew: 0s, refresh: 1s } }\n",
            "issuers: { a: { issuer: x, jwks_file: k, clock_skew: 300s, refresh: 24h } }\n",
            "issuers: { a: { issuer: x, jwks_file: k, max_token_lifetime: none } }\n",
            "issuers: { a: { issuer: x, jwks_file: k, token_type: application/at+jwt } }\n",
            "issuers: { a: { issuer: x, jwks_file: k, algorithms: [RS256, RS384, RS512, PS256,\n"
            "  PS384, PS512, ES256, ES384, ES512, EdDSA] } }\n",
            "issuers: { a: { issuer: x, jwks_file: k, claims: { scope: /a~0b~1c, client: azp } } "
            "}\n",
            "issuer: https://a.example\nissuers: { b: { issuer: https://b.example } }\n",
        },
        rest);
}

TEST(LoadIssuers, ANameIsFitForLogs) {
    const auto named = [](const std::string& name) {
        return test::errors_of("issuers: { \"" + name + "\": { issuer: https://a.example } }\n" +
                               std::string(rest));
    };
    EXPECT_TRUE(named("a-B_c.9").empty());
    EXPECT_TRUE(named(std::string(64, 'x')).empty());
    for (const std::string& name : {std::string(65, 'x'), std::string("a/b"), std::string("\u00fc"),
                                    std::string("a\\n"), std::string("a:b"), std::string("")}) {
        SCOPED_TRACE(name);
        ASSERT_EQ(named(name).size(), 1U);
        EXPECT_TRUE(named(name).front().contains("cannot be a name"));
    }
}

TEST(LoadIssuers, DiscoveryIsBelowTheIssuerWithOrWithoutASlash) {
    for (const char* issuer : {"https://a.example/t", "https://a.example/t/"}) {
        SCOPED_TRACE(issuer);
        const auto result = test::load("issuer: " + std::string(issuer) + "\n" + std::string(rest));
        ASSERT_TRUE(result.loaded);
        EXPECT_EQ(result.loaded->config.key_sources.at(0).discovery->path,
                  "/t/.well-known/openid-configuration");
        EXPECT_EQ(result.loaded->policy.issuers.at(0).issuer, issuer);
    }
}

TEST(LoadIssuers, WhatHasNoEffectIsAWarning) {
    const auto warnings = [](const std::string& issuer) {
        const auto result = test::load("issuers: { a: " + issuer + " }\n" + std::string(rest));
        std::string all;
        if (!result.loaded) return test::report(result);
        for (const Diagnostic& one : result.loaded->warnings) all += one.message + "\n";
        return all;
    };
    EXPECT_TRUE(warnings("{ issuer: x, jwks_file: k, tls: { ca: c } }")
                    .contains("'tls' has no effect: with 'jwks_file' nothing is fetched"));
    EXPECT_TRUE(warnings("{ issuer: x, jwks_file: k, insecure_http: true }")
                    .contains("'insecure_http' has no effect"));
    EXPECT_TRUE(warnings("{ issuer: https://a.example, refresh: 1h, max_stale: 30m }")
                    .contains("'max_stale' is shorter than 'refresh'"));
    EXPECT_EQ(warnings("{ issuer: https://a.example, refresh: 1h, max_stale: 1h }"), "");
    EXPECT_EQ(warnings("{ issuer: https://a.example, tls: { ca: c } }"), "");
}

}  // namespace
}  // namespace bearergate::config
