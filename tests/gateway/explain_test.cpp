// Which checks a request passes and which it fails, and why.
#include <bearergate/gateway/explain.hpp>

#include "gateway/explain_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using namespace explained;

using Outcome = ExplainedCheck::Outcome;

class Explain : public ExplainFixture {};

// The letters of the outcomes of checks 1 to 17, in order: P passed, F failed, n not needed,
// ? not checked, . not reached.
std::string outcomes(const Explanation& explanation) {
    std::string letters;
    for (const ExplainedCheck& check : explanation.checks) {
        switch (check.outcome) {
            case Outcome::passed: letters += 'P'; break;
            case Outcome::failed: letters += 'F'; break;
            case Outcome::not_needed: letters += 'n'; break;
            case Outcome::not_checked: letters += '?'; break;
            case Outcome::not_reached: letters += '.'; break;
        }
    }
    return letters;
}

TEST_F(Explain, EveryCheckOfAnAllowedRequest) {
    const std::string token =
        issuer_.token(R"({"organization_id":"acme","scope":"read:projects write:projects"})");
    const Explanation explanation = ask("GET", "/orgs/acme/projects?page=2", token);
    EXPECT_EQ(word(explanation), "allowed");
    EXPECT_EQ(outcomes(explanation), "PPPPPPPPPPPPPPPPPP");
    EXPECT_TRUE(explanation.is_good());
    EXPECT_EQ(explanation.route, "GET /orgs/{orgId}/projects");
    EXPECT_EQ(explanation.line, 12);
    const std::string compared = all_compared(explanation);
    for (const std::string_view part :
         {"GET localhost/orgs/acme/projects is covered by 'GET /orgs/{orgId}/projects', line 12",
          "orgId = acme", "alg ES256, typ at+jwt", "iss https://issuer.example/oidc",
          "exp 2023-11-14T23:13:20Z (in 59 min)", "aud https://api.example",
          "the route wants one of https://api.example", "the request names acme",
          "the token's claim acme", "the route wants all of read:projects",
          "the token holds read:projects, write:projects"})
        EXPECT_TRUE(compared.contains(part)) << part << "\n" << compared;
    EXPECT_EQ(all_answered(explanation),
              "GET /orgs/acme/projects to upstream default\n"
              "X-Auth-Subject: ada\n"
              "X-Auth-Organization-Id: acme\n"
              "without Authorization\n");
}

