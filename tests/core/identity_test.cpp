// What the upstream is told about who is asking.
#include <bearergate/core/identity.hpp>

#include "support/authenticate.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace bearergate::core;
using bearergate::test::outcome;
using Source = IdentityHeader::Source;
using Strings = std::vector<std::string>;

std::string only_value(const IdentityHeader& header, const Claims& claims) {
    return std::string(identity_values({header}, claims).value()[0]);
}

TEST(IdentityValues, StandAtTheirHeadersPlaces) {
    const Claims claims{.issuer = "https://i.example",
                        .subject = "ada",
                        .audience = {"a", "b"},
                        .scopes = {"x", "y"},
                        .client = "c",
                        .organization = "o"};
    EXPECT_EQ(identity_values(default_identity_headers(), claims).value(),
              (IdentityValues{"ada", "c", "o", "x y", "a b", "https://i.example"}));
    EXPECT_EQ(identity_values({}, claims).value(), IdentityValues{});
}

TEST(IdentityValues, AreEmptyWhereTheTokenSaysNothing) {
    EXPECT_EQ(identity_values(default_identity_headers(), {.issuer = "i", .subject = "s"}).value(),
              (IdentityValues{"s", "", "", "", "", "i"}));
}

TEST(IdentityValues, ListsCannotBeConfused) {
    const struct {
        Strings items;
        const char* line;
    } cases[]{
        {{"a", "b"}, "a b"},
        {{"a b"}, "a%20b"},
        {{"a%20b"}, "a%2520b"},
        {{"", "a", "", "b", ""}, "a b"},
        {{"\r\nX-Admin: 1"}, "%0D%0AX-Admin:%201"},
        {{std::string("\0", 1)}, "%00"},
        {{"\x7f"}, "%7F"},
        {{"\xc3\xbc"}, "%C3%BC"},
        {{"urn:x", "https://a/?b=c&d"}, "urn:x https://a/?b=c&d"},
        {{" "}, "%20"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.line);
        EXPECT_EQ(only_value({.source = Source::scope}, {.scopes = c.items}), c.line);
        EXPECT_EQ(only_value({.source = Source::audience}, {.audience = c.items}), c.line);
    }
}

TEST(IdentityValues, OfOtherClaimsAreScalarsThatFitInAHeader) {
    const struct {
        const char* claim;
        const char* outcome;  // the value, or with a '!' the reason
    } cases[]{
        {R"("admin")", "admin"},
        {R"("")", ""},
        {"7", "7"},
        {"-1.5", "-1.5"},
        {"1e300", "1e+300"},
        {"true", "true"},
        {"false", "false"},
        {"null", ""},
        {R"(["admin"])", ""},
        {R"({"a":1})", ""},
        {R"("a b")", "a b"},
        {R"(" a")", "!claim_invalid"},
        {R"("a\nb")", "!claim_invalid"},
        {R"("\u00fc")", "!claim_invalid"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.claim);
        const Claims claims{
            .all = Json::parse(std::string(R"({"x":{"role":)") + c.claim + "}}", 16).value()};
        const auto values = identity_values(
            {{.name = "X-Role", .source = Source::claim, .claim = {"/x/role"}}}, claims);
        EXPECT_EQ(values ? std::string((*values)[0]) : "!" + outcome(values), c.outcome);
    }
    EXPECT_EQ(only_value({.source = Source::claim, .claim = {"absent"}}, {}), "");
}

TEST(FoldedNames, AreEqualWhereABackendCannotTellThemApart) {
    EXPECT_EQ(folded("X_Auth.Subject!"), "x-auth-subject-");
    EXPECT_TRUE(folds_to("X_AUTH_Subject", folded("x-auth-subject")));
    EXPECT_TRUE(folds_to("x.auth-subject", folded("X-Auth-Subject")));
    EXPECT_FALSE(folds_to("x-auth-subject2", folded("X-Auth-Subject")));
    EXPECT_FALSE(folds_to("xauthsubject", folded("X-Auth-Subject")));
    EXPECT_FALSE(folds_to("", folded("X")));
    EXPECT_TRUE(folds_to("", ""));
}

}  // namespace
