// more_specific() and overlap() against what matching does.
#include <bearergate/core/route_table.hpp>

#include "naive_routes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::core {
namespace {

using namespace naive;

RoutePattern read(std::string_view text) {
    return parse_route_pattern(text, {}).value();
}

TEST(MoreSpecific, FollowsTheDocumentedOrder) {
    // From the one that wins over all others to the one that loses to all.
    const std::string_view in_order[] = {"GET a.example/x",
                                         "a.example/**",
                                         "GET *.example/x",
                                         "HEAD /",
                                         "GET /",
                                         "/",
                                         "GET /a",
                                         "/a",
                                         "GET /a/b",
                                         "/a/b",
                                         "/a/b/**",
                                         "GET /a/{x}",
                                         "/a/{x}",
                                         "/a/{x}/c",
                                         "/a/{x...}",
                                         "GET /a/**",
                                         "/a/**",
                                         "/b",
                                         "/{x}",
                                         "/{x}/a",
                                         "/{x...}",
                                         "/**"};
    for (std::size_t i = 0; i < std::size(in_order); ++i) {
        for (std::size_t j = 0; j < std::size(in_order); ++j) {
            SCOPED_TRACE(std::string(in_order[i]) + " | " + std::string(in_order[j]));
            EXPECT_EQ(more_specific(read(in_order[i]), read(in_order[j])), i < j);
        }
    }
}

TEST(Overlap, IsWhetherSomeRequestIsMatchedByBoth) {
    const struct {
        std::string_view a, b;
        bool meet;
        MatchRules rules{};
    } cases[] = {
        {"/a", "/a", true},
        {"/a", "/b", false},
        {"/a", "/{x}", true},
        {"/a/b", "/{x}", false},
        {"/a/{x}", "/{y}/b", true},
        {"/a/{x}/c", "/{y}/b/d", false},
        {"/a/**", "/a", true},
        {"/a/{r...}", "/a", false},
        {"/a/{r...}", "/a/**", true},
        {"/a/{r...}", "/b/**", false},
        {"/**", "/a/{r...}", true},
        {"GET /a", "POST /a", false},
        {"GET /a", "HEAD /a", true},
        {"HEAD /a", "GET,POST /a", true},
        {"GET /a", "/a", true},
        {"PURGE /a", "/a", false},
        {"GET,PURGE /a", "PURGE,POST /a", true},
        {"h.example/a", "g.example/a", false},
        {"h.example/a", "*.example/a", true},
        {"h.g.example/a", "*.example/a", false},
        {"*.example/a", "*.g.example/a", false},
        {"*.example/a", "{t}.example/{x}", true},
        {"*.example/a", "/a", true},
        {"/a", "/A", false},
        {"/a", "/A", true, {.case_sensitive = false}},
        {"/a", "/a/", true},
        {"/a", "/a/", false, {.trailing_slash_distinct = true}},
        {"/a/", "/a/**", true, {.trailing_slash_distinct = true}},
        {"/a/", "/a/{r...}", false, {.trailing_slash_distinct = true}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.a) + " | " + std::string(c.b));
        EXPECT_EQ(overlap(read(c.a), read(c.b), c.rules), c.meet);
        EXPECT_EQ(overlap(read(c.b), read(c.a), c.rules), c.meet);
    }
}

