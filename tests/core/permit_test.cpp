#include <bearergate/core/authorize.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace bearergate::core {
namespace {

using Source = OrganizationSource::Kind;

constexpr std::string_view api = "https://api.acme.example";
constexpr std::string_view prefix = "urn:logto:organization:";

// One trusted issuer unless a test says otherwise; one route; one request.
struct Scene {
    Policy policy{.issuers = {Issuer{.name = "logto", .issuer = "https://logto.example/oidc"}}};
    Rule rule{.access = Access::token, .audiences = {{std::string(api)}}, .accepts_issuer = {true}};
    VerifiedToken token{};
    Captures captures{};
    std::vector<Field> fields{};
    std::string raw_target = "/";
    std::string scratch{};

    Scene() { token.claims.audience = {std::string(api)}; }

    // "allowed", "allowed as ORG" or the reason's name.
    std::string answer() {
        const auto target = Target::parse(raw_target, {}, scratch);
        if (!target) return "bad target";
        const RequestView request{
            .method = "GET", .host = "h.example", .target = *target, .fields = fields};
        const auto decided = permit(rule, policy, captures, request, token);
        if (const auto* denied = std::get_if<Denied>(&decided))
            return std::string(name_of(denied->reason));
        const auto organization = std::get<Allowed>(decided).organization;
        return organization ? "allowed as " + std::string(*organization) : "allowed";
    }
};

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

// ------------------------------------------------------------------------------------ check 15

// A token by its organization claim and the organizations among its audiences.
struct TokenCase {
    std::optional<std::string> claim;
    std::vector<std::string> organization_audiences;
    std::string_view answer;
};
void expect_answers(Scene&& scene, const std::vector<TokenCase>& cases) {
    const auto before = scene.token.claims.audience;
    for (const TokenCase& c : cases) {
        std::string trace = "claim " + c.claim.value_or("(none)");
        scene.token.claims.organization = c.claim;
        std::vector<std::string> audience(before.begin(), before.end());
        for (const std::string& organization : c.organization_audiences) {
            trace += ", aud " + organization;
            audience.push_back(std::string(prefix) + organization);
        }
        scene.token.claims.audience = audience;
        SCOPED_TRACE(trace);
        EXPECT_EQ(scene.answer(), c.answer);
    }
}

TEST(PermitApi, RefusesTokensThatAreBoundToAnOrganization) {
    expect_answers(Scene{}, {
                                {{}, {}, "allowed"},
                                {"acme", {}, "organization_not_accepted"},
                                {"", {}, "organization_not_accepted"},
                                {{}, {"acme"}, "organization_not_accepted"},
                                {{}, {""}, "organization_not_accepted"},
                                {"acme", {"acme"}, "organization_not_accepted"},
                                {"acme", {"beta"}, "organization_mismatch"},
                                {{}, {"acme", "beta"}, "organization_mismatch"},
                                {"acme", {"acme", "acme"}, "organization_mismatch"},
                            });
}

TEST(PermitApi, IgnoreLetsBoundTokensPassButNotContradictions) {
    Scene scene;
    scene.rule.organization = {Source::ignore, ""};
    expect_answers(std::move(scene), {
                                         {{}, {}, "allowed"},
                                         {"acme", {}, "allowed"},
                                         {{}, {"acme"}, "allowed"},
                                         {"acme", {"acme"}, "allowed"},
                                         {"acme", {"beta"}, "organization_mismatch"},
                                         {{}, {"acme", "beta"}, "organization_mismatch"},
                                     });
}

TEST(PermitApi, ARuleThatAlsoNamesAnOrganizationAdmitsNobody) {
    for (const Source source :
         {Source::capture, Source::header, Source::query, Source::literal, Source::any}) {
        Scene scene;
        scene.rule.organization = {source, "acme"};
        scene.captures.add({"acme", "acme"});
        expect_answers(std::move(scene), {{{}, {}, "organization_not_accepted"},
                                          {"acme", {}, "organization_not_accepted"}});
    }
}

Scene organization_api(Source source, std::string text) {
    Scene scene;
    scene.rule.token = TokenKind::organization_api;
    scene.rule.organization = {source, std::move(text)};
    return scene;
}

TEST(PermitOrganizationApi, TheClaimMustBeTheRequestsOrganization) {
    expect_answers(organization_api(Source::literal, "acme"),
                   {
                       {"acme", {}, "allowed"},
                       {"acme", {"acme"}, "allowed"},
                       {{}, {}, "organization_missing"},
                       {"", {}, "organization_missing"},
                       {{}, {"acme"}, "organization_missing"},
                       {"beta", {}, "organization_mismatch"},
                       {"ACME", {}, "organization_mismatch"},
                       {"acme ", {}, "organization_mismatch"},
                       {"acm", {}, "organization_mismatch"},
                       {"acme,beta", {}, "organization_mismatch"},
                       {"*", {}, "organization_mismatch"},
                       {"acme", {"beta"}, "organization_mismatch"},
                       {"acme", {""}, "organization_mismatch"},
                       {"acme", {"acme", "beta"}, "organization_mismatch"},
                       {"acme", {"acme", "acme"}, "organization_mismatch"},
                   });
}

TEST(PermitOrganizationApi, AnyTakesWhicheverOrganizationButNotNone) {
    expect_answers(organization_api(Source::any, ""),
                   {
                       {"acme", {}, "allowed"},
                       {"beta", {"beta"}, "allowed"},
                       {{}, {}, "organization_missing"},
                       {"", {}, "organization_missing"},
                       {{}, {"acme"}, "organization_missing"},
                       {"acme", {"beta"}, "organization_mismatch"},
                       {"acme/admin", {}, "organization_mismatch"},
                   });
}

TEST(PermitOrganizationApi, NeedsTheAudienceOfTheApiToo) {
    Scene scene = organization_api(Source::literal, "acme");
    scene.token.claims.organization = "acme";
    scene.token.claims.audience = {std::string(prefix) + "acme"};
    EXPECT_EQ(scene.answer(), "audience_mismatch");
}

TEST(PermitOrganizationApi, ARuleThatNamesNoOrganizationAdmitsNobody) {
    for (const Source source : {Source::none, Source::ignore}) {
        expect_answers(organization_api(source, "acme"),
                       {{"acme", {}, "organization_unnamed"}, {{}, {}, "organization_unnamed"}});
    }
    expect_answers(organization_api(Source::literal, ""), {{"", {}, "organization_unnamed"}});
}

Scene organization(Source source, std::string text) {
    Scene scene;
    scene.rule.token = TokenKind::organization;
    scene.rule.organization = {source, std::move(text)};
    scene.rule.audiences = {};
    scene.token.claims.audience = {};
    return scene;
}

TEST(PermitOrganization, TheAudienceMustBeTheRequestsOrganization) {
    expect_answers(organization(Source::literal, "acme"),
                   {
                       {{}, {"acme"}, "allowed as acme"},
                       {"beta", {"acme"}, "allowed as acme"},  // a script's claim says nothing
                       {"acme", {"acme"}, "allowed as acme"},
                       {"acme", {}, "organization_missing"},
                       {{}, {}, "organization_missing"},
                       {{}, {""}, "organization_missing"},
                       {{}, {"beta"}, "organization_mismatch"},
                       {"acme", {"beta"}, "organization_mismatch"},
                       {{}, {"acme", "beta"}, "organization_mismatch"},
                       {{}, {"acme", "acme"}, "organization_mismatch"},
                       {{}, {"ACME"}, "organization_mismatch"},
                       {{}, {"acme/"}, "organization_mismatch"},
                   });
}

TEST(PermitOrganization, AnyTakesWhicheverOrganizationButNotNone) {
    expect_answers(organization(Source::any, ""), {
                                                      {{}, {"acme"}, "allowed as acme"},
                                                      {"x", {"beta"}, "allowed as beta"},
                                                      {{}, {""}, "organization_missing"},
                                                      {"acme", {}, "organization_missing"},
                                                      {{}, {"a", "b"}, "organization_mismatch"},
                                                      {{}, {"a/b"}, "organization_mismatch"},
                                                  });
}

TEST(PermitOrganization, APrefixIsNotAPrefixOfItself) {
    Scene scene = organization(Source::any, "");
    for (const std::string_view audience :
         {"urn:logto:organization", "URN:logto:organization:acme", "xurn:logto:organization:acme",
          " urn:logto:organization:acme"}) {
        SCOPED_TRACE(audience);
        scene.token.claims.audience = {std::string(audience)};
        EXPECT_EQ(scene.answer(), "organization_missing");
    }
    scene.policy.issuers[0].organization_audience = "org/";
    scene.token.claims.audience = {"org/acme"};
    EXPECT_EQ(scene.answer(), "allowed as acme");
}

// What becomes a header for the upstream must be fit for one.
TEST(PermitOrganization, AnOrganizationThatIsNoHeaderValueIsNoOrganization) {
    Scene scene = organization(Source::any, "");
    for (const std::string& id :
         {std::string("a\r\nX-Admin: 1"), std::string("a\nb"), std::string("a\0b", 3),
          std::string("caf\xc3\xa9"), std::string(" acme"), std::string("acme "),
          std::string(1025, 'a')}) {
        SCOPED_TRACE(id);
        scene.token.claims.audience = {std::string(prefix) + id};
        EXPECT_EQ(scene.answer(), "claim_invalid");
    }
}

TEST(PermitOrganization, LooksAtTheIssuerButNotAtTheApisAudience) {
    Scene scene = organization(Source::literal, "acme");
    scene.token.claims.audience = {std::string(prefix) + "acme"};
    scene.rule.audiences = {{std::string(api)}};
    EXPECT_EQ(scene.answer(), "allowed as acme");
    scene.rule.accepts_issuer = {false};
    EXPECT_EQ(scene.answer(), "issuer_not_accepted");
}

TEST(PermitOrganization, ARuleThatNamesNoOrganizationAdmitsNobody) {
    for (const Source source : {Source::none, Source::ignore})
        expect_answers(organization(source, ""), {{{}, {"acme"}, "organization_unnamed"}});
}

// ---------------------------------------------------------- where the request names it: captures

TEST(PermitCapture, ComparesTheDecodedSegment) {
    const struct {
        std::string_view segment, organization, answer;
    } cases[] = {
        {"acme", "acme", "allowed"},
        {"a%20b", "a b", "allowed"},
        {"%C3%A9", "\xc3\xa9", "allowed"},
        {"100%25", "100%", "allowed"},
        {"a%2Bb", "a+b", "allowed"},
        {"a%2Bb", "a b", "organization_mismatch"},
        {"a+b", "a+b", "organization_unnamed"},
        {"a+b", "a b", "organization_unnamed"},
        {"a%20b", "a%20b", "organization_mismatch"},
        {"Acme", "acme", "organization_mismatch"},
        {"acme", "Acme", "organization_mismatch"},
        {"acme%20", "acme", "organization_mismatch"},
        {"%2561cme", "acme", "organization_mismatch"},
        {"*", "acme", "organization_mismatch"},
        {"a/b", "a/b", "organization_mismatch"},
        {"a%2Fb", "a/b", "organization_mismatch"},
        {"a%00", std::string_view("a\0", 2), "organization_mismatch"},
        {"a%0A", "a\n", "organization_mismatch"},
        {"a%7F", "a\x7f", "organization_mismatch"},
        {"", "acme", "organization_unnamed"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.segment);
        Scene scene = organization_api(Source::capture, "org");
        scene.captures.add({"other", "acme"});
        scene.captures.add({"org", c.segment});
        scene.token.claims.organization = std::string(c.organization);
        EXPECT_EQ(scene.answer(), c.answer);
    }
    Scene scene = organization_api(Source::capture, "absent");
    scene.captures.add({"org", "acme"});
    scene.token.claims.organization = "acme";
    EXPECT_EQ(scene.answer(), "organization_unnamed");
}

TEST(PermitCapture, ComparesAHostLabelInLowerCaseAndNeverDecodesIt) {
    const struct {
        std::string_view label, organization, answer;
    } cases[] = {
        {"acme", "acme", "allowed"},
        {"ACME", "acme", "allowed"},
        {"acme", "ACME", "organization_mismatch"},
        {"ACME", "ACME", "organization_mismatch"},
        {"%61cme", "acme", "organization_mismatch"},
        {"", "acme", "organization_unnamed"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.label) + " for " + std::string(c.organization));
        Scene scene = organization_api(Source::capture, "org");
        scene.captures.add({"org", c.label, true});
        scene.token.claims.organization = std::string(c.organization);
        EXPECT_EQ(scene.answer(), c.answer);
    }
}

