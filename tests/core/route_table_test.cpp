#include <bearergate/core/route_table.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::core {
namespace {

struct Table {
    std::vector<std::string> texts{};
    std::vector<RouteConflict> conflicts{};
    RouteTable routes{};

    explicit Table(std::vector<std::string> patterns, const MatchRules& rules = {})
        : texts(std::move(patterns)) {
        std::vector<RoutePattern> parsed;
        for (const std::string& text : texts) {
            auto pattern = parse_route_pattern(text, {});
            if (!pattern) ADD_FAILURE() << text << ": " << pattern.error().message;
            parsed.push_back(pattern.value_or(RoutePattern{}));
        }
        routes = RouteTable::compile(parsed, rules, conflicts);
    }

    Match match(std::string_view method, std::string_view path,
                std::string_view host = "any.example") const {
        Match match;
        routes.match(host, method, path, match);
        return match;
    }
    // The winning pattern, "404", or "405 GET, HEAD".
    std::string winner(std::string_view method, std::string_view path,
                       std::string_view host = "any.example") const {
        const Match found = match(method, path, host);
        switch (found.outcome) {
            case Match::Outcome::no_route: return "404";
            case Match::Outcome::method_not_allowed: return "405 " + found.allow;
            case Match::Outcome::found: return texts[found.route];
        }
        return "";
    }
};

std::string captured(const Match& match) {
    std::string out;
    for (const auto& capture : match.captures.all()) {
        if (!out.empty()) out += ' ';
        out.append(capture.name).append(capture.is_host_label ? "@" : "=").append(capture.value);
    }
    return out;
}

struct Case {
    std::string_view method, path, host, winner;
};
void expect_winners(const Table& table, const std::vector<Case>& cases) {
    EXPECT_TRUE(table.conflicts.empty());
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.method) + " " + std::string(c.host) + std::string(c.path));
        EXPECT_EQ(table.winner(c.method, c.path, c.host), c.winner);
    }
}

TEST(RouteTable, AnEmptyTableHasNoRoute) {
    EXPECT_EQ(Table({}).winner("GET", "/"), "404");
    Match match;
    RouteTable().match("h", "GET", "/", match);
    EXPECT_EQ(match.outcome, Match::Outcome::no_route);
}

TEST(RouteTable, TheMostSpecificPathWinsSegmentBySegment) {
    const Table table({"/a/**", "/a/{rest...}", "/a/{x}", "/a/b", "/a", "/a/b/**", "/a/{x}/c",
                       "/a/b/{y}", "/{z}/b/c", "/**"});
    expect_winners(table, {
                              {"GET", "/a", "h", "/a"},
                              {"GET", "/a/", "h", "/a"},
                              {"GET", "/a/b", "h", "/a/b"},
                              {"GET", "/a/x", "h", "/a/{x}"},
                              {"GET", "/a/b/c", "h", "/a/b/{y}"},
                              {"GET", "/a/x/c", "h", "/a/{x}/c"},
                              {"GET", "/a/x/d", "h", "/a/{rest...}"},
                              {"GET", "/a/b/c/d", "h", "/a/b/**"},
                              {"GET", "/x/b/c", "h", "/{z}/b/c"},
                              {"GET", "/x/b", "h", "/**"},
                              {"GET", "/", "h", "/**"},
                          });
}

TEST(RouteTable, TheOrderInTheFileDoesNotMatter) {
    std::vector<std::string> texts{"/a/**", "/a/{x}", "/a/b", "GET /a/b", "h.example/a/b", "/**"};
    std::sort(texts.begin(), texts.end());
    do {
        const Table table(texts);
        EXPECT_EQ(table.winner("GET", "/a/b"), "GET /a/b");
        EXPECT_EQ(table.winner("POST", "/a/b"), "/a/b");
        EXPECT_EQ(table.winner("POST", "/a/b", "h.example"), "h.example/a/b");
        EXPECT_EQ(table.winner("GET", "/a/c"), "/a/{x}");
        EXPECT_EQ(table.winner("GET", "/a/c/d"), "/a/**");
    } while (std::next_permutation(texts.begin(), texts.end()));
}

