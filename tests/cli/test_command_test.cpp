// What `bearergate test` decides of a case.
#include "test_command.hpp"

#include "support/test_issuer.hpp"

#include <gmock/gmock.h>

#include <string>

namespace bearergate::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(TestCommand, PassesACaseWhoseExpectationHolds) {
    const Outcome outcome = try_case("GET /items", reader_, "allow");
    EXPECT_EQ(outcome.code, 0) << outcome.output << outcome.errors;
    EXPECT_THAT(outcome.output, HasSubstr("  ok    one\n"));
    EXPECT_THAT(outcome.output, HasSubstr("\n1 case: 1 passed, 0 failed.\n"));
    EXPECT_THAT(outcome.output, Not(HasSubstr("\x1b")));  // no terminal, no colours
    EXPECT_EQ(outcome.errors, "");
}

TEST_F(TestCommand, FailsACaseAndExplainsIt) {
    const Outcome outcome = try_case("POST /items", reader_, "allow");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.output, HasSubstr("  FAIL  one (" + folder_.file("cases.yaml") + ":2)"));
    EXPECT_THAT(outcome.output, HasSubstr("request   POST /items\n"));
    EXPECT_THAT(outcome.output, HasSubstr("expected  allowed\n"));
    EXPECT_THAT(outcome.output, HasSubstr("actual    refused: 403 scope_missing\n"));
    EXPECT_THAT(outcome.output, HasSubstr("route     POST /items (" + config_ + ":9)"));
    EXPECT_THAT(outcome.output, HasSubstr("\u2717 16  The token holds the route's scopes"));
    EXPECT_THAT(outcome.output, HasSubstr("the route wants all of write:items"));
    EXPECT_THAT(outcome.output, HasSubstr("\n1 case: 0 passed, 1 failed.\n"));
}

TEST_F(TestCommand, ARefusalThatDoesNotComeIsExplainedByTheCheckThatPassed) {
    const Outcome outcome = try_case("GET /items", reader_, "{ reason: scope_missing }");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.output, HasSubstr("expected  refused: scope_missing\n"));
    EXPECT_THAT(outcome.output, HasSubstr("actual    allowed\n"));
    EXPECT_THAT(outcome.output, HasSubstr("\u2713 16  The token holds the route's scopes"));
    EXPECT_THAT(outcome.output, Not(HasSubstr("\u2713 15")));
    const Outcome any = try_case("GET /items", reader_, "{ status: 403 }");
    EXPECT_EQ(any.code, 1);
    EXPECT_THAT(any.output, HasSubstr("expected  refused: 403\n"));
    EXPECT_THAT(any.output, HasSubstr("\u2713 15"));
}

TEST_F(TestCommand, ARefusalMustBeTheOneThatIsExpected) {
    const struct {
        const char* expect;
        int code;
    } cases[] = {{"{ status: 403, reason: scope_missing }", 0},
                 {"{ status: 403 }", 0},
                 {"{ reason: scope_missing }", 0},
                 {"{ status: 401 }", 1},
                 {"{ reason: audience_mismatch }", 1},
                 {"allow", 1},
                 {"{ upstream: other }", 1},
                 {"{ headers: { X-Auth-Subject: none } }", 1}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.expect);
        EXPECT_EQ(try_case("POST /items", reader_, c.expect).code, c.code);
    }
}

TEST_F(TestCommand, ABodyIsAsLargeAsItsLengthSays) {
    folder_.write("bearergate.yaml",
                  "issuer: https://issuer.example/oidc\n"
                  "audience: https://api.example\n"
                  "upstream: http://127.0.0.1:3000\n"
                  "routes: { POST /up: { access: public, body_bytes: 10B } }\n");
    const auto with = [&](const std::string& length, const std::string& expect) {
        return try_cases("  - name: one\n    request: POST /up\n    headers: { Content-Length: \"" +
                         length + "\" }\n    expect: " + expect + "\n");
    };
    EXPECT_EQ(with("10", "allow").code, 0);
    EXPECT_EQ(with("11", "{ status: 413, reason: body_too_large }").code, 0);
    EXPECT_EQ(with("11", "allow").code, 1);
    const Outcome fits = with("10", "{ reason: body_too_large }");
    EXPECT_EQ(fits.code, 1);
    EXPECT_THAT(fits.output, HasSubstr("\u2713 17  The body fits the limit"));
    EXPECT_THAT(fits.output, HasSubstr("10 bytes of at most 10"));
}