// ----------------------------------------------------------------------------------- in a header

TEST(PermitHeader, IsExactlyOneFieldThatNoServerCouldTakeForAnother) {
    const struct {
        std::vector<Field> fields;
        std::string_view answer;
    } cases[] = {
        {{{"X-Org", "acme"}}, "allowed"},
        {{{"x-oRG", "acme"}}, "allowed"},
        {{{"Host", "h"}, {"X-Org", "acme"}, {"X-Organ", "beta"}}, "allowed"},
        {{}, "organization_unnamed"},
        {{{"X-Org", ""}}, "organization_unnamed"},
        {{{"X-Org", "acme"}, {"X-Org", "acme"}}, "organization_unnamed"},
        {{{"X-Org", "acme"}, {"x-org", "beta"}}, "organization_unnamed"},
        {{{"X-Org", "acme"}, {"X_Org", "beta"}}, "organization_unnamed"},
        {{{"X_Org", "beta"}, {"X-Org", "acme"}}, "organization_unnamed"},
        {{{"X.Org", "acme"}, {"X-Org", "acme"}}, "organization_unnamed"},
        {{{"X_Org", "acme"}}, "organization_unnamed"},
        {{{"XOrg", "acme"}}, "organization_unnamed"},
        {{{"X-Org", "beta"}}, "organization_mismatch"},
        {{{"X-Org", "acme, beta"}}, "organization_mismatch"},
        {{{"X-Org", "acme,acme"}}, "organization_mismatch"},
        {{{"X-Org", "\"acme\""}}, "organization_mismatch"},
        {{{"X-Org", "a%63me"}}, "organization_mismatch"},
        {{{"X-Org", "ACME"}}, "organization_mismatch"},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        SCOPED_TRACE(i);
        Scene scene = organization_api(Source::header, "X-Org");
        scene.fields = cases[i].fields;
        scene.token.claims.organization = "acme";
        EXPECT_EQ(scene.answer(), cases[i].answer);
    }
    for (const std::string_view value : {"a/b", "a\tb"}) {
        Scene scene = organization_api(Source::header, "X-Org");
        scene.fields = {{"X-Org", value}};
        scene.token.claims.organization = std::string(value);
        EXPECT_EQ(scene.answer(), "organization_mismatch");
    }
}