TEST_F(Explain, TheCheckThatFailsIsTheOneOfTheReason) {
    const std::string good = issuer_.token(R"({"scope":"read:items"})");
    Issuer stranger("https://stranger.example");
    const struct {
        std::string_view method, url;
        std::optional<std::string> token;
        std::vector<std::string> fields;
        std::string_view reason, outcomes;
    } cases[] = {
        {"GET", "/a b", {}, {}, "bad_request", "F................."},
        {"GET",
         "/a",
         {},
         {"X: " + std::string(20'000, 'a')},
         "header_too_large",
         "PF................"},
        {"GET", "/a//b", {}, {}, "bad_target", "PPF..............."},
        {"GET", "/x?_method=PUT", {}, {}, "bad_target", "PPF..............."},
        {"GET", "/nowhere", {}, {}, "no_route", "PPPF.............."},
        {"POST", "/items", {}, {}, "method_not_allowed", "PPPF.............."},
        {"TRACE", "/items", {}, {}, "method_not_allowed", "PP.F.............."},
        {"GET", "/closed", {}, {}, "route_closed", "PPPPF............."},
        {"GET", "/items", {}, {}, "token_missing", "PPPPPF............"},
        {"GET",
         "/items",
         good,
         {"Authorization: Bearer x"},
         "credentials_ambiguous",
         "PPPPPPF..........."},
        {"GET",
         "/items",
         {},
         {"Authorization: Basic YTpi"},
         "scheme_unsupported",
         "PPPPPPF..........."},
        {"GET", "/items", "opaque", {}, "token_opaque", "PPPPPPPF.........."},
        {"GET", "/items", std::string(9'000, 'a'), {}, "token_too_large", "PPPPPPPF.........."},
        {"GET",
         "/items",
         test::unsigned_token(issuer_.payload()),
         {},
         "alg_not_allowed",
         "PPPPPPPPF........."},
        {"GET", "/items", stranger.token(), {}, "issuer_unknown", "PPPPPPPPPF........"},
        {"GET",
         "/items",
         issuer_.token(R"({"exp":1700000000})"),
         {},
         "token_expired",
         "PPPPPPPPPPF......."},
        {"GET",
         "/items",
         issuer_.token(R"({"exp":"never"})"),
         {},
         "claim_invalid",
         "PPPPPPPPPPF......."},
        {"GET",
         "/items",
         issuer_.token_with_header(R"({"kid":"other"})"),
         {},
         "key_unknown",
         "PPPPPPPPPPPF......"},
        {"GET",
         "/items",
         test::with_flipped_signature(good, 5),
         {},
         "signature_invalid",
         "PPPPPPPPPPPPF....."},
        {"GET", "/items", issuer_.token(R"({"sub":7})"), {}, "claim_invalid", "PPPPPPPPPPPPPF...."},
        {"GET",
         "/items",
         issuer_.token(R"({"cnf":{}})"),
         {},
         "sender_constrained",
         "PPPPPPPPPPPPPF...."},
        {"GET",
         "/items",
         issuer_.token(R"({"aud":"x"})"),
         {},
         "audience_mismatch",
         "PPPPPPPPPPPPPPF..."},
        {"GET",
         "/items",
         issuer_.token(R"({"organization_id":"acme"})"),
         {},
         "organization_not_accepted",
         "PPPPPPPPPPPPPPPF.."},
        {"GET",
         "/reports",
         issuer_.token(R"({"organization_id":"acme"})"),
         {},
         "organization_unnamed",
         "PPPPPPPPPPPPPPPF.."},
        {"GET",
         "/orgs/beta/projects",
         issuer_.token(R"({"organization_id":"acme"})"),
         {},
         "organization_mismatch",
         "PPPPPPPPPPPPPPPF.."},
        {"GET",
         "/orgs/acme/members",
         issuer_.token(R"({"aud":"urn:logto:organization: acme"})"),
         {},
         "claim_invalid",
         "PPPPPPPPPPPPPPPF.."},
        {"GET", "/items", issuer_.token(), {}, "scope_missing", "PPPPPPPPPPPPPPPPF."},
        {"GET",
         "/api/1",
         issuer_.token(R"({"scope":"a","role":"user"})"),
         {},
         "claim_mismatch",
         "PPPPPPPPPPPPPPPPF."},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.reason);
        const Explanation explanation = ask(c.method, c.url, c.token, c.fields);
        EXPECT_EQ(word(explanation), c.reason);
        EXPECT_EQ(outcomes(explanation), c.outcomes);
        EXPECT_FALSE(explanation.is_good());
        EXPECT_FALSE(explanation.is_forwarded);
        ASSERT_FALSE(explanation.answer.empty());
        EXPECT_TRUE(explanation.answer.front().starts_with("HTTP/1.1 "));
        EXPECT_TRUE(all_answered(explanation).contains(c.reason));
        // The number beside the cross is that of the documentation.
        for (const ExplainedCheck& check : explanation.checks) {
            if (check.outcome != Outcome::failed) continue;
            const core::Reason reason = std::get<core::Denied>(explanation.decision).reason;
            if (reason != core::Reason::claim_invalid)
                EXPECT_EQ(check.number, core::refusal(reason).check);
        }
    }
}

TEST_F(Explain, WhatARouteDoesNotAskForIsNotNeeded) {
    const Explanation open = ask("GET", "/healthz");
    EXPECT_EQ(outcomes(open), "PPPPPnnnnnnnnnnnnP");
    EXPECT_TRUE(open.is_good());
    EXPECT_EQ(all_answered(open), "GET /healthz to upstream default\nwithout identity headers\n");

    const Explanation passed_through = ask("GET", "/healthz", "whatever");
    EXPECT_TRUE(all_answered(passed_through).contains("with Authorization as it came"));

    const Explanation anonymous = ask("GET", "/feed");
    EXPECT_EQ(outcomes(anonymous), "PPPPPPnnnnnnnnnnnP");
    EXPECT_TRUE(anonymous.is_good());
    EXPECT_TRUE(all_compared(anonymous).contains("anonymous"));

    const Explanation bad = ask("GET", "/feed", "opaque");
    EXPECT_EQ(outcomes(bad), "PPPPPPPF..........");
}

TEST_F(Explain, OfflineSaysThatNothingIsProved) {
    offline_ = true;
    const std::string token = issuer_.token(R"({"scope":"read:items"})");
    const Explanation explanation = ask("GET", "/items", test::with_flipped_signature(token, 1));
    EXPECT_EQ(outcomes(explanation), "PPPPPPPPPPP??PPPPP");
    EXPECT_TRUE(explanation.is_allowed());
    EXPECT_TRUE(explanation.is_unproved);
    EXPECT_FALSE(explanation.is_good());
    EXPECT_TRUE(verdict(explanation).contains("Signature not checked"));
    EXPECT_FALSE(verdict(explanation).contains("Allowed"));

    const Explanation denied = ask("GET", "/items", issuer_.token());
    EXPECT_EQ(outcomes(denied), "PPPPPPPPPPP??PPPF.");
    EXPECT_EQ(word(denied), "scope_missing");
    // No token is needed here, so nothing is left to prove.
    EXPECT_TRUE(ask("GET", "/healthz").is_good());
}

TEST_F(Explain, AsksForKeysThatAreNotThere) {
    keys_ = core::KeyRing(1);
    const Explanation explanation = ask("GET", "/items", issuer_.token());
    EXPECT_EQ(word(explanation), "needs keys");
    EXPECT_EQ(outcomes(explanation), "PPPPPPPPPPPF......");
    EXPECT_TRUE(all_answered(explanation).starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(verdict(explanation).contains("Refused: keys_unavailable."));
}

TEST_F(Explain, AShadowRouteForwardsWhatItWouldRefuse) {
    const Explanation explanation = ask("GET", "/trial", issuer_.token());
    EXPECT_EQ(word(explanation), "scope_missing");
    EXPECT_TRUE(explanation.is_forwarded);
    EXPECT_FALSE(explanation.is_good());
    EXPECT_EQ(all_answered(explanation),
              "GET /trial to upstream default\nwithout identity headers\n"
              "with Authorization as it came\n");
    EXPECT_TRUE(verdict(explanation).contains("Would be refused, scope_missing"));

    const Explanation two = ask("GET", "/trial", "a", {"Authorization: Bearer b"});
    EXPECT_EQ(word(two), "credentials_ambiguous");
    EXPECT_FALSE(two.is_forwarded);
    EXPECT_TRUE(all_answered(two).starts_with("HTTP/1.1 400 "));
}

TEST_F(Explain, ABodyThatSaysThatItIsTooLargeIsRefusedAsLive) {
    config_ = loaded("server: { limits: { body_bytes: 10B } }\n" + std::string(example) +
                     "  POST /open: public\n"
                     "  POST /large: { access: public, body_bytes: 20B }\n"
                     "  POST /any: { access: public, body_bytes: none }\n"
                     "  POST /watched: { mode: shadow, scopes: [never] }\n");
    const struct {
        std::string_view url, length, outcomes, word;
    } cases[] = {
        {"/open", "10", "PPPPPnnnnnnnnnnnnP", "allowed"},
        {"/open", "11", "PPPPPnnnnnnnnnnnnF", "body_too_large"},
        {"/large", "20", "PPPPPnnnnnnnnnnnnP", "allowed"},
        {"/large", "21", "PPPPPnnnnnnnnnnnnF", "body_too_large"},
        {"/any", "21", "PPPPPnnnnnnnnnnnnP", "allowed"},
        // Shadow forwards what fails before, and not this.
        {"/watched", "10", "PPPPPF...........P", "token_missing"},
        {"/watched", "11", "PPPPPF...........F", "body_too_large"},
        // What fails first is the answer.
        {"/closed", "11", "PPPPF.............", "route_closed"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.url) + " " + std::string(c.length));
        const Explanation explanation =
            ask("POST", c.url, {}, {"Content-Length: " + std::string(c.length)});
        EXPECT_EQ(outcomes(explanation), c.outcomes);
        EXPECT_EQ(word(explanation), c.word);
        if (c.word != "body_too_large") continue;
        EXPECT_FALSE(explanation.is_forwarded);
        EXPECT_FALSE(explanation.is_good());
        EXPECT_EQ(verdict(explanation), "Refused: body_too_large.");
        EXPECT_TRUE(all_answered(explanation).starts_with("HTTP/1.1 413 "));
    }
    EXPECT_TRUE(all_compared(ask("POST", "/large", {}, {"Content-Length: 21"}))
                    .contains("21 bytes of at most 20\n"));
    EXPECT_TRUE(all_compared(ask("POST", "/any")).ends_with("no limit\n"));
}

TEST_F(Explain, ABodyOfUnknownSizeIsSaidToBeOne) {
    EXPECT_TRUE(all_compared(ask("GET", "/healthz")).ends_with("no limit\n"));
    config_ = loaded("server: { limits: { body_bytes: 10B } }\n" + std::string(example) +
                     "  POST /open: public\n");
    for (const std::vector<std::string>& fields :
         {std::vector<std::string>{}, {"Transfer-Encoding: chunked"}}) {
        const Explanation explanation = ask("POST", "/open", {}, fields);
        EXPECT_EQ(outcomes(explanation), "PPPPPnnnnnnnnnnnn?");
        EXPECT_TRUE(all_compared(explanation).contains("not known here: the body's size"));
        EXPECT_TRUE(explanation.is_good()) << "it is no token that was not proved";
    }
    EXPECT_EQ(outcomes(ask("GET", "/healthz")), "PPPPPnnnnnnnnnnnnP");
}

TEST_F(Explain, AMethodThatIsNeverServedIsToldTheOthers) {
    for (const std::string_view method : {"TRACE", "CONNECT"}) {
        EXPECT_TRUE(all_answered(ask(method, "/items")).contains("\nAllow: GET, HEAD\n"));
        EXPECT_TRUE(all_answered(ask(method, "/nowhere")).contains("\nAllow: \n"));
    }
}

TEST_F(Explain, TheOrganizationOfAnOrganizationTokenReplacesTheClaims) {
    const Explanation explanation =
        ask("GET", "/orgs/acme/members",
            issuer_.token(R"({"aud":"urn:logto:organization:acme","organization_id":"beta"})"));
    EXPECT_TRUE(explanation.is_good());
    EXPECT_TRUE(all_answered(explanation).contains("X-Auth-Organization-Id: acme\n"));
    EXPECT_FALSE(all_answered(explanation).contains("beta"));
}

TEST_F(Explain, ShowsWhatIsForwardedWithoutThePrefix) {
    const Explanation explanation =
        ask("GET", "/api/7", issuer_.token(R"({"scope":"b","role":"admin"})"));
    EXPECT_TRUE(explanation.is_good());
    EXPECT_TRUE(all_answered(explanation).starts_with("GET /7 to upstream default\n"));
    const std::string compared = all_compared(explanation);
    EXPECT_TRUE(compared.contains("the route wants one of a, b")) << compared;
    EXPECT_TRUE(
        compared.contains(R"(the route wants role that equals "admin"; the token's is "admin")"))
        << compared;
}

TEST_F(Explain, AnswersAPreflightAsTheGatewayDoes) {
    config_ = loaded("cors: { origins: [https://app.example] }\n" + std::string(example));
    const std::vector<std::string> fields{"Origin: https://app.example",
                                          "Access-Control-Request-Method: GET"};
    const Explanation explanation = ask("OPTIONS", "/items", {}, fields);
    EXPECT_TRUE(explanation.is_preflight);
    EXPECT_EQ(outcomes(explanation), "PPP");
    EXPECT_TRUE(explanation.answer.front().starts_with("HTTP/1.1 204 "));
    const Explanation elsewhere = ask("OPTIONS", "/nowhere", {}, fields);
    EXPECT_FALSE(elsewhere.is_preflight);
    EXPECT_EQ(word(elsewhere), "no_route");
}

}  // namespace
}  // namespace bearergate::gateway