TEST_F(TestCommand, ClaimsMeetEveryLiveCheckButKeyAndSignature) {
    const struct {
        std::string claims;
        const char* expect;
    } cases[] = {
        {claims("scope: read:items, exp: 1000000000"), "token_expired"},
        {claims("scope: read:items, nbf: 4102444800"), "token_not_yet_valid"},
        {claims("scope: read:items, exp: tomorrow"), "claim_invalid"},
        {claims("scope: read:items, exp: null"), "claim_invalid"},
        {claims("scope: read:items, iss: https://evil.example"), "issuer_unknown"},
        {claims("scope: read:items, iss: 1"), "issuer_unknown"},
        {claims("scope: read:items, cnf: { jkt: x }"), "sender_constrained"},
        {"{ aud: https://api.example, scope: read:items }", "claim_invalid"},  // no sub
        {"{ sub: ada, scope: read:items }", "claim_invalid"},                  // no aud
        {"{ sub: ada, aud: https://other.example, scope: read:items }", "audience_mismatch"},
        {claims("scope: read:items, organization_id: a"), "organization_not_accepted"},
        {claims("scope: 1"), "claim_invalid"},
        {claims("scope: write:items"), "scope_missing"},
        {claims("pad: " + std::string(9000, 'x')), "token_too_large"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.claims.substr(0, 100));
        const std::string expect = std::string("{ reason: ") + c.expect + " }";
        const Outcome outcome = try_case("GET /items", c.claims, expect);
        EXPECT_EQ(outcome.code, 0) << outcome.output << outcome.errors;
    }
}

TEST_F(TestCommand, TheTimeIsGivenOrNow) {
    const std::string old = claims("scope: read:items, iat: 1700000000, exp: 1700003600");
    EXPECT_EQ(try_case("GET /items", old, "{ reason: token_expired }").code, 0);
    EXPECT_EQ(try_case("GET /items", old, "allow", {"--at", "1700000100"}).code, 0);
    EXPECT_EQ(try_case("GET /items", old, "allow", {"--at", "2023-11-14T22:20:00Z"}).code, 0);
    // What is left out is filled in for that time.
    EXPECT_EQ(try_case("GET /items", reader_, "allow", {"--at", "1700000100"}).code, 0);
    const Outcome bad = try_case("GET /items", reader_, "allow", {"--at", "noon"});
    EXPECT_EQ(bad.code, 2);
    EXPECT_THAT(bad.errors, HasSubstr("--at"));
}

TEST_F(TestCommand, OfSeveralIssuersTheClaimsSayWhich) {
    folder_.write("bearergate.yaml",
                  "issuers:\n"
                  "  one: { issuer: https://one.example, algorithms: [ES256] }\n"
                  "  two: { issuer: https://two.example, algorithms: [RS256], token_type: JWT }\n"
                  "audience: https://api.example\n"
                  "upstream: http://127.0.0.1:3000\n"
                  "routes: { /items: { issuer: two } }\n");
    const auto with = [&](const std::string& issuer, const std::string& expect) {
        return try_case("GET /items", claims("iss: " + issuer), expect).code;
    };
    EXPECT_EQ(with("https://two.example", "allow"), 0);
    EXPECT_EQ(with("https://one.example", "{ reason: issuer_not_accepted }"), 0);
    EXPECT_EQ(try_case("GET /items", claims("n: 1"), "{ reason: issuer_unknown }").code, 0);
}

TEST_F(TestCommand, ComparesTheUpstream) {
    const std::string writer = claims("scope: write:items");
    EXPECT_EQ(try_case("POST /items", writer, "{ upstream: other }").code, 0);
    const Outcome outcome = try_case("POST /items", writer, "{ upstream: app }");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.output, HasSubstr("expected  upstream app\n"));
    EXPECT_THAT(outcome.output, HasSubstr("actual    upstream other\n"));
}

