// The whole decision, from a request's bytes to its reason: every kind of rule with every kind of
// token, signed for real.
#include <bearergate/core/authorize.hpp>

#include "support/authenticate.hpp"
#include "support/test_issuer.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace bearergate::core {
namespace {

using test::at;
using test::Issuer;

constexpr std::string_view audience = "https://api.example";

Rule api_rule() {
    return {
        .access = Access::token, .audiences = {{std::string(audience)}}, .accepts_issuer = {true}};
}
Rule scoped_rule() {
    Rule rule = api_rule();
    rule.scopes = {"read"};
    return rule;
}
Rule organization_api_rule() {
    Rule rule = api_rule();
    rule.token = TokenKind::organization_api;
    rule.organization = {OrganizationSource::Kind::capture, "org"};
    return rule;
}
Rule organization_rule() {
    Rule rule = organization_api_rule();
    rule.token = TokenKind::organization;
    return rule;
}
Rule with_access(Access access) {
    Rule rule = api_rule();
    rule.access = access;
    return rule;
}

// One issuer, one route for each kind of rule.
struct World {
    Issuer issuer{};
    Policy policy{};
    KeyRing keys{test::keys_of(issuer.jwks())};
    double now = Issuer::issued_at + 60;
    Account account{};

    World() {
        policy.issuers = {core::Issuer{.name = "main", .issuer = issuer.issuer()}};
        policy.identity = default_identity_headers();
        const std::pair<std::string, Rule> routes[] = {
            {"/public", with_access(Access::open)},
            {"/closed", with_access(Access::deny)},
            {"/optional", with_access(Access::optional)},
            {"/api", api_rule()},
            {"/scoped", scoped_rule()},
            {"GET /get-only", api_rule()},
            {"/orgs/{org}/data", organization_api_rule()},
            {"/orgs/{org}/members", organization_rule()},
        };
        std::vector<RoutePattern> patterns;
        for (const auto& [text, rule] : routes) {
            patterns.push_back(parse_route_pattern(text, {}).value());
            policy.routes.push_back({.text = text, .pattern = patterns.back(), .rule = rule});
        }
        std::vector<RouteConflict> conflicts;
        policy.table = RouteTable::compile(patterns, {}, conflicts);
    }