TEST(RouteTable, ARestCoversWhatItSays) {
    const Table table({"/f/{p...}", "/g/**"});
    expect_winners(table, {
                              {"GET", "/f", "h", "404"},
                              {"GET", "/f/", "h", "404"},
                              {"GET", "/f/a", "h", "/f/{p...}"},
                              {"GET", "/f/a/b/", "h", "/f/{p...}"},
                              {"GET", "/g", "h", "/g/**"},
                              {"GET", "/g/", "h", "/g/**"},
                              {"GET", "/g/a/b", "h", "/g/**"},
                              {"GET", "/gg", "h", "404"},
                              {"GET", "/", "h", "404"},
                          });
    const Table root({"/{p...}"});
    EXPECT_EQ(root.winner("GET", "/"), "404");
    EXPECT_EQ(root.winner("GET", "/a"), "/{p...}");
}

TEST(RouteTable, APatternNeverCoversPartOfASegment) {
    const Table table({"/api/admin/**", "/api/{x}"});
    expect_winners(table, {
                              {"GET", "/api/admin", "h", "/api/admin/**"},
                              {"GET", "/api/administrator", "h", "/api/{x}"},
                              {"GET", "/api/admi", "h", "/api/{x}"},
                              {"GET", "/api/Admin", "h", "/api/{x}"},
                              {"GET", "/api", "h", "404"},
                              {"GET", "/api/", "h", "404"},
                              {"GET", "/apix/admin", "h", "404"},
                          });
}

TEST(RouteTable, HostsWinBeforePaths) {
    const Table table({"/a/b", "*.acme.example/**", "api.acme.example/{x...}", "acme.example/a",
                       "{t}.beta.example/a"});
    expect_winners(table, {
                              {"GET", "/a/b", "api.acme.example", "api.acme.example/{x...}"},
                              {"GET", "/", "api.acme.example", "*.acme.example/**"},
                              {"GET", "/a/b", "x.acme.example", "*.acme.example/**"},
                              {"GET", "/a/b", "x.y.acme.example", "/a/b"},
                              {"GET", "/a/b", "acme.example", "/a/b"},
                              {"GET", "/a", "acme.example", "acme.example/a"},
                              {"GET", "/a", ".acme.example", "404"},
                              {"GET", "/a", "xacme.example", "404"},
                              {"GET", "/a", "API.ACME.Example", "api.acme.example/{x...}"},
                              {"GET", "/a", "api.acme.example.", "api.acme.example/{x...}"},
                              {"GET", "/a", "x.acme.example.", "*.acme.example/**"},
                              {"GET", "/a", "api.acme.example..", "404"},
                              {"GET", "/a", "x.beta.example", "{t}.beta.example/a"},
                              {"GET", "/a/b", "", "/a/b"},
                              {"GET", "/a", "", "404"},
                              {"GET", "/a", ".", "404"},
                          });
}

TEST(RouteTable, AnAddressIsItselfHoweverItIsWritten) {
    const Table table({"[::1]/a", "[2001:db8:0::0a]/a", "/a"});
    expect_winners(table, {
                              {"GET", "/a", "[::1]", "[::1]/a"},
                              {"GET", "/a", "[0:0:0:0:0:0:0:1]", "[::1]/a"},
                              {"GET", "/a", "[::0001]", "[::1]/a"},
                              {"GET", "/a", "[::0.0.0.1]", "[::1]/a"},
                              {"GET", "/a", "[2001:DB8::A]", "[2001:db8:0::0a]/a"},
                              {"GET", "/a", "[::2]", "/a"},
                              {"GET", "/a", "[]", "/a"},
                          });
}