TEST_F(TestCommand, ComparesIdentityHeadersWithWhatIsForwarded) {
    const std::string good =
        "{ headers: { X-Auth-Subject: ada, x-auth-scopes: read:items a, X-Auth-Client-Id: none } }";
    const std::string wide = claims("scope: read:items a");
    EXPECT_EQ(try_case("GET /items", wide, good).code, 0);
    const Outcome outcome =
        try_case("GET /items", wide,
                 "{ headers: { X-Auth-Subject: bob, X-Auth-Scopes: none, X-Auth-Client-Id: x } }");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.output, HasSubstr("expected  X-Auth-Subject: bob\n"));
    EXPECT_THAT(outcome.output, HasSubstr("actual    X-Auth-Subject: ada\n"));
    EXPECT_THAT(outcome.output, HasSubstr("expected  no X-Auth-Scopes\n"));
    EXPECT_THAT(outcome.output, HasSubstr("actual    X-Auth-Scopes: read:items a\n"));
    EXPECT_THAT(outcome.output, HasSubstr("expected  X-Auth-Client-Id: x\n"));
    EXPECT_THAT(outcome.output, HasSubstr("actual    no X-Auth-Client-Id\n"));
}

TEST_F(TestCommand, TheOrganizationForwardedIsTheAudiencesOnItsOwnRoutes) {
    const std::string organization =
        "{ sub: ada, aud: \"urn:logto:organization:a\", organization_id: scripted }";
    EXPECT_EQ(
        try_case("GET /orgs/a/members", organization, "{ headers: { X-Auth-Organization-Id: a } }")
            .code,
        0);
}

TEST_F(TestCommand, AClientsIdentityHeadersDoNotCount) {
    const Outcome outcome = try_cases(
        "  - name: one\n"
        "    request: GET /healthz\n"
        "    headers: { X-Auth-Subject: mallory }\n"
        "    expect: { upstream: app, headers: { X-Auth-Subject: none } }\n");
    EXPECT_EQ(outcome.code, 0) << outcome.output;
}

TEST_F(TestCommand, TheRequestIsAsItIsWritten) {
    const Outcome outcome = try_cases(
        "  - { name: a, request: GET /items, expect: { reason: token_missing } }\n"
        "  - { name: b, request: GET /nothing, expect: { status: 404, reason: no_route } }\n"
        "  - { name: c, request: PUT /items, expect: { status: 405, reason: method_not_allowed } "
        "}\n"
        "  - { name: d, request: TRACE /items, expect: { status: 405 } }\n"
        "  - { name: e, request: GET /items/../healthz, expect: allow }\n"
        "  - { name: f, request: GET /a%2fb, expect: { reason: bad_target } }\n"
        "  - { name: g, request: GET /open, expect: { headers: { X-Auth-Subject: none } } }\n"
        "  - { name: h, request: GET /closed, expect: { status: 403, reason: route_closed } }\n"
        "  - { name: i, request: \"GET http://[::1]:80/healthz\", expect: allow }\n"
        "  - { name: j, request: GET /items, headers: { Authorization: Basic x },\n"
        "      expect: { reason: scheme_unsupported } }\n"
        "  - { name: k, request: GET /items, headers: { Authorization: [a, b] },\n"
        "      expect: { reason: credentials_ambiguous } }\n"
        "  - { name: l, request: GET /items, headers: { Expect: more }, expect: { status: 417 } }\n"
        "  - { name: m, request: GET /items, headers: { Host: a/b }, expect: { status: 400 } }\n");
    EXPECT_EQ(outcome.code, 0) << outcome.output << outcome.errors;
    EXPECT_THAT(outcome.output, HasSubstr("13 cases: 13 passed"));
}

TEST_F(TestCommand, OnAShadowRouteTheDecisionCountsThatIsRecorded) {
    EXPECT_EQ(try_case("GET /trial", reader_, "{ reason: scope_missing }").code, 0);
    const Outcome outcome = try_case("GET /trial", reader_, "allow");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.output, HasSubstr("refused: 403 scope_missing, which a route in shadow"));
    EXPECT_EQ(try_case("GET /trial", claims("scope: never"), "allow").code, 0);
}