    Decision decision(std::string_view target_text, std::vector<Field> fields, bool offline = false,
                      std::string_view method = "GET") {
        std::string scratch;
        const auto target = Target::parse(target_text, policy.target, scratch);
        if (!target) return Denied{target.error()};
        const RequestView request{
            .method = method, .host = "h.example", .target = *target, .fields = fields};
        return decide(request, policy, offline ? nullptr : &keys, at(now), account);
    }
    // "allowed", "allowed as ORG", "needs keys" or the reason's name.
    static std::string word(const Decision& decision) {
        if (const auto* denied = std::get_if<Denied>(&decision))
            return std::string(name_of(denied->reason));
        if (std::holds_alternative<NeedKeys>(decision)) return "needs keys";
        const auto organization = std::get<Allowed>(decision).organization;
        return organization ? "allowed as " + std::string(*organization) : "allowed";
    }
    std::string answer(std::string_view target, std::string_view token) {
        const std::string credentials = "Bearer " + std::string(token);
        return word(decision(target, {{"Authorization", credentials}}));
    }
    std::string anonymous(std::string_view target, std::string_view method = "GET") {
        return word(decision(target, {}, false, method));
    }
};

TEST(Decide, ADefaultDecisionDenies) {
    EXPECT_EQ(World::word(Decision{}), "no_route");
}

TEST(Decide, EveryKindOfRuleForEveryKindOfToken) {
    World world;
    const std::map<std::string, std::string> tokens{
        {"global", world.issuer.token()},
        {"read", world.issuer.token(R"({"scope":"write read"})")},
        {"other api", world.issuer.token(R"({"aud":"https://other.example"})")},
        {"org api", world.issuer.token(R"({"organization_id":"acme","scope":"read"})")},
        {"org api beta", world.issuer.token(R"({"organization_id":"beta"})")},
        {"org", world.issuer.token(R"({"aud":"urn:logto:organization:acme","scope":"read"})")},
        {"org beta", world.issuer.token(R"({"aud":"urn:logto:organization:beta"})")},
        {"two orgs",
         world.issuer.token(
             R"({"aud":["https://api.example","urn:logto:organization:acme","urn:logto:organization:beta"]})")},
    };
    const struct {
        std::string_view target;
        std::map<std::string, std::string> answers;
    } cases[] = {
        {"/public",
         {{"global", "allowed"},
          {"read", "allowed"},
          {"other api", "allowed"},
          {"org api", "allowed"},
          {"org api beta", "allowed"},
          {"org", "allowed"},
          {"org beta", "allowed"},
          {"two orgs", "allowed"}}},
        {"/closed",
         {{"global", "route_closed"},
          {"read", "route_closed"},
          {"other api", "route_closed"},
          {"org api", "route_closed"},
          {"org api beta", "route_closed"},
          {"org", "route_closed"},
          {"org beta", "route_closed"},
          {"two orgs", "route_closed"}}},
        {"/optional",
         {{"global", "allowed"},
          {"read", "allowed"},
          {"other api", "audience_mismatch"},
          {"org api", "organization_not_accepted"},
          {"org api beta", "organization_not_accepted"},
          {"org", "audience_mismatch"},
          {"org beta", "audience_mismatch"},
          {"two orgs", "organization_mismatch"}}},
        {"/api",
         {{"global", "allowed"},
          {"read", "allowed"},
          {"other api", "audience_mismatch"},
          {"org api", "organization_not_accepted"},
          {"org api beta", "organization_not_accepted"},
          {"org", "audience_mismatch"},
          {"org beta", "audience_mismatch"},
          {"two orgs", "organization_mismatch"}}},
        {"/scoped",
         {{"global", "scope_missing"},
          {"read", "allowed"},
          {"other api", "audience_mismatch"},
          {"org api", "organization_not_accepted"},
          {"org api beta", "organization_not_accepted"},
          {"org", "audience_mismatch"},
          {"org beta", "audience_mismatch"},
          {"two orgs", "organization_mismatch"}}},
        {"/orgs/acme/data",
         {{"global", "organization_missing"},
          {"read", "organization_missing"},
          {"other api", "audience_mismatch"},
          {"org api", "allowed"},
          {"org api beta", "organization_mismatch"},
          {"org", "audience_mismatch"},
          {"org beta", "audience_mismatch"},
          {"two orgs", "organization_missing"}}},
        {"/orgs/acme/members",
         {{"global", "organization_missing"},
          {"read", "organization_missing"},
          {"other api", "organization_missing"},
          {"org api", "organization_missing"},
          {"org api beta", "organization_missing"},
          {"org", "allowed as acme"},
          {"org beta", "organization_mismatch"},
          {"two orgs", "organization_mismatch"}}},
        {"/nowhere",
         {{"global", "no_route"},
          {"read", "no_route"},
          {"other api", "no_route"},
          {"org api", "no_route"},
          {"org api beta", "no_route"},
          {"org", "no_route"},
          {"org beta", "no_route"},
          {"two orgs", "no_route"}}},
    };
    for (const auto& c : cases) {
        ASSERT_EQ(c.answers.size(), tokens.size());
        for (const auto& [name, token] : tokens) {
            SCOPED_TRACE(std::string(c.target) + " with " + name);
            EXPECT_EQ(world.answer(c.target, token), c.answers.at(name));
        }
    }
}

TEST(Decide, WithoutCredentials) {
    World world;
    EXPECT_EQ(world.anonymous("/public"), "allowed");
    EXPECT_EQ(world.anonymous("/optional"), "allowed");
    EXPECT_FALSE(world.account.token.has_value());
    EXPECT_EQ(world.anonymous("/closed"), "route_closed");
    EXPECT_EQ(world.anonymous("/api"), "token_missing");
    EXPECT_EQ(world.anonymous("/nowhere"), "no_route");
    EXPECT_EQ(world.anonymous("/get-only"), "token_missing");
    EXPECT_EQ(world.anonymous("/get-only", "HEAD"), "token_missing");
    EXPECT_EQ(world.anonymous("/get-only", "POST"), "method_not_allowed");
    EXPECT_EQ(world.account.match.allow, "GET, HEAD");
}

// `optional` is for requests without the field, not for requests with a bad one.
TEST(Decide, AnOptionalRouteChecksEveryCredentialThatIsThere) {
    World world;
    const struct {
        std::vector<Field> fields;
        std::string_view answer;
    } cases[] = {
        {{{"Authorization", ""}}, "credentials_malformed"},
        {{{"Authorization", "Bearer"}}, "credentials_malformed"},
        {{{"authorization", "Basic YTpi"}}, "scheme_unsupported"},
        {{{"AUTHORIZATION", "Bearer opaque"}}, "token_opaque"},
        {{{"Authorization", "Bearer a.b.c"}}, "token_malformed"},
        {{{"Authorization", "Bearer a"}, {"authorization", "Bearer b"}}, "credentials_ambiguous"},
        {{{"X-Authorization", "Bearer a"}}, "allowed"},
        {{{"Proxy-Authorization", "Bearer a"}}, "allowed"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.fields.front().value);
        EXPECT_EQ(World::word(world.decision("/optional", c.fields)), c.answer);
    }
}

TEST(Decide, RefusesForTheFirstCheckThatFails) {
    World world;
    Issuer stranger("https://stranger.example");
    Issuer impostor(world.issuer.issuer());
    const std::string good = world.issuer.token();
    const struct {
        std::string_view what;
        std::string token;
        std::string_view answer;
    } cases[] = {
        {"too large", std::string(9000, 'a'), "token_too_large"},
        {"opaque", "n0tAJwt", "token_opaque"},
        {"five parts", "a.b.c.d.e", "token_encrypted"},
        {"alg none", test::unsigned_token(world.issuer.payload()), "alg_not_allowed"},
        {"crit", world.issuer.token_with_header(R"({"crit":["exp"]})"), "crit_unsupported"},
        {"an id token", world.issuer.token_with_header(R"({"typ":"JWT"})"), "typ_not_allowed"},
        {"a stranger's", stranger.token(), "issuer_unknown"},
        {"expired", world.issuer.token(R"({"exp":1600000000,"iat":1500000000})"), "token_expired"},
        {"not yet valid", world.issuer.token(R"({"nbf":1700001000})"), "token_not_yet_valid"},
        {"no exp", world.issuer.token(R"({"exp":null})"), "claim_invalid"},
        {"unknown kid", world.issuer.token_with_header(R"({"kid":"x"})"), "key_unknown"},
        {"an impostor's", impostor.token(), "key_unknown"},
        {"changed payload", test::with_payload(good, world.issuer.payload(R"({"sub":"root"})")),
         "signature_invalid"},
        {"no signature", good.substr(0, good.rfind('.') + 1), "signature_invalid"},
        {"no sub", world.issuer.token(R"({"sub":null})"), "claim_invalid"},
        {"bound to a key", world.issuer.token(R"({"cnf":{"jkt":"x"}})"), "sender_constrained"},
        {"another api's", world.issuer.token(R"({"aud":"x"})"), "audience_mismatch"},
        {"an organization's", world.issuer.token(R"({"organization_id":"a"})"),
         "organization_not_accepted"},
        {"too little", good, "scope_missing"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        EXPECT_EQ(world.answer("/scoped", c.token), c.answer);
    }
}

// Whatever the token, the answer to a path without a route or a closed one is the same: nobody
// learns from it what a token is worth.
TEST(Decide, LooksAtNoTokenBeforeItKnowsTheRoute) {
    World world;
    EXPECT_EQ(world.answer("/nowhere", "a.b.c"), "no_route");
    EXPECT_EQ(world.answer("/closed", "a.b.c"), "route_closed");
    EXPECT_EQ(world.answer("/public", "a.b.c"), "allowed");
    EXPECT_FALSE(world.account.examined.has_value());
}

TEST(Decide, AsksForKeysThatAreNotThereAndOnlyThen) {
    World world;
    const std::string token = world.issuer.token(R"({"scope":"read"})");
    world.keys = KeyRing(1);
    EXPECT_EQ(world.answer("/scoped", token), "needs keys");
    EXPECT_EQ(world.answer("/scoped", "opaque"), "token_opaque");
    EXPECT_EQ(world.anonymous("/public"), "allowed");
    world.keys = {};
    EXPECT_EQ(world.answer("/scoped", token), "needs keys");
    world.keys = {test::keys_of(world.issuer.jwks())};
    EXPECT_EQ(world.answer("/scoped", token), "allowed");
}

TEST(Decide, OfflineSkipsTheSignatureAndNothingElse) {
    World world;
    const auto offline = [&world](std::string_view target, const std::string& token) {
        const std::string credentials = "Bearer " + token;
        return World::word(world.decision(target, {{"Authorization", credentials}}, true));
    };
    const std::string good = world.issuer.token(R"({"scope":"read"})");
    EXPECT_EQ(offline("/scoped", good), "allowed");
    EXPECT_EQ(offline("/scoped", test::with_flipped_signature(good, 3)), "allowed");
    EXPECT_EQ(offline("/scoped", world.issuer.token()), "scope_missing");
    EXPECT_EQ(offline("/scoped", world.issuer.token(R"({"exp":1})")), "token_expired");
    EXPECT_EQ(offline("/scoped", world.issuer.token(R"({"aud":[]})")), "audience_mismatch");
}

TEST(Decide, SaysWhatItCameToKnowOnTheWay) {
    World world;
    EXPECT_EQ(world.answer("/orgs/acme/data", world.issuer.token()), "organization_missing");
    EXPECT_EQ(world.account.match.outcome, Match::Outcome::found);
    EXPECT_EQ(world.policy.routes[world.account.match.route].text, "/orgs/{org}/data");
    ASSERT_NE(world.account.match.captures.find("org"), nullptr);
    EXPECT_EQ(world.account.match.captures.find("org")->value, "acme");
    ASSERT_TRUE(world.account.examined.has_value());
    ASSERT_TRUE(world.account.token.has_value());
    EXPECT_EQ(world.account.token->claims.subject, "ada");
    // Nothing is left of it in the next account.
    EXPECT_EQ(world.answer("/orgs/acme/data", "opaque"), "token_opaque");
    EXPECT_FALSE(world.account.examined.has_value());
    EXPECT_FALSE(world.account.token.has_value());
}

TEST(Decide, TheSameArgumentsGiveTheSameDecision) {
    World world;
    const std::string token = world.issuer.token(R"({"scope":"read"})");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(world.answer("/scoped", token), "allowed");
    world.now = Issuer::expires_at + 31;
    EXPECT_EQ(world.answer("/scoped", token), "token_expired");
    world.now = Issuer::issued_at + 60;
    EXPECT_EQ(world.answer("/scoped", token), "allowed");
}

}  // namespace
}  // namespace bearergate::core
