// Everything that can be wrong with `defaults:` and `routes:`.
#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bearergate::config {
namespace {

constexpr std::string_view rest =
    "issuers: { logto: { issuer: https://a.example }, other: { issuer: https://b.example } }\n"
    "audience: x\n"
    "upstreams: { api: { url: http://127.0.0.1:1 }, default: { url: http://127.0.0.1:2 } }\n";

TEST(LoadRoutes, WhoMayPass) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"routes:\n", "1:1", "'routes' has no value"},
            {"routes: []\n", "1:9", "'routes' must be a map"},
            {"routes: {}\n", "1:9", "'routes' is empty: nothing could pass"},
            {"routes: { /a: publc }\n", "1:15", "did you mean 'public'?"},
            {"routes: { /a: Public }\n", "1:15", "did you mean 'public'?"},
            {"routes: { /a: optional }\n", "1:15", "write { access: optional }"},
            {"routes: { /a: token }\n", "1:15", "one of: public, authenticated, deny"},
            {"routes: { /a: yes }\n", "1:15", "one of: public, authenticated, deny"},
            {"routes: { /a: }\n", "1:11", "does not say who may pass"},
            {"routes: { /a: ~ }\n", "1:11", "does not say who may pass"},
            {"routes: { /a: [public] }\n", "1:15", "'/a' must be a map, not a list"},
            {"routes: { /a: { access: publik } }\n", "1:25", "did you mean 'public'?"},
            {"routes: { /a: { access: authenticated } }\n", "1:25", "that is 'access: token'"},
            {"routes: { /a: { scope: [a] } }\n", "1:17", "did you mean 'scopes'?"},
            {"routes: { /a: { allow: all } }\n", "1:17", "unknown key 'allow'"},
            {"routes: { /a: public, /a: deny }\n", "1:23", "'/a' stands here twice"},
        }),
        rest);
}

TEST(LoadRoutes, Patterns) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"routes: { items: public }\n", "1:16", "a path that starts with / is missing"},
            {"routes: { get /a: public }\n", "1:11", "methods are written in upper case"},
            {"routes: { GET  /a: public }\n", "1:15", "exactly one space"},
            {"routes: { \"GET, POST /a\": public }\n", "1:16", "a method is missing"},
            {"routes: { TRACE /a: public }\n", "1:11", "TRACE is always refused"},
            {"routes: { CONNECT /a: public }\n", "1:11", "CONNECT is always refused"},
            {"routes: { \"GET,GET /a\": public }\n", "1:16", "twice"},
            {"routes: { /a//b: public }\n", "1:14", "an empty segment"},
            {"routes: { /a/%61: public }\n", "1:14", "write `a`"},
            {"routes: { /%c3%bc: public }\n", "1:12", "write `%C3%BC`"},
            {"routes: { /a/../b: public }\n", "1:14", "no request can have the segment"},
            {"routes: { /a;x: public }\n", "1:12", "`;` in a path is refused unless"},
            {"routes: { \"/a?x=1\": public }\n", "1:14", "queries and fragments take no part"},
            {"routes: { /a/*: public }\n", "1:14", "`*` is no wildcard here"},
            {"routes: { /a/**/b: public }\n", "1:14", "`**` stands only at the end"},
            {"routes: { /a/:id: public }\n", "1:14", "is written in braces: `{id}`"},
            {"routes: { \"/a/x{id}\": public }\n", "1:15", "stands for a whole segment"},
            {"routes: { \"/a/{id}/{id}\": public }\n", "1:20", "is used twice in this pattern"},
            {"routes: { \"/a/{id...}/b\": public }\n", "1:15", "stands only at the end of a path"},
            {"routes: { \"/a/{1d}\": public }\n", "1:15", "a name in braces is made of"},
            {"routes: { \"https://a.example/x\": public }\n", "1:12", "leave out the scheme"},
            {"routes: { \"a.example:80/x\": public }\n", "1:21", "leave out the port"},
            {"routes: { \"a.*.example/x\": public }\n", "1:14", "only for the whole first label"},
            {"routes: { \"a..example/x\": public }\n", "1:14", "is not a host name"},
            {"routes: { \"*/x\": public }\n", "1:12", "for every host write none"},
            {"routes: { /a: public, /a/: deny }\n", "1:23",
             "'/a/' and '/a' in line 1 cover the same requests"},
            {"routes:\n  \"/a/{x}\": public\n  \"/a/{y}\": deny\n", "3:3",
             "'/a/{y}' and '/a/{x}' in line 2 cover the same requests"},
            {"routes:\n  GET,POST /a: public\n  POST,PUT /a: deny\n", "3:3",
             "in line 2 cover the same requests"},
            {"routes:\n  \"*.a.example/\": public\n  \"{t}.a.example/\": deny\n", "3:3",
             "in line 2 cover the same requests"},
            {"routes: { \"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}\":\n"
             "  public }\n",
             "1:11", "captures at most 16 names"},
        }),
        rest);
}

