// What `check` warns about, and what it lets pass in silence: a warning that cannot be silenced by
// writing what one means is soon read by nobody.
#include "config/config_support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view one_issuer =
    "issuer: https://a.example\naudience: x\nupstream: http://127.0.0.1:3000\n";

// "LINE: MESSAGE" of each warning; the first line of `routes` is line 1.
std::vector<std::string> warnings(std::string_view routes, std::string_view head = one_issuer) {
    const std::string text = std::string(head) + "routes:\n" + std::string(routes);
    const auto lines_before = static_cast<int>(std::count(head.begin(), head.end(), '\n')) + 1;
    const auto result = test::load(text);
    if (!result.loaded) return {"not loaded: " + test::report(result)};
    std::vector<std::string> all;
    for (const Diagnostic& one : result.loaded->warnings) {
        all.push_back(std::to_string(one.line - lines_before) + ": " + one.message);
    }
    return all;
}

struct Case {
    const char* name;
    const char* routes;
};

TEST(RouteWarnings, ATenantThatIsCapturedAndNotBound) {
    for (const char* name : {"orgId", "ORG", "tenant", "my_team", "workspaceName", "account"}) {
        SCOPED_TRACE(name);
        const std::string capture = "{" + std::string(name) + "}";
        const std::string found = "'" + std::string(name) + "'";
        EXPECT_THAT(warnings("  /x/" + capture + ": authenticated\n"),
                    ElementsAre(HasSubstr("1: '/x/" + capture + "' captures " + found)));
        EXPECT_THAT(warnings("  \"" + capture + ".acme.example/x\": authenticated\n"),
                    ElementsAre(HasSubstr("captures " + found)));
        EXPECT_THAT(warnings("  /x/{" + std::string(name) + "...}: { access: optional }\n"),
                    ElementsAre(HasSubstr("captures " + found)));
        EXPECT_THAT(warnings("  /x/" + capture + ": { organization: any }\n"),
                    ElementsAre(HasSubstr("to any organization")));
    }
}

// A token of one may then read another: the path says which, and nobody compares it.
TEST(RouteWarnings, ATenantThatIsCapturedBesideWhatTheTokenIsBoundTo) {
    const struct {
        const char* organization;
        const char* bound;
    } cases[] = {
        {"\"header:X-Org\"", "to header:X-Org"},
        {"\"query:org\"", "to query:org"},
        {"acme", "to one fixed organization"},
        {"\"{id}\"", "to {id}"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.organization);
        EXPECT_THAT(warnings("  /orgs/{orgId}/{id}: { organization: " +
                             std::string(c.organization) + " }\n"),
                    ElementsAre(AllOf(HasSubstr("captures 'orgId' but binds the token"),
                                      HasSubstr(c.bound), HasSubstr("\"{orgId}\""))));
    }
}