// more_specific() and overlap() know no requests; matching does. Neither may contradict it.
TEST(RouteOrderProperty, MoreSpecificPatternsWinAndOnlyOverlappingOnesMeet) {
    constexpr unsigned seed = 13;
    SCOPED_TRACE(seed);
    Random random(seed);
    int met = 0;
    int apart = 0;
    for (int t = 0; t < 40'000; ++t) {
        const MatchRules rules{.case_sensitive = chance(random, 0.7),
                               .trailing_slash_distinct = chance(random, 0.3)};
        const std::string a_text = random_pattern(random);
        const std::string b_text = random_pattern(random);
        const std::vector<RoutePattern> pair{parse_route_pattern(a_text, {}).value(),
                                             parse_route_pattern(b_text, {}).value()};
        std::vector<RouteConflict> conflicts;
        const RouteTable table = RouteTable::compile(pair, rules, conflicts);
        const bool overlapping = overlap(pair[0], pair[1], rules);
        const std::string story = a_text + " | " + b_text;
        ASSERT_EQ(overlapping, overlap(pair[1], pair[0], rules)) << story;
        ASSERT_FALSE(more_specific(pair[0], pair[0])) << story;
        ASSERT_FALSE(more_specific(pair[0], pair[1]) && more_specific(pair[1], pair[0])) << story;
        if (!conflicts.empty()) {
            ASSERT_TRUE(overlapping) << story;
            continue;
        }
        for (int r = 0; r < 6; ++r) {
            const Request request = random_request(random);
            const auto candidate = [&](const RoutePattern& pattern) {
                return host_matches(pattern.host, request.host) &&
                       path_matches(pattern, request.path, rules) &&
                       method_matches(pattern, request.method);
            };
            if (!candidate(pair[0]) || !candidate(pair[1])) continue;
            ++met;
            Match match;
            table.match(request.host, request.method, request.path, match);
            const std::string told = story + " at " + request.method + " " + request.path;
            ASSERT_TRUE(overlapping) << told;
            ASSERT_TRUE(more_specific(pair[match.route], pair[1 - match.route])) << told;
        }
        if (!overlapping) ++apart;
    }
    EXPECT_GT(met, 500);
    EXPECT_GT(apart, 1'500);
}

// The other half: where overlap() says yes, a request that both match can be built.
TEST(RouteOrderProperty, OverlappingPatternsHaveARequestInCommon) {
    constexpr unsigned seed = 17;
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<std::string> paths{"/"};
    for (std::size_t from = 0, length = 1; length <= 5; ++length) {
        const std::size_t to = paths.size();
        for (std::size_t i = from; i < to; ++i) {
            for (const std::string_view word : {"a", "b", "A", "c", "a%20b", "a:b"})
                paths.push_back((paths[i] == "/" ? "" : paths[i]) + "/" + std::string(word));
        }
        from = to;
    }
    int overlapping = 0;
    for (int t = 0; t < 400; ++t) {
        const MatchRules rules{.case_sensitive = chance(random, 0.7),
                               .trailing_slash_distinct = chance(random, 0.3)};
        const std::string a_text = random_pattern(random);
        const std::string b_text = random_pattern(random);
        const RoutePattern a = parse_route_pattern(a_text, {}).value();
        const RoutePattern b = parse_route_pattern(b_text, {}).value();
        if (!overlap(a, b, rules)) continue;
        ++overlapping;
        bool common = false;
        for (const std::string_view host : {"x.test", "b.x.test", "q.test", "q.x.test"}) {
            if (!host_matches(a.host, std::string(host))) continue;
            if (!host_matches(b.host, std::string(host))) continue;
            for (const std::string& path : paths) {
                for (const std::string& spelled : {path, path == "/" ? path : path + "/"}) {
                    for (const std::string_view method : methods) {
                        common = common || (path_matches(a, spelled, rules) &&
                                            path_matches(b, spelled, rules) &&
                                            method_matches(a, std::string(method)) &&
                                            method_matches(b, std::string(method)));
                    }
                    if (common) break;
                }
                if (common) break;
            }
            if (common) break;
        }
        EXPECT_TRUE(common) << a_text << " | " << b_text;
    }
    EXPECT_GT(overlapping, 40);
}

// A strict weak ordering, or sorting by it would be undefined behaviour.
TEST(RouteOrderProperty, MoreSpecificIsAStrictWeakOrdering) {
    constexpr unsigned seed = 19;
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<RoutePattern> all;
    std::vector<std::string> texts;
    for (int i = 0; i < 90; ++i) {
        texts.push_back(random_pattern(random));
        all.push_back(parse_route_pattern(texts.back(), {}).value());
    }
    const auto equal = [](const RoutePattern& a, const RoutePattern& b) {
        return !more_specific(a, b) && !more_specific(b, a);
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = 0; j < all.size(); ++j) {
            for (std::size_t k = 0; k < all.size(); ++k) {
                if (more_specific(all[i], all[j]) && more_specific(all[j], all[k]))
                    ASSERT_TRUE(more_specific(all[i], all[k]))
                        << texts[i] << " | " << texts[j] << " | " << texts[k];
                if (equal(all[i], all[j]) && equal(all[j], all[k]))
                    ASSERT_TRUE(equal(all[i], all[k]))
                        << texts[i] << " | " << texts[j] << " | " << texts[k];
            }
        }
    }
}

}  // namespace
}  // namespace bearergate::core
