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

const std::vector<IdentityHeader> headers = default_identity_headers();

std::string only_value(const IdentityHeader& header, const Claims& claims) {
    return std::string(identity_lines({header}, claims).value()[0]);
}

TEST(IdentityLines, StandAtTheirHeadersPlaces) {
    const Claims claims{.audience = {"a", "b"},
                        .scopes = {"x", "y"},
                        .organization = "o",
                        .issuer = "https://i.example",
                        .subject = "ada",
                        .client = "c"};
    EXPECT_EQ(identity_lines(headers, claims).value(),
              IdentityLines(headers, {"ada", "c", "o", "x y", "a b", "https://i.example"}));
    EXPECT_EQ(identity_lines({}, claims).value(), IdentityLines{});
}

TEST(IdentityLines, AreEmptyWhereTheTokenSaysNothing) {
    EXPECT_EQ(identity_lines(headers, {.issuer = "i", .subject = "s"}).value(),
              IdentityLines(headers, {"s", "", "", "", "", "i"}));
}

TEST(IdentityLines, ListsCannotBeConfused) {
    const struct {
        Strings items;
        const char* line;
    } cases[]{
        {{"a", "b"}, "a b"},
        {{"a b"}, "a%20b"},
        {{"a%20b"}, "a%2520b"},
        {{"!~", "%", "!\x7f~"}, "!~ %25 !%7F~"},
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

TEST(IdentityLines, OfOtherClaimsAreScalarsThatFitInAHeader) {
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
        const auto values = identity_lines(
            {{.name = "X-Role", .source = Source::claim, .claim = {"/x/role"}}}, claims);
        EXPECT_EQ(values ? std::string((*values)[0]) : "!" + outcome(values), c.outcome);
    }
    EXPECT_EQ(only_value({.source = Source::claim, .claim = {"absent"}}, {}), "");
}

TEST(IdentityLines, AreSentAsTheyStand) {
    const IdentityLines lines({{.name = "A"}, {.name = "B"}, {.name = "C"}}, {"1", "", "x y"});
    EXPECT_EQ(lines.own(), "A: 1\r\nC: x y\r\n");
    EXPECT_EQ(lines.line(0), "A: 1\r\n");
    EXPECT_EQ(lines.line(1), "");
    EXPECT_EQ(lines.line(2), "C: x y\r\n");
    EXPECT_EQ(lines[0], "1");
    EXPECT_EQ(lines[1], "");
    EXPECT_EQ(lines[2], "x y");
}

// Where tokens of an application have most in common, they may have it in one copy.
TEST(IdentityLines, TellTheTokensOwnFromWhatOthersShare) {
    const std::vector<IdentityHeader> mixed{{.name = "Org", .source = Source::organization},
                                            {.name = "User", .source = Source::subject},
                                            {.name = "Scopes", .source = Source::scope},
                                            {.name = "Role", .source = Source::claim}};
    IdentityLines lines(mixed, {"acme", "ada", "read", "admin"});
    EXPECT_EQ(lines.own(), "User: ada\r\nRole: admin\r\n");
    EXPECT_EQ(lines.common(), "Org: acme\r\nScopes: read\r\n");

    IdentityLines other(mixed, {"acme", "bob", "read", ""});
    other.share_common({"Org: other\r\nScopes: read\r\n"});
    EXPECT_EQ(other.common(), lines.common()) << "only an equal text is taken";
    other.share_common(lines.common_text());
    EXPECT_EQ(other.common().data(), lines.common().data());
    EXPECT_EQ(other, IdentityLines(mixed, {"acme", "bob", "read", ""}));
    EXPECT_EQ(other[0], "acme");
    EXPECT_EQ(other[1], "bob");
    EXPECT_EQ(other.line(2), "Scopes: read\r\n");
    EXPECT_EQ(other[3], "");
}

TEST(IdentityLines, HaveNoLineForAValueThatCouldBreakOne) {
    for (const std::string_view value :
         {"a\r\nX-Admin: 1", "a\nb", "a\rb", "a\tb", " a", "a ", "caf\xc3\xa9", "a\x7f", "\x01"}) {
        const IdentityLines lines({{.name = "A"}, {.name = "B"}}, {value, "1"});
        EXPECT_EQ(lines.own(), "B: 1\r\n") << value;
        EXPECT_EQ(lines[0], "");
        EXPECT_EQ(lines[1], "1");
    }
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