TEST_F(TestCommand, APreflightIsAllowedAndGoesNowhere) {
    folder_.write("bearergate.yaml",
                  std::string(policy) + "cors: { origins: [https://app.example] }\n");
    const auto preflight = [&](const std::string& expect) {
        return try_cases(
            "  - name: one\n    request: OPTIONS /items\n    headers: { Origin: "
            "https://app.example, "
            "Access-Control-Request-Method: GET }\n    expect: " +
            expect + "\n");
    };
    EXPECT_EQ(preflight("allow").code, 0);
    EXPECT_EQ(preflight("{ status: 405 }").code, 1);
    const Outcome outcome = preflight("{ upstream: app }");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.output, HasSubstr("actual    no upstream\n"));
}

TEST_F(TestCommand, TheExampleOfTheDocumentationHolds) {
    const std::string page = read_file(BEARERGATE_SOURCE_DIR "/docs/policies-as-code.md");
    const std::string fence = "```yaml bearergate.yaml\n";
    const std::size_t begin = page.find(fence) + fence.size();
    folder_.write("bearergate.yaml", page.substr(begin, page.find("```", begin) - begin));
    const Outcome outcome = test({});
    EXPECT_EQ(outcome.code, 0) << outcome.output << outcome.errors;
    EXPECT_THAT(outcome.output, HasSubstr("4 cases: 4 passed"));
    EXPECT_THAT(outcome.output, Not(HasSubstr("no case covers")));
}

TEST_F(TestCommand, ATokenOutOfAFileMustBeProved) {
    const Issuer issuer;
    const std::string keys = folder_.write("keys.json", issuer.jwks());
    const std::string at = std::to_string(static_cast<long>(Issuer::issued_at) + 60);
    const std::string good = issuer.token(R"({"scope":"read:items"})");
    const auto cases = [](const std::string& expect) {
        return "  - name: one\n    request: GET /items\n    token: { file: token.jwt }\n"
               "    expect: " +
               expect + "\n";
    };
    folder_.write("token.jwt", good + "\n");
    EXPECT_EQ(try_cases(cases("allow"), {"--keys", keys, "--at", at}).code, 0);
    const Outcome without = try_cases(cases("allow"), {"--at", at});
    EXPECT_EQ(without.code, 1);
    EXPECT_THAT(without.output, HasSubstr("actual    refused: 503 keys_unavailable\n"));
    EXPECT_THAT(without.output, HasSubstr("`--keys FILE` gives one"));
    folder_.write("token.jwt", with_flipped_signature(good, 7));
    EXPECT_EQ(try_cases(cases("{ reason: signature_invalid }"), {"--keys", keys, "--at", at}).code,
              0);
    // A token in a header is nobody's claims either.
    EXPECT_EQ(try_cases("  - name: one\n    request: GET /items\n    headers: { Authorization: "
                        "Bearer " +
                            good + " }\n    expect: { reason: keys_unavailable }\n",
                        {"--at", at})
                  .code,
              0);
}

TEST_F(TestCommand, KeysOfAnIssuerMayStandInTheFileThatItNames) {
    const Issuer issuer;
    folder_.write("keys.json", issuer.jwks());
    folder_.write("token.jwt", issuer.token(R"({"scope":"read:items"})"));
    folder_.write("bearergate.yaml",
                  "issuers: { a: { issuer: https://issuer.example/oidc, jwks_file: keys.json } }\n"
                  "audience: https://api.example\n"
                  "upstream: http://127.0.0.1:3000\n"
                  "routes: { GET /items: { scopes: [read:items] } }\n"
                  "tests:\n"
                  "  - { name: one, request: GET /items, token: { file: token.jwt }, expect: allow "
                  "}\n");
    const std::string at = std::to_string(static_cast<long>(Issuer::issued_at) + 60);
    EXPECT_EQ(test({"--at", at}).code, 0);
    folder_.write("keys.json", "{}");
    const Outcome bad = test({"--at", at});
    EXPECT_EQ(bad.code, 2);
    EXPECT_THAT(bad.errors, HasSubstr("keys.json"));
}

}  // namespace
}  // namespace bearergate::test