TEST(RouteWarnings, ATenantThatIsBoundOrMeantNotToBe) {
    const Case cases[] = {
        {"bound", "  /x/{orgId}: { organization: \"{orgId}\" }\n"},
        {"bound by another word", "  /x/{orgId}/{teamId}: { organization: \"{orgId}\" }\n"},
        {"bound by a header", "  /x/{id}: { organization: \"header:X-Org\" }\n"},
        {"meant", "  /x/{orgId}: { organization: ignore }\n"},
        {"nobody's token is looked at", "  /x/{orgId}: public\n"},
        {"nobody passes", "  /x/{orgId}: deny\n"},
        {"no such word", "  /x/{id}: authenticated\n"},
        {"a literal", "  /orgs/teams: authenticated\n"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_THAT(warnings(c.routes), IsEmpty());
    }
}

TEST(RouteWarnings, SeveralIssuersAndARouteThatTakesTheTokensOfAll) {
    constexpr std::string_view two =
        "issuers:\n  one: { issuer: https://one.example }\n  two: { issuer: https://two.example }\n"
        "audience: x\nupstream: http://127.0.0.1:3000\n";
    EXPECT_THAT(warnings("  /a: authenticated\n"
                         "  /b: { access: optional }\n"
                         "  /c: { issuer: one }\n"
                         "  /d: { issuer: [one, two] }\n"
                         "  /e: public\n"
                         "  /f: deny\n",
                         two),
                ElementsAre(HasSubstr("1: '/a' does not say whose tokens it takes: every one of "
                                      "the 2 issuers"),
                            HasSubstr("2: '/b' does not say")));
    EXPECT_THAT(warnings("  /a: authenticated\n", std::string(two) + "defaults: { issuer: two }\n"),
                IsEmpty());
    EXPECT_THAT(warnings("  /a: authenticated\n"), IsEmpty());
}

TEST(RouteWarnings, ARouteThatOnlyWatches) {
    EXPECT_THAT(warnings("  /a: { mode: shadow }\n  /b: { mode: enforce }\n"),
                ElementsAre(HasSubstr("1: '/a' is in shadow mode")));
}

TEST(RouteWarnings, ARouteThatCanNeverMatch) {
    const struct {
        const char* name;
        const char* routes;
        const char* message;
    } cases[] = {
        {"all methods named", "  GET,POST,PUT,PATCH,DELETE,OPTIONS /a: deny\n  /a: deny\n",
         "2: '/a' can never match"},
        {"a rest behind a rest", "  \"/a/{x}/**\": deny\n  \"/a/{rest...}\": deny\n",
         "2: '/a/{rest...}' can never match: more specific routes such as '/a/{x}/**' in line 5"},
        {"two together",
         "  \"/a/{x}\": deny\n  \"/a/{x}/{rest...}\": deny\n  \"/a/{r...}\": deny\n",
         "3: '/a/{r...}' can never match"},
        {"on one host", "  \"a.example/{x...}\": deny\n  a.example/: deny\n  a.example/**: deny\n",
         "3: 'a.example/**' can never match"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_THAT(warnings(c.routes), ElementsAre(HasSubstr(c.message)));
    }
    const Case silent[] = {
        {"HEAD is left", "  HEAD,POST,PUT,PATCH,DELETE,OPTIONS /a: deny\n  GET /a: deny\n"},
        {"one method is left", "  GET,POST,PUT,PATCH,DELETE /a: deny\n  /a: deny\n"},
        {"the root of the rest is left", "  \"/a/{r...}\": deny\n  /a/**: deny\n"},
        {"longer paths are left", "  \"/a/{x}\": deny\n  \"/a/{r...}\": deny\n"},
        {"other literals are left", "  /a/b: deny\n  \"/a/{x}\": deny\n"},
        {"other hosts are left", "  \"*.example/a\": deny\n  /a: deny\n"},
        {"an unusual method", "  /a: deny\n  PURGE /a: deny\n"},
    };
    for (const Case& c : silent) {
        SCOPED_TRACE(c.name);
        EXPECT_THAT(warnings(c.routes), IsEmpty());
    }
}

TEST(RouteWarnings, AWeakerWildcardThatWinsOverPartOfAStrongerRoute) {
    const Case cases[] = {
        {"public in a tree", "  /admin/**: { scopes: [admin] }\n  \"/admin/{page}\": public\n"},
        {"optional", "  /admin/**: authenticated\n  \"/admin/{page}\": { access: optional }\n"},
        {"fewer scopes", "  /a/**: { scopes: [r, w] }\n  \"/a/{x}\": { scopes: [r] }\n"},
        {"any token", "  /a/**: { scopes: [r] }\n  \"/a/{x}\": authenticated\n"},
        {"unbound", "  /a/**: { organization: any }\n  \"/a/{x}\": authenticated\n"},
        {"fewer claims", "  /a/**: { claims: { x: 1 } }\n  \"/a/{x}\": authenticated\n"},
        {"more of any scope", "  /a/**: { any_scope: [r] }\n  \"/a/{x}\": { any_scope: [r, w] }\n"},
        {"over a denial", "  /a/**: deny\n  \"/a/{x}\": authenticated\n"},
        {"shadow", "  /a/**: authenticated\n  \"/a/{x}\": { mode: shadow, scopes: [a] }\n"},
        {"crosswise", "  \"/{x}/settings\": authenticated\n  \"/acme/{page}\": public\n"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_THAT(warnings(c.routes),
                    testing::Contains(AllOf(testing::StartsWith("2: "), HasSubstr("asks for less"),
                                            HasSubstr("in line 5 and wins over part of"))));
    }
}

TEST(RouteWarnings, AnExceptionThatSaysWhatItIs) {
    const Case cases[] = {
        {"by a literal", "  /admin/**: { scopes: [admin] }\n  /admin/login: public\n"},
        {"by a literal and more", "  /admin/**: authenticated\n  \"/admin/login/{x}\": public\n"},
        {"by a method", "  \"/items/{id}\": { scopes: [w] }\n  GET /items/{id}: public\n"},
        {"by a host", "  \"/a/{id}\": authenticated\n  open.example/a/{id}: public\n"},
        {"stronger", "  /a/**: authenticated\n  \"/a/{x}\": { scopes: [s] }\n"},
        {"as strong", "  /a/**: { scopes: [s] }\n  \"/a/{x}\": { scopes: [s] }\n"},
        {"incomparable", "  /a/**: { scopes: [s] }\n  \"/a/{x}\": { scopes: [t] }\n"},
        {"elsewhere", "  /a/**: authenticated\n  \"/b/{x}\": public\n"},
        {"of other methods", "  POST /a/**: authenticated\n  \"GET /a/{x}\": public\n"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        for (const std::string& one : warnings(c.routes)) {
            EXPECT_THAT(one, testing::Not(HasSubstr("wins over part")));
        }
    }
}

TEST(RouteWarnings, AWeakerWildcardThatCoversAnotherSpelling) {
    const struct {
        const char* name;
        const char* routes;
        const char* how;
    } cases[] = {
        {"case", "  /admin/users: authenticated\n  /**: public\n", "letters' case"},
        {"case of one segment", "  /api/admin: authenticated\n  \"/api/{page}\": public\n",
         "letters' case"},
        {"case beside a capture", "  \"/o/{id}/x\": authenticated\n  \"/o/{id}/{y}\": public\n",
         "letters' case"},
        {"case of a denial", "  /admin/**: deny\n  /**: public\n", "letters' case"},
        {"case with one method", "  POST /admin: authenticated\n  \"POST /{page}\": public\n",
         "letters' case"},
        {"HEAD", "  HEAD /admin: authenticated\n  \"GET /{page}\": public\n", "letters' case"},
        {"fewer scopes", "  /a: { scopes: [a] }\n  /**: authenticated\n", "letters' case"},
        {"methods", "  GET /1: authenticated\n  /**: public\n", "other methods"},
        {"hosts", "  a.example/1: authenticated\n  /1: public\n", "under another host"},
        {"a wildcard host's", "  \"*.a.example/1\": authenticated\n  /1: public\n",
         "under another host"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_THAT(warnings(c.routes),
                    ElementsAre(AllOf(testing::StartsWith("2: "), HasSubstr("asks for less than"),
                                      HasSubstr("in line 5, and"), HasSubstr(c.how))));
    }
}

TEST(RouteWarnings, ManyCoveredSpellingsAreOneWarning) {
    EXPECT_THAT(warnings("  /a: authenticated\n  /b: authenticated\n  /c: deny\n  /**: public\n"),
                ElementsAre(HasSubstr("4: '/**' asks for less than '/a' in line 5 and 2 more, and "
                                      "the same path in other letters' case would come here")));
}

TEST(RouteWarnings, SpellingsThatDoNotComeToTheWeakerRoute) {
    const Case cases[] = {
        {"no letters", "  /1: authenticated\n  /**: public\n"},
        {"only those of an escape", "  /%C3%BC: authenticated\n  /**: public\n"},
        {"other methods that are named", "  DELETE /x/{id}: deny\n  POST /x/{id}: authenticated\n"},
        {"and the other way", "  PUT /x/{id}: authenticated\n  GET /x/{id}: public\n"},
        {"a wildcard of other methods",
         "  POST /items: authenticated\n  \"GET /{page}\": public\n"},
        {"caught by one that asks as much",
         "  GET /1: authenticated\n  /1: authenticated\n  /**: public\n"},
        {"caught by a denial", "  GET /1: authenticated\n  /1: deny\n  /**: public\n"},
        {"stronger wildcard", "  /a: public\n  /**: authenticated\n"},
        {"as strong", "  /a: authenticated\n  /**: authenticated\n"},
        {"shadow asks nothing yet", "  /1: { mode: shadow }\n  /**: public\n"},
        {"named hosts", "  a.example/1: authenticated\n  b.example/1: public\n"},
        {"another path", "  /1/2: authenticated\n  \"/1\": public\n"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        for (const std::string& one : warnings(c.routes)) {
            EXPECT_THAT(one, testing::Not(HasSubstr("asks for less")));
        }
    }
}

TEST(RouteWarnings, WhatIsOneSpellingForTheGatewayIsNoOther) {
    const std::string folded = std::string(one_issuer) + "paths: { case_sensitive: false }\n";
    EXPECT_THAT(warnings("  /admin: authenticated\n  /**: public\n", folded), IsEmpty());
    const std::string distinct = std::string(one_issuer) + "paths: { trailing_slash: distinct }\n";
    EXPECT_THAT(warnings("  /1: authenticated\n  /**: public\n"), IsEmpty());
    EXPECT_THAT(warnings("  /1: authenticated\n  /**: public\n", distinct),
                ElementsAre(HasSubstr("the same path with another slash")));
    EXPECT_THAT(warnings("  /1/: authenticated\n  /**: public\n", distinct),
                ElementsAre(HasSubstr("the same path with another slash")));
    EXPECT_THAT(warnings("  /1: authenticated\n  /1/: authenticated\n  /**: public\n", distinct),
                IsEmpty());
    EXPECT_THAT(warnings("  /1: authenticated\n  \"/{x}\": public\n", distinct), IsEmpty());
    EXPECT_THAT(warnings("  /: authenticated\n  /**: public\n", distinct), IsEmpty());
}

TEST(RouteWarnings, AnotherHostsBackEndIsAnotherResource) {
    constexpr std::string_view two =
        "issuer: https://a.example\naudience: x\nupstreams:\n"
        "  default: { url: http://127.0.0.1:1 }\n  web: { url: http://127.0.0.1:2 }\n";
    EXPECT_THAT(warnings("  a.example/1: authenticated\n  /1: public\n", two),
                ElementsAre(HasSubstr("under another host")));
    EXPECT_THAT(
        warnings("  a.example/1: authenticated\n  /1: { access: public, upstream: web }\n", two),
        IsEmpty());
}

// A GET route is for HEAD too, which this one takes away without saying that it is an exception.
TEST(RouteWarnings, AWeakerHeadBesideItsGet) {
    EXPECT_THAT(warnings("  GET /b: { scopes: [b] }\n  HEAD /b: public\n"),
                ElementsAre(HasSubstr("2: 'HEAD /b' asks for less than 'GET /b' in line 5")));
    EXPECT_THAT(warnings("  GET /b: public\n  HEAD /b: { scopes: [b] }\n"), IsEmpty());
}

// Every route with every other would be a hundred million comparisons.
TEST(RouteWarnings, TenThousandRoutesAreLookedThrough) {
    std::string routes;
    for (int i = 0; i < 10'000; ++i) {
        routes +=
            "  /api/r" + std::to_string(i) + "/{id}: { scopes: [s" + std::to_string(i) + "] }\n";
    }
    EXPECT_THAT(warnings(routes + "  /**: public\n"),
                ElementsAre(HasSubstr("than '/api/r0/{id}' in line 5 and 9999 more")));
}

TEST(RouteWarnings, WhatIsTooMuchToCompareIsSaid) {
    std::string routes;
    for (int i = 0; i < 2'100; ++i) {
        routes +=
            "  h" + std::to_string(i) + ".example/**: { scopes: [s" + std::to_string(i) + "] }\n";
        routes += "  M" + std::to_string(i) + " /a/{x}: { scopes: [s" + std::to_string(i) + "] }\n";
    }
    EXPECT_THAT(warnings(routes), testing::Contains(HasSubstr("too many routes to compare")));
}

}  // namespace
}  // namespace bearergate::config