TEST(LoadRoutes, Organizations) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"routes: { \"/o/{orgId}\": { organization: \"{orgid}\" } }\n", "1:27",
             "the pattern has no '{orgid}'; did you mean \"{orgId}\"?"},
            {"routes: { \"/o/{a}/{b}\": { organization: \"{other}\" } }\n", "1:27",
             "it captures: a, b"},
            {"routes: { /o: { organization: \"{orgId}\" } }\n", "1:17", "it captures nothing"},
            {"routes: { \"/o/{orgId...}\": { organization: \"{orgId}\" } }\n", "1:30",
             "catches several segments"},
            {"routes: { \"/o/{orgId}\": { organization: orgId } }\n", "1:27",
             "is the name of a capture: write \"{orgId}\""},
            {"routes: { /o: { organization: \"{a}{b}\" } }\n", "1:31",
             "one captured name in braces"},
            {"routes: { /o: { organization: \"{a\" } }\n", "1:31", "one captured name in braces"},
            {"routes: { /o: { organization: \"header:\" } }\n", "1:31", "names no header field"},
            {"routes: { /o: { organization: \"header:X Org\" } }\n", "1:31",
             "names no header field"},
            {"routes: { /o: { organization: header:X-Forwarded-Host } }\n", "1:31",
             "does not reach the upstream as the client sent it"},
            {"routes: { /o: { organization: header:X_Org } }\n", "1:31",
             "does not reach the upstream as the client sent it"},
            {"routes: { /o: { organization: header:X.Org } }\n", "1:31",
             "does not reach the upstream as the client sent it"},
            {"identity: { headers: { X-Org: organization } }\n"
             "routes: { /o: { organization: header:x-org } }\n",
             "2:31", "does not reach the upstream as the client sent it"},
            {"routes: { /o: { organization: none } }\n", "1:31",
             "would be the organization called none; 'ignore'"},
            {"paths: { case_sensitive: false }\nroutes: { \"/a/%C3%BC/{x}\": public }\n", "2:11",
             "ignores the case of ASCII letters only"},
            {"routes: { /o: { organization: \"query:\" } }\n", "1:31", "names no query parameter"},
            {"routes: { /o: { organization: \"query:_Method\" } }\n", "1:31",
             "no request with a query parameter '_method' is let through"},
            {"routes: { /o: { organization: \"query:a=b\" } }\n", "1:31",
             "names no query parameter"},
            {"routes: { /o: { organization: \"heder:X-Org\" } }\n", "1:31",
             "did you mean 'header:'?"},
            {"routes: { /o: { organization: \"Header:X-Org\" } }\n", "1:31",
             "write 'header' in lower case"},
            {"routes: { /o: { organization: Any } }\n", "1:31", "write 'any' in lower case"},
            {"routes: { /o: { organization: a/b } }\n", "1:31", "can never match"},
            {"routes: { /o: { organization: \"\" } }\n", "1:31", "'organization' is empty"},
            {"routes: { /o: { organization: 12 } }\n", "1:31", "'organization' must be text"},
            {"routes: { /o: { token: organization } }\n", "1:17", "needs 'organization'"},
            {"routes: { /o: { token: organization-api } }\n", "1:17", "needs 'organization'"},
            {"routes: { /o: { token: organization, organization: ignore } }\n", "1:17",
             "'token: organization' needs 'organization'"},
            {"routes: { /o: { token: organization-api, organization: ignore } }\n", "1:17",
             "'token: organization-api' needs 'organization'"},
            {"routes: { /o: { token: api, organization: any } }\n", "1:17",
             "'token: api' takes no organization but 'ignore'"},
            {"routes: { /o: { token: organisation, organization: any } }\n", "1:24",
             "did you mean 'organization'?"},
            {"routes: { /o: { token: organization, organization: any, audience: x } }\n", "1:57",
             "looks for the organization's own audience: remove 'audience'"},
        }),
        rest);
}