// ---------------------------------------------------------------------------------- in the query

TEST(PermitQuery, IsExactlyOneParameterThatNoFrameworkCouldTakeForAnother) {
    const struct {
        std::string_view query, answer;
    } cases[] = {
        {"?org=acme", "allowed"},
        {"?a=b&org=acme&c", "allowed"},
        {"?%6Frg=acme", "allowed"},
        {"?org=a%63me", "allowed"},
        {"?orgs=beta&org=acme", "allowed"},
        {"?x=org&org=acme", "allowed"},
        {"", "organization_unnamed"},
        {"?", "organization_unnamed"},
        {"?org", "organization_unnamed"},
        {"?org=", "organization_unnamed"},
        {"?a=acme", "organization_unnamed"},
        {"?Org=acme", "organization_unnamed"},
        {"??org=acme", "organization_unnamed"},
        {"?%256Frg=acme", "organization_unnamed"},
        // twice
        {"?org=acme&org=acme", "organization_unnamed"},
        {"?org=acme&org=beta", "organization_unnamed"},
        {"?org=acme&%6frg=beta", "organization_unnamed"},
        {"?org=acme&org", "organization_unnamed"},
        {"?org=&org=acme", "organization_unnamed"},
        // what a framework could take for it
        {"?org=acme&ORG=beta", "organization_unnamed"},
        {"?org=acme&org%00=beta", "organization_unnamed"},
        {"?org=acme&org%00x=beta", "organization_unnamed"},
        {"?org=acme&+org=beta", "organization_unnamed"},
        {"?org=acme&%20org=beta", "organization_unnamed"},
        {"?org=acme&org[]=beta", "organization_unnamed"},
        {"?org=acme&org%5B%5D=beta", "organization_unnamed"},
        {"?org=acme&org[id]=beta", "organization_unnamed"},
        {"?org=acme&org.id=beta", "organization_unnamed"},
        {"?org=acme&org_id=beta", "organization_unnamed"},
        {"?org=acme&org+=beta", "organization_unnamed"},
        {"?org=acme&[org]=beta", "organization_unnamed"},
        {"?org[]=acme", "organization_unnamed"},
        // two readings of a separator
        {"?org=acme;org=beta", "organization_unnamed"},
        {"?org=acme&x;y", "organization_unnamed"},
        // another
        {"?org=beta", "organization_mismatch"},
        {"?org=acme+", "organization_mismatch"},
        {"?org=acme%00", "organization_mismatch"},
        {"?org=acme%2F..", "organization_mismatch"},
        {"?org=acme,beta", "organization_mismatch"},
        {"?org=acme%26org=beta", "organization_mismatch"},
        {"?org=acme%", "organization_mismatch"},
        {"?org==acme", "organization_mismatch"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.query);
        Scene scene = organization_api(Source::query, "org");
        scene.raw_target = "/x" + std::string(c.query);
        scene.token.claims.organization = "acme";
        EXPECT_EQ(scene.answer(), c.answer);
    }
}

