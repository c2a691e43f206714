#include <bearergate/core/authorize.hpp>

#include "permit_scene.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::core {
namespace {

using test::api;
using test::organization_api;
using test::Scene;
using test::Source;

Json json(std::string_view text) {
    return Json::parse(text, 16).value();
}

// ------------------------------------------------------------------------------------ check 14

TEST(Permit, NobodyPassesARuleThatSaysNothing) {
    Scene scene;
    scene.rule = Rule{};
    EXPECT_EQ(scene.answer(), "route_closed");
    scene.rule.access = Access::token;
    EXPECT_EQ(scene.answer(), "issuer_not_accepted");
    scene.rule.accepts_issuer = {true};
    EXPECT_EQ(scene.answer(), "audience_mismatch");
}

TEST(Permit, TheIssuerMustBeOneThatTheRouteAccepts) {
    Scene scene;
    scene.policy.issuers.push_back(Issuer{.name = "other"});
    scene.rule.accepts_issuer = {true, false};
    scene.rule.audiences = {{std::string(api)}, {std::string(api)}};
    EXPECT_EQ(scene.answer(), "allowed");
    scene.token.issuer = 1;
    EXPECT_EQ(scene.answer(), "issuer_not_accepted");
    scene.token.issuer = 2;
    EXPECT_EQ(scene.answer(), "issuer_not_accepted");
    scene.rule.accepts_issuer = {true, true, true};
    EXPECT_EQ(scene.answer(), "issuer_not_accepted");
}

TEST(Permit, TheAudienceIsTheRoutesForThisIssuer) {
    const struct {
        std::vector<std::string> audience;
        bool fits;
    } cases[] = {
        {{"https://api.acme.example"}, true},
        {{"other", "https://api.acme.example"}, true},
        {{"https://second.acme.example"}, true},
        {{}, false},
        {{""}, false},
        {{"https://api.acme.example/"}, false},
        {{"https://API.acme.example"}, false},
        {{"https://api.acme.exampl"}, false},
        {{"https://api.acme.example https://other"}, false},
        {{" https://api.acme.example"}, false},
        {{"*"}, false},
        {{"other"}, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.audience.empty() ? "[]" : c.audience.back());
        Scene scene;
        scene.rule.audiences = {{std::string(api), "https://second.acme.example"}};
        scene.token.claims.audience = c.audience;
        EXPECT_EQ(scene.answer(), c.fits ? "allowed" : "audience_mismatch");
    }
}

TEST(Permit, AnEmptyAudienceFitsNoRuleNotEvenAnEmptyOne) {
    Scene scene;
    scene.rule.audiences = {{""}};
    scene.token.claims.audience = {""};
    EXPECT_EQ(scene.answer(), "audience_mismatch");
    scene.rule.audiences = {{}};
    EXPECT_EQ(scene.answer(), "audience_mismatch");
    scene.rule.audiences = {};
    EXPECT_EQ(scene.answer(), "audience_mismatch");
}

TEST(Permit, AnotherIssuersAudienceIsNotMine) {
    Scene scene;
    scene.policy.issuers.push_back(Issuer{.name = "other"});
    scene.rule.accepts_issuer = {true, true};
    scene.rule.audiences = {{"a"}, {"b"}};
    scene.token.claims.audience = {"a"};
    EXPECT_EQ(scene.answer(), "allowed");
    scene.token.issuer = 1;
    EXPECT_EQ(scene.answer(), "audience_mismatch");
}

// ------------------------------------------------------------------------------------ check 16

TEST(Permit, EveryScopeOfTheRouteAndOneOfAny) {
    const struct {
        std::vector<std::string> all, any, granted;
        bool enough;
    } cases[] = {
        {{}, {}, {}, true},
        {{"a"}, {}, {"a"}, true},
        {{"a", "b"}, {}, {"b", "x", "a"}, true},
        {{}, {"a", "b"}, {"b"}, true},
        {{"a"}, {"b", "c"}, {"a", "c"}, true},
        {{"a"}, {}, {}, false},
        {{"a"}, {}, {"A"}, false},
        {{"a"}, {}, {"aa"}, false},
        {{"read:items"}, {}, {"read"}, false},
        {{"read"}, {}, {"read:items"}, false},
        {{"a"}, {}, {"a b"}, false},
        {{"a"}, {}, {"*"}, false},
        {{"a", "b"}, {}, {"a"}, false},
        {{}, {"a", "b"}, {}, false},
        {{}, {"a", "b"}, {"c"}, false},
        {{"a"}, {"b"}, {"a"}, false},
        {{"a"}, {"b"}, {"b"}, false},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        SCOPED_TRACE(i);
        Scene scene;
        scene.rule.scopes = cases[i].all;
        scene.rule.any_scope = cases[i].any;
        scene.token.claims.scopes = cases[i].granted;
        EXPECT_EQ(scene.answer(), cases[i].enough ? "allowed" : "scope_missing");
    }
}

TEST(Permit, ClaimsCompareByJsonTypeAndValue) {
    using Kind = ClaimCondition::Kind;
    const struct {
        Kind kind;
        std::string_view claim;
        std::vector<std::string_view> values;
        std::string_view payload;
        bool met;
    } cases[] = {
        {Kind::equals, "/role", {R"("admin")"}, R"({"role":"admin"})", true},
        {Kind::equals, "role", {R"("admin")"}, R"({"role":"admin"})", true},
        {Kind::equals, "/a/b/0", {"1"}, R"({"a":{"b":[1]}})", true},
        {Kind::equals, "a/b", {"1"}, R"({"a/b":1})", true},
        {Kind::equals, "n", {"1"}, R"({"n":1.0})", true},
        {Kind::equals, "n", {"null"}, R"({"n":null})", true},
        {Kind::equals, "l", {"[1,2]"}, R"({"l":[1,2]})", true},
        {Kind::contains, "tags", {R"("x")"}, R"({"tags":["a","x"]})", true},
        {Kind::any_of, "level", {"1", "2"}, R"({"level":2})", true},
        {Kind::equals, "role", {R"("admin")"}, R"({"role":"Admin"})", false},
        {Kind::equals, "role", {R"("admin")"}, R"({})", false},
        {Kind::equals, "role", {R"("admin")"}, R"({"role":["admin"]})", false},
        {Kind::equals, "role", {R"("admin")"}, R"({"role":null})", false},
        {Kind::equals, "n", {"1"}, R"({"n":"1"})", false},
        {Kind::equals, "n", {R"("1")"}, R"({"n":1})", false},
        {Kind::equals, "b", {"true"}, R"({"b":"true"})", false},
        {Kind::equals, "b", {"true"}, R"({"b":1})", false},
        {Kind::equals, "b", {"null"}, R"({})", false},
        {Kind::equals, "l", {"[1,2]"}, R"({"l":[2,1]})", false},
        {Kind::equals, "/a/b", {"1"}, R"({"a/b":1})", false},
        {Kind::contains, "tags", {R"("x")"}, R"({"tags":"x"})", false},
        {Kind::contains, "tags", {R"("x")"}, R"({"tags":"axb"})", false},
        {Kind::contains, "tags", {R"("x")"}, R"({"tags":{"0":"x"}})", false},
        {Kind::contains, "tags", {R"("x")"}, R"({"tags":[]})", false},
        {Kind::contains, "tags", {R"("x")"}, R"({"tags":[["x"]]})", false},
        {Kind::contains, "tags", {R"("x")"}, R"({})", false},
        {Kind::any_of, "level", {"1", "2"}, R"({"level":3})", false},
        {Kind::any_of, "level", {"1", "2"}, R"({"level":[1]})", false},
        {Kind::any_of, "level", {"1", "2"}, R"({})", false},
        {Kind::equals, "role", {}, R"({"role":"admin"})", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.claim) + " in " + std::string(c.payload));
        Scene scene;
        ClaimCondition condition{.claim = {std::string(c.claim)}, .kind = c.kind};
        for (const std::string_view value : c.values) condition.values.push_back(json(value));
        scene.rule.claims = {condition};
        scene.token.claims.all = json(c.payload);
        EXPECT_EQ(scene.answer(), c.met ? "allowed" : "claim_mismatch");
    }
}