TEST(LoadRoutes, WhatATokenMustHold) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"routes: { /a: { scopes: read } }\n", "1:25", "'scopes' must be a list"},
            {"routes: { /a: { scopes: [\"\"] } }\n", "1:26", "is empty"},
            {"routes: { /a: { scopes: [1] } }\n", "1:26", "must be text"},
            {"routes: { /a: { any_scope: [] } }\n", "1:28", "'any_scope' is empty"},
            {"routes: { /a: { audience: \"\" } }\n", "1:27", "'audience' is empty"},
            {"routes: { /a: { audience: [] } }\n", "1:27", "'audience' is empty"},
            {"routes: { /a: { issuer: logot } }\n", "1:25",
             "no issuer is called 'logot'; did you mean 'logto'?"},
            {"routes: { /a: { issuer: [logto, nobody] } }\n", "1:33",
             "no issuer is called 'nobody'; there are: logto, other"},
            {"routes: { /a: { issuer: [] } }\n", "1:25", "'issuer' is an empty list"},
            {"routes: { /a: { claims: [a] } }\n", "1:25", "'claims' must be a map"},
            {"routes: { /a: { claims: { x: [a, b] } } }\n", "1:30", "can be meant in two ways"},
            {"routes: { /a: { claims: { x: { y: 1 } } } }\n", "1:32", "unknown key 'y'"},
            {"routes: { /a: { claims: { x: {} } } }\n", "1:30", "the condition on 'x' is a value"},
            {"routes: { /a: { claims: { x: { contains: a, any: [b] } } } }\n", "1:30",
             "the condition on 'x' is a value"},
            {"routes: { /a: { claims: { x: { any: a } } } }\n", "1:37",
             "'any' must be a list of at least one"},
            {"routes: { /a: { claims: { x: { any: [] } } } }\n", "1:37",
             "'any' must be a list of at least one"},
            {"routes: { /a: { claims: { x: { any: [[a]] } } } }\n", "1:38",
             "must be text, a number, true, false or null"},
            {"routes: { /a: { claims: { x: { contains: { a: 1 } } } } }\n", "1:42",
             "must be text, a number, true, false or null"},
            {"routes: { /a: { claims: { x: 010 } } }\n", "1:30",
             "'010', which YAML readers understand differently"},
            {"routes: { /a: { claims: { x: yes } } }\n", "1:30",
             "'yes', which YAML readers understand differently"},
            {"routes: { /a: { claims: { x: 1e999 } } }\n", "1:30",
             "is no value that a claim can have"},
            {"routes: { /a: { claims: { /x~: a } } }\n", "1:27", "is a JSON Pointer"},
            {"routes: { /a: { claims: { \"\": a } } }\n", "1:27", "a claim needs a name"},
            {"routes: { /a: { claims: { x: } } }\n", "1:27", "'x' has no value"},
        }),
        rest);
}

TEST(LoadRoutes, FieldsThatAskSomethingOfATokenWhereNoneIsLookedAt) {
    for (const char* field : {"scopes: [a]", "any_scope: [a]", "organization: any", "token: api",
                              "audience: x", "issuer: logto", "claims: { a: b }"}) {
        for (const char* access : {"public", "deny"}) {
            SCOPED_TRACE(std::string(access) + " " + field);
            const auto errors =
                test::errors_of("routes: { /a: { " + std::string(field) + ", access: " + access +
                                " } }\n" + std::string(rest));
            ASSERT_EQ(errors.size(), 1U);
            EXPECT_TRUE(errors[0].starts_with("1:17: "));
            EXPECT_TRUE(
                errors[0].contains("and a '" + std::string(access) + "' route looks at none"));
        }
    }
}