TEST(RouteTable, AMethodWithoutARouteFallsThroughToTheNextCandidate) {
    const Table table({"GET api.example/a", "POST /a", "/{x}", "PURGE /a/**", "h.example/b"});
    expect_winners(
        table, {
                   {"GET", "/a", "api.example", "GET api.example/a"},
                   {"POST", "/a", "api.example", "POST /a"},
                   {"PUT", "/a", "api.example", "/{x}"},
                   {"PURGE", "/a", "api.example", "PURGE /a/**"},
                   {"PURGE", "/a/b", "api.example", "PURGE /a/**"},
                   {"GET", "/a/b", "api.example", "405 PURGE"},
                   {"get", "/b", "h.example", "405 GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
               });
}

TEST(RouteTable, HeadIsAnsweredByGetUnlessItHasARouteAsSpecific) {
    const Table table({"GET /a", "HEAD /a", "GET /b", "/b", "GET /c/d", "HEAD /c/{x}", "HEAD /e/f",
                       "GET /e/{x}", "POST /g", "/h"});
    expect_winners(table, {
                              {"HEAD", "/a", "h", "HEAD /a"},
                              {"GET", "/a", "h", "GET /a"},
                              {"HEAD", "/b", "h", "GET /b"},
                              {"POST", "/b", "h", "/b"},
                              {"HEAD", "/c/d", "h", "GET /c/d"},
                              {"HEAD", "/c/x", "h", "HEAD /c/{x}"},
                              {"HEAD", "/e/f", "h", "HEAD /e/f"},
                              {"HEAD", "/e/x", "h", "GET /e/{x}"},
                              {"GET", "/e/f", "h", "GET /e/{x}"},
                              {"HEAD", "/g", "h", "405 POST"},
                              {"HEAD", "/h", "h", "/h"},
                          });
}

TEST(RouteTable, AllowNamesEveryMethodThatWouldBeAnswered) {
    const Table table(
        {"GET /a", "POST /{x}", "PURGE,BAN /**", "DELETE h.example/a", "OPTIONS *.example/{y}"});
    expect_winners(
        table, {
                   {"PATCH", "/a", "x", "405 GET, HEAD, POST, BAN, PURGE"},
                   {"PATCH", "/a", "h.example", "405 GET, HEAD, POST, DELETE, OPTIONS, BAN, PURGE"},
                   {"PATCH", "/b", "x", "405 POST, BAN, PURGE"},
                   {"PATCH", "/b/c", "x", "405 BAN, PURGE"},
                   {"TRACE", "/b/c", "x", "405 BAN, PURGE"},
                   {"CONNECT", "/b/c", "x", "405 BAN, PURGE"},
                   {"", "/b/c", "x", "405 BAN, PURGE"},
               });
    // The same words answer: nothing is left from the match before.
    Match match;
    table.routes.match("x", "PATCH", "/a", match);
    table.routes.match("x", "GET", "/a", match);
    EXPECT_EQ(match.allow, "");
    EXPECT_EQ(match.outcome, Match::Outcome::found);
}

TEST(RouteTable, CapturesAreRawViewsUnderTheWinnersNames) {
    const Table table({"/orgs/{org}/x", "/orgs/{team}/y/{item}", "{t}.acme.example/{a}/{b...}",
                       "/f/{p...}", "*.beta.example/{z}/**"});
    const struct {
        std::string_view host, path, captures;
    } cases[] = {
        {"h", "/orgs/o%20ne/x", "org=o%20ne"},
        {"h", "/orgs/1/y/2", "team=1 item=2"},
        {"h", "/orgs/1/y/2/", "team=1 item=2"},
        {"Ten-1.acme.example", "/1/2/3", "t@Ten-1 a=1 b=2/3"},
        {"t.acme.example.", "/1/2/", "t@t a=1 b=2"},
        {"h", "/f/a", "p=a"},
        {"h", "/f/a/b/", "p=a/b"},
        {"x.beta.example", "/1", "z=1"},
        {"x.beta.example", "/1/2/3", "z=1"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.path);
        const Match match = table.match("GET", c.path, c.host);
        EXPECT_EQ(match.outcome, Match::Outcome::found);
        EXPECT_EQ(captured(match), c.captures);
    }
    const std::string path = "/orgs/acme/x";
    const Match match = table.match("GET", path);
    ASSERT_NE(match.captures.find("org"), nullptr);
    EXPECT_EQ(match.captures.find("org")->value.data(), path.data() + 6);
    EXPECT_EQ(match.captures.find("team"), nullptr);
    EXPECT_EQ(match.captures.find(""), nullptr);
}

TEST(RouteTable, NoCaptureIsLeftFromTheMatchBefore) {
    const Table table({"/{a}/{b}", "/x"});
    Match match;
    table.routes.match("h", "GET", "/1/2", match);
    EXPECT_EQ(captured(match), "a=1 b=2");
    table.routes.match("h", "GET", "/x", match);
    EXPECT_EQ(captured(match), "");
    table.routes.match("h", "GET", "/1/2/3", match);
    EXPECT_EQ(captured(match), "");
    EXPECT_EQ(match.outcome, Match::Outcome::no_route);
}

TEST(RouteTable, ATrailingSlashIsTheSameRouteUnlessItIsDistinct) {
    const std::vector<std::string> texts{"/", "/a", "/b/", "/c/{x}", "/d/**", "/e/{p...}"};
    const Table same(texts);
    expect_winners(same, {
                             {"GET", "/", "h", "/"},
                             {"GET", "/a/", "h", "/a"},
                             {"GET", "/b", "h", "/b/"},
                             {"GET", "/b/", "h", "/b/"},
                             {"GET", "/c/1/", "h", "/c/{x}"},
                             {"GET", "/c/", "h", "404"},
                         });
    const Table distinct(texts, {.trailing_slash_distinct = true});
    expect_winners(distinct, {
                                 {"GET", "/", "h", "/"},
                                 {"GET", "/a", "h", "/a"},
                                 {"GET", "/a/", "h", "404"},
                                 {"GET", "/b", "h", "404"},
                                 {"GET", "/b/", "h", "/b/"},
                                 {"GET", "/c/1/", "h", "404"},
                                 {"GET", "/c/1", "h", "/c/{x}"},
                                 {"GET", "/d", "h", "/d/**"},
                                 {"GET", "/d/", "h", "/d/**"},
                                 {"GET", "/d/1/", "h", "/d/**"},
                                 {"GET", "/e/", "h", "404"},
                                 {"GET", "/e/1/", "h", "/e/{p...}"},
                             });
    const Table both({"/a", "/a/", "/a/**"}, {.trailing_slash_distinct = true});
    expect_winners(both, {{"GET", "/a", "h", "/a"}, {"GET", "/a/", "h", "/a/"}});
}

TEST(RouteTable, CaseMattersUnlessItIsSaidNotTo) {
    const std::vector<std::string> texts{"/Admin/{x}", "/{y}/**"};
    EXPECT_EQ(Table(texts).winner("GET", "/admin/1"), "/{y}/**");
    const Table folding(texts, {.case_sensitive = false});
    for (const std::string_view path : {"/admin/1", "/ADMIN/1", "/Admin/1", "/aDmIn/1"}) {
        SCOPED_TRACE(path);
        EXPECT_EQ(folding.winner("GET", path), "/Admin/{x}");
    }
    EXPECT_EQ(folding.winner("GET", "/admim/1"), "/{y}/**");
    EXPECT_EQ(captured(folding.match("GET", "/ADMIN/Ab")), "x=Ab");
}

TEST(RouteTable, WhereCaseDoesNotMatterLettersThatFoldToAsciiAreThose) {
    const std::vector<std::string> texts{"/tokens/{x}", "/kiss/{x}", "/office/{x}", "/{y}/**"};
    const Table folding(texts, {.case_sensitive = false});
    const Table exact(texts);
    const struct {
        std::string_view path, pattern;
    } cases[] = {
        {"/to%E2%84%AAens/1", "/tokens/{x}"}, {"/TO%E2%84%AAEN%C5%BF/1", "/tokens/{x}"},
        {"/k%C4%B0ss/1", "/kiss/{x}"},        {"/k%C4%B1ss/1", "/kiss/{x}"},
        {"/ki%C3%9F/1", "/kiss/{x}"},         {"/KI%E1%BA%9E/1", "/kiss/{x}"},
        {"/of%EF%AC%81ce/1", "/office/{x}"},  {"/o%EF%AC%83ce/1", "/office/{x}"},
        {"/o%EF%AC%80ICE/1", "/office/{x}"},  {"/t%C3%B6kens/1", "/{y}/**"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.path);
        EXPECT_EQ(folding.winner("GET", c.path), c.pattern);
        EXPECT_EQ(exact.winner("GET", c.path), "/{y}/**");
    }
}

TEST(RouteTable, EqualPatternsAreConflicts) {
    const struct {
        std::vector<std::string> texts;
        bool conflict;
        MatchRules rules{};
    } cases[] = {
        {{"/a", "/a"}, true},
        {{"GET /a", "GET /a"}, true},
        {{"GET /a", "POST,GET /a"}, true},
        {{"/{a}", "/{b}"}, true},
        {{"/x/{a}/y", "/x/{b}/y"}, true},
        {{"/{a...}", "/{b...}"}, true},
        {{"/a/**", "/a/**"}, true},
        {{"/a", "/a/"}, true},
        {{"*.h.example/a", "{t}.h.example/a"}, true},
        {{"H.example/a", "h.example./a"}, true},
        {{"/a", "/A"}, true, {.case_sensitive = false}},
        {{"/a", "/A"}, false},
        {{"/a", "/a/"}, false, {.trailing_slash_distinct = true}},
        {{"/a/**", "/a/{r...}"}, false},
        {{"GET /a", "/a"}, false},
        {{"GET /a", "HEAD /a"}, false},
        {{"GET /a", "POST /a"}, false},
        {{"/a", "h.example/a"}, false},
        {{"*.h.example/a", "*.g.example/a"}, false},
        {{"/{a}", "/a"}, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.texts[0] + " | " + c.texts[1]);
        const Table table(c.texts, c.rules);
        ASSERT_EQ(table.conflicts.size(), c.conflict ? 1U : 0U);
        if (!c.conflict) continue;
        EXPECT_EQ(table.conflicts[0].first, 0U);
        EXPECT_EQ(table.conflicts[0].second, 1U);
    }
    // Said once for two patterns that share several methods.
    EXPECT_EQ(Table({"GET,POST /a", "POST,GET /a"}).conflicts.size(), 1U);
    EXPECT_EQ(Table({"/a", "/a", "/a"}).conflicts.size(), 2U);
}

TEST(RouteTable, TooManyCapturesAreAConflictWithItself) {
    std::string path;
    for (int i = 0; i < 16; ++i) path += "/{c" + std::to_string(i) + "}";
    EXPECT_TRUE(Table({"/x", path}).conflicts.empty());
    for (const std::string& text : {path + "/{more}", "{t}.acme.example" + path}) {
        const Table table({"/x", text});
        ASSERT_EQ(table.conflicts.size(), 1U);
        EXPECT_EQ(table.conflicts[0].first, 1U);
        EXPECT_EQ(table.conflicts[0].second, 1U);
    }
}

TEST(RouteTable, WhatIsNoPathMatchesNothing) {
    const Table table({"/**", "/{x}"});
    for (const std::string_view path : {"", "a", "*", "//", "//a", "/a//b"}) {
        SCOPED_TRACE(path);
        EXPECT_NE(table.winner("GET", path), "/{x}");
        if (!path.starts_with('/')) EXPECT_EQ(table.winner("GET", path), "404");
    }
}

TEST(RouteTable, MovesAndStaysWhole) {
    Table table({"/{name}"});
    RouteTable moved = std::move(table.routes);
    Match match;
    moved.match("h", "GET", "/x", match);
    EXPECT_EQ(captured(match), "name=x");
    table.routes.match("h", "GET", "/x", match);  // NOLINT(bugprone-use-after-move): is empty
    EXPECT_EQ(match.outcome, Match::Outcome::no_route);
}

// Servers decode a path before they look at it: to them these are one resource.
TEST(RouteTable, AnEscapedCharacterIsNoWayAroundALiteralSegment) {
    const Table table({"POST /items:purge", "POST /{name}", "/@me/secrets", "/{user}/secrets",
                       "/a%20b", "/caf%C3%A9", "/{rest...}"});
    ASSERT_TRUE(table.conflicts.empty());
    expect_winners(table, {
                              {"POST", "/items:purge", "", "POST /items:purge"},
                              {"POST", "/items%3Apurge", "", "POST /items:purge"},
                              {"POST", "/items%253Apurge", "", "POST /{name}"},
                              {"GET", "/@me/secrets", "", "/@me/secrets"},
                              {"GET", "/%40me/secrets", "", "/@me/secrets"},
                              {"GET", "/%40you/secrets", "", "/{user}/secrets"},
                              {"GET", "/a%20b", "", "/a%20b"},
                              {"GET", "/caf%C3%A9", "", "/caf%C3%A9"},
                          });
    EXPECT_EQ(captured(table.match("POST", "/a%3Ab")), "name=a%3Ab");
}

TEST(RouteTable, TwoSpellingsOfOneLiteralAreAConflict) {
    const Table table({"/items:purge", "/items%3Apurge"});
    ASSERT_EQ(table.conflicts.size(), 1U);
    EXPECT_EQ(table.conflicts[0].first, 0U);
    EXPECT_EQ(table.conflicts[0].second, 1U);
}

}  // namespace
}  // namespace bearergate::core
