// Check 15: what each kind of token must say of organizations.
#include <bearergate/core/authorize.hpp>

#include "permit_scene.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::core {
namespace {

using test::api;
using test::organization;
using test::organization_api;
using test::Scene;
using test::Source;

constexpr std::string_view prefix = "urn:logto:organization:";

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

}  // namespace
}  // namespace bearergate::core