TEST(LoadRoutes, Forwarding) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"routes: { /a: { upstream: apo } }\n", "1:27",
             "no upstream is called 'apo'; did you mean 'api'?"},
            {"routes: { /a: { upstream: nothing } }\n", "1:27", "there are: api, default"},
            {"routes: { /api/x: { strip_prefix: /ap } }\n", "1:21",
             "must be whole literal segments"},
            {"routes: { \"/api/{x}\": { strip_prefix: /api/x } }\n", "1:25",
             "must be whole literal segments"},
            {"routes: { /api: { strip_prefix: /api/v1 } }\n", "1:19",
             "must be whole literal segments"},
            {"routes: { /api: { strip_prefix: api } }\n", "1:33",
             "must be a path in its normal form"},
            {"routes: { /api: { strip_prefix: /api/ } }\n", "1:33", "does not end with one"},
            {"routes: { /api: { strip_prefix: / } }\n", "1:33", "does not end with one"},
            {"routes: { /api: { strip_prefix: /%61pi } }\n", "1:33", "in its normal form"},
            {"routes: { /api: { strip_prefix: \"/api?x\" } }\n", "1:33", "in its normal form"},
            {"routes: { /a: { timeout: 0s } }\n", "1:26", "a duration from 1ms to 24h"},
            {"routes: { /a: { timeout: 5 } }\n", "1:26", "with a unit"},
            {"routes: { /a: { body_bytes: 5 } }\n", "1:29", "with a unit"},
            {"routes: { /a: { mode: dry-run } }\n", "1:23", "one of: enforce, shadow"},
        }),
        rest);
    test::expect_each_is_right(
        {
            "routes: { /api: { access: public, strip_prefix: /api } }\n",
            "routes: { \"/api/v1/{x}\": { issuer: logto, strip_prefix: /api/v1 } }\n",
            "routes: { \"a.example/api/**\": { issuer: logto, strip_prefix: /api } }\n",
            "routes: { /a: { issuer: logto, timeout: 1ms, body_bytes: 0B } }\n",
            "routes: { /a: { issuer: logto, timeout: 24h, body_bytes: none } }\n",
        },
        rest);
}

TEST(LoadRoutes, Defaults) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"defaults: []\nroutes: { /a: deny }\n", "1:11", "'defaults' must be a map"},
            {"defaults: { access: public }\nroutes: { /a: deny }\n", "1:13",
             "'access' cannot be a default"},
            {"defaults: { mod: shadow }\nroutes: { /a: deny }\n", "1:13", "did you mean 'mode'?"},
            {"defaults: { upstream: nowhere }\nroutes: { /a: public, /b: public }\n", "1:23",
             "no upstream is called 'nowhere'"},
            {"defaults: { strip_prefix: /api }\nroutes: { /b: public }\n", "2:11",
             "that the pattern begins with (inherited from 'defaults')"},
            {"defaults: { organization: \"{o}\" }\nroutes: { \"/a/{o}\": {}, /b: {} }\n", "2:25",
             "the pattern has no '{o}'; it captures nothing (inherited from 'defaults')"},
            {"defaults: { token: organization }\nroutes: { /b: {} }\n", "2:11",
             "needs 'organization': where does the request say which one it acts in? (inherited"},
            {"defaults: { token: organization, organization: \"a/b\" }\nroutes: { /b: {} }\n",
             "1:48", "can never match"},
            {"defaults: { token: organisation, organization: any }\nroutes: { /b: {} }\n", "1:20",
             "did you mean 'organization'?"},
        }),
        rest);
    test::expect_each_is_right({"defaults: { scopes: [a], issuer: logto, claims: { x: 1 } }\n"
                                "routes: { /a: public, /b: deny, /c: {} }\n"},
                               rest);
}

TEST(LoadRoutes, WhatARouteNeedsFromTheRestOfTheFile) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"issuer: https://a.example\naudience: x\n", "0:0", "there are no 'routes'"},
            {"routes: { /a: public }\n", "1:11", "no upstream is configured"},
            {"routes: { /a: { access: deny, mode: shadow } }\n", "1:11",
             "no upstream is configured"},
            {"upstream: http://a\naudience: x\nroutes: { /a: authenticated, /b: {} }\n", "3:11",
             "no issuer is configured: add 'issuer' at the top of the file (so do 1 more routes)"},
            {"upstream: http://a\nroutes: { /a: { issuer: logto } }\n", "2:25",
             "no issuer is called 'logto': none is configured"},
            {"issuer: https://a.example\nupstream: http://a\nroutes: { /a: authenticated }\n",
             "3:11", "no audience for tokens of the issuer 'default'"},
            {"issuer: https://a.example\nupstream: http://a\nroutes: { /a: { organization: any } "
             "}\n",
             "3:11", "no audience for tokens of the issuer 'default'"},
            {"issuers: { a: { issuer: https://a.example, audience: x },\n"
             "  b: { issuer: https://b.example } }\nupstream: http://a\n"
             "routes: { /a: authenticated }\n",
             "4:11", "no audience for tokens of the issuer 'b'"},
            {"upstreams: { a: { url: http://a }, b: { url: http://b } }\nroutes: { /a: public }\n",
             "2:11", "several upstreams and none called default"},
        }),
        "");
    test::expect_each_is_right(
        {
            "routes: { /a: deny }\n",
            "issuer: https://a.example\nupstream: http://a\n"
            "routes: { /a: { token: organization, organization: any } }\n",
            "issuer: https://a.example\nupstream: http://a\nroutes: { /a: { audience: x } }\n",
            "issuers: { a: { issuer: https://a.example, audience: x },\n"
            "  b: { issuer: https://b.example } }\nupstream: http://a\n"
            "routes: { /a: { issuer: a } }\n",
            "upstreams: { only: { url: http://a } }\nroutes: { /a: public }\n",
            "upstreams: { a: { url: http://a }, default: { url: http://b } }\n"
            "routes: { /a: public }\n",
            "upstreams: { a: { url: http://a }, b: { url: http://b } }\n"
            "defaults: { upstream: b }\nroutes: { /a: public }\n",
        },
        "");
}