TEST(Permit, EveryConditionMustHold) {
    Scene scene;
    scene.rule.claims = {{.claim = {"a"}, .values = {json("1")}},
                         {.claim = {"b"}, .values = {json("2")}}};
    scene.token.claims.all = json(R"({"a":1,"b":2})");
    EXPECT_EQ(scene.answer(), "allowed");
    scene.token.claims.all = json(R"({"a":1,"b":1})");
    EXPECT_EQ(scene.answer(), "claim_mismatch");
    scene.token.claims.all = Json();
    EXPECT_EQ(scene.answer(), "claim_mismatch");
}

// ---------------------------------------------------------------------------- the order of checks

TEST(Permit, RefusesForTheFirstCheckThatFails) {
    Scene scene = organization_api(Source::header, "X-Org");
    scene.rule.accepts_issuer = {false};
    scene.rule.scopes = {"a"};
    scene.rule.claims = {{.claim = {"b"}, .values = {json("2")}}};
    scene.token.claims.audience = {"wrong"};
    const auto mend = [&scene](std::string_view expected, auto&& repair) {
        EXPECT_EQ(scene.answer(), expected);
        repair();
    };
    mend("issuer_not_accepted", [&] { scene.rule.accepts_issuer = {true}; });
    mend("audience_mismatch", [&] { scene.token.claims.audience = {std::string(api)}; });
    mend("organization_unnamed", [&] { scene.fields = {{"X-Org", "acme"}}; });
    mend("organization_missing", [&] { scene.token.claims.organization = "beta"; });
    mend("organization_mismatch", [&] { scene.token.claims.organization = "acme"; });
    mend("scope_missing", [&] { scene.token.claims.scopes = {"a"}; });
    mend("claim_mismatch", [&] { scene.token.claims.all = json(R"({"b":2})"); });
    EXPECT_EQ(scene.answer(), "allowed");
}

}  // namespace
}  // namespace bearergate::core
