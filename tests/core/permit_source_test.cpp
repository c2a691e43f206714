// Check 15: where a request names its organization, and what counts as a name.
#include <bearergate/core/authorize.hpp>

#include "permit_scene.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::core {
namespace {

using test::organization_api;
using test::Scene;
using test::Source;

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

}  // namespace
}  // namespace bearergate::core