TEST(LoadRoutes, OneSlipOfThePenIsOneError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"isuer: https://a.example\naudience: x\nupstream: http://a\n"
             "routes: { /a: authenticated, /b: { scopes: [x] } }\n",
             "1:1", "did you mean 'issuer'?"},
            {"issuer:\naudience: x\nupstream: http://a\nroutes: { /a: authenticated }\n", "1:1",
             "'issuer' has no value"},
            {"isuers: { a: { issuer: https://a.example } }\naudience: x\nupstream: http://a\n"
             "routes: { /a: { issuer: a } }\n",
             "1:1", "did you mean 'issuers'?"},
            {"issuers: a\naudience: x\nupstream: http://a\nroutes: { /a: { issuer: a } }\n", "1:10",
             "'issuers' must be a map"},
            {"issuers: { <<: x, }\naudience: x\nupstream: http://a\nroutes: { /a: {} }\n", "1:12",
             "merge keys"},
            {"issuer: https://a.example\naudiense: x\nupstream: http://a\nroutes: { /a: {} }\n",
             "2:1", "did you mean 'audience'?"},
            {"issuer: https://a.example\naudience: 5\nupstream: http://a\nroutes: { /a: {} }\n",
             "2:11", "'audience' must be text"},
            {"upstrem: http://a\nroutes: { /a: public, /b: public }\n", "1:1",
             "did you mean 'upstream'?"},
            {"upstreams: [a]\nroutes: { /a: { access: public, upstream: a } }\n", "1:12",
             "'upstreams' must be a map"},
            {"upstream: nonsense\nroutes: { /a: public }\n", "1:11", "the upstream's URL is"},
            {"upstream: http://a\nrotues: { /a: public }\n", "2:1", "did you mean 'routes'?"},
            {"upstream: http://a\nroutes:\n  {x}: public\n", "3:3", "put it in quotes"},
            {"upstream: http://a\nroutes: { /a: { acess: public, scopes: [x] } }\n", "2:17",
             "did you mean 'access'?"},
        }),
        "");
}

TEST(LoadRoutes, EveryErrorOfAFileIsReportedAtOnce) {
    const auto errors = test::errors_of(
        "server: { listen: nowhere }\n"
        "issuer: https://a.example\n"
        "audience: x\n"
        "upstream: http://a/b\n"
        "cors: { origins: [x] }\n"
        "routes:\n"
        "  /a: publc\n"
        "  /b//c: public\n"
        "  /d: { scopes: x, token: y }\n"
        "  \"/e/{f}\": { organization: \"{g}\" }\n"
        "  /h: { upstream: u }\n"
        "tests: x\n"
        "more: 1\n");
    ASSERT_EQ(errors.size(), 11U) << fmt::format("{}", fmt::join(errors, "\n"));
    const char* const lines[] = {
        "1:", "4:", "5:", "7:", "8:", "9:", "9:", "10:", "11:", "12:", "13:"};
    std::size_t at = 0;
    for (const std::string& error : errors) {
        while (at < std::size(lines) && !error.starts_with(lines[at])) ++at;
        EXPECT_LT(at, std::size(lines)) << error;
    }
}

TEST(LoadRoutes, AScopeWithASpaceIsAWarning) {
    const auto result =
        test::load("routes: { /a: { issuer: logto, scopes: [\"a b\", c] } }\n" + std::string(rest));
    ASSERT_TRUE(result.loaded) << test::report(result);
    ASSERT_EQ(result.loaded->warnings.size(), 1U);
    EXPECT_TRUE(result.loaded->warnings[0].message.contains("the scope 'a b' holds a space"));
}

}  // namespace
}  // namespace bearergate::config