TEST(PermitQuery, AnOrganizationWithASlashOrAControlCharacterIsAMismatch) {
    for (const std::string_view encoded : {"a%2Fb", "a%00b", "a%0Ab", "a%7Fb"}) {
        SCOPED_TRACE(encoded);
        Scene scene = organization_api(Source::query, "org");
        scene.raw_target = "/x?org=" + std::string(encoded);
        scene.token.claims.organization = percent_decoded(encoded);
        EXPECT_EQ(scene.answer(), "organization_mismatch");
    }
}

TEST(PermitQuery, NamesWithOtherCharactersFoldToo) {
    Scene scene = organization_api(Source::query, "org-id");
    scene.token.claims.organization = "acme";
    const struct {
        std::string_view query, answer;
    } cases[] = {
        {"?org-id=acme", "allowed"},
        {"?org-id=acme&org=x", "allowed"},
        {"?org-id=acme&org_id=beta", "organization_unnamed"},
        {"?org-id=acme&org.id=beta", "organization_unnamed"},
        {"?org-id=acme&org[id=beta", "organization_unnamed"},
        {"?org_id=acme", "organization_unnamed"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.query);
        scene.raw_target = "/x" + std::string(c.query);
        EXPECT_EQ(scene.answer(), c.answer);
    }
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
