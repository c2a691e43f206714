// Random tables and requests: the tree against the text of docs/configuration.md.
#include <bearergate/core/route_table.hpp>

#include "naive_routes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

namespace bearergate::core {
namespace {

using namespace naive;

struct RandomTable {
    MatchRules rules{};
    std::vector<std::string> texts{};
    std::vector<RoutePattern> patterns{};
    RouteTable table{};
    std::string story{};  // for a failure's message
};

// Patterns that clash with one before them are left out, as loading refuses them.
RandomTable random_table(Random& random) {
    RandomTable made;
    made.rules = {.case_sensitive = chance(random, 0.7),
                  .trailing_slash_distinct = chance(random, 0.3)};
    const int count = std::uniform_int_distribution(1, 25)(random);
    std::vector<RouteConflict> conflicts;
    for (int i = 0; i < count; ++i) {
        const std::string text = random_pattern(random);
        const auto pattern = parse_route_pattern(text, {});
        if (!pattern) {
            ADD_FAILURE() << text << ": " << pattern.error().message;
            continue;
        }
        auto longer = made.patterns;
        longer.push_back(*pattern);
        conflicts.clear();
        (void)RouteTable::compile(longer, made.rules, conflicts);
        if (!conflicts.empty()) continue;
        made.patterns = std::move(longer);
        made.texts.push_back(text);
    }
    made.table = RouteTable::compile(made.patterns, made.rules, conflicts);
    for (const std::string& text : made.texts) made.story += text + "\n";
    made.story += made.rules.case_sensitive ? "" : "ignoring case\n";
    made.story += made.rules.trailing_slash_distinct ? "slash distinct\n" : "";
    return made;
}

TEST(RouteTableProperty, AgreesWithTheDocumentation) {
    constexpr unsigned seed = 7;
    SCOPED_TRACE(seed);
    Random random(seed);
    int found = 0;
    int refused = 0;
    for (int t = 0; t < 600; ++t) {
        const RandomTable table = random_table(random);
        for (int r = 0; r < 60; ++r) {
            const Request request = random_request(random);
            const Answer expected = answer_for(table.patterns, table.rules, request);
            Match match;
            table.table.match(request.host, request.method, request.path, match);
            const std::string story =
                table.story + request.method + " " + request.host + request.path;
            ASSERT_EQ(match.outcome, expected.outcome) << story;
            if (expected.route) {
                ++found;
                ASSERT_EQ(match.route, *expected.route) << story;
                ASSERT_EQ(match.captures.all().size(),
                          table.patterns[match.route].capture_names().size())
                    << story;
            } else if (!expected.allowed.empty()) {
                ++refused;
                std::set<std::string> allowed;
                for (std::string& method : split(match.allow, ','))
                    allowed.insert(method.starts_with(' ') ? method.substr(1) : method);
                ASSERT_EQ(allowed, expected.allowed) << story;
            }
        }
    }
    // The words are few enough that every kind of answer comes up often.
    EXPECT_GT(found, 5'000);
    EXPECT_GT(refused, 1'000);
}

TEST(RouteTableProperty, CapturesSpellTheSegmentsThatTheyStandFor) {
    constexpr unsigned seed = 11;
    SCOPED_TRACE(seed);
    Random random(seed);
    int seen = 0;
    for (int t = 0; t < 300; ++t) {
        const RandomTable table = random_table(random);
        for (int r = 0; r < 40; ++r) {
            const Request request = random_request(random);
            Match match;
            table.table.match(request.host, request.method, request.path, match);
            if (match.outcome != Match::Outcome::found) continue;
            const RoutePattern& pattern = table.patterns[match.route];
            // Put what was caught back in place of the braces, and get the path again.
            std::string path;
            for (const Segment& segment : pattern.segments) {
                if (segment.kind == Segment::Kind::any_rest) break;
                if (segment.kind == Segment::Kind::literal) {
                    path += "/" + segment.text;
                    continue;
                }
                const auto* capture = match.captures.find(segment.text);
                ASSERT_NE(capture, nullptr);
                ASSERT_FALSE(capture->value.empty());
                if (segment.kind == Segment::Kind::capture)
                    ASSERT_FALSE(capture->value.contains('/'));
                path += "/" + std::string(capture->value);
                ++seen;
            }
            path = percent_decoded(path);
            std::string whole = percent_decoded(request.path);
            if (!table.rules.case_sensitive) {
                path = folded(path);
                whole = folded(whole);
            }
            ASSERT_TRUE(whole.starts_with(path)) << table.story << request.path;
        }
    }
    EXPECT_GT(seen, 1'000);
}

// The target's normal form and its normal form again are one path to every table.
TEST(RouteTableProperty, MatchesANormalisedTargetAsItMatchesItsNormalForm) {
    constexpr unsigned seed = 23;
    SCOPED_TRACE(seed);
    Random random(seed);
    constexpr std::array<std::string_view, 12> pieces{"/", "/",  "a",   "b", "%61", "%62",
                                                      ".", "..", "%2e", "A", "%20", "/a"};
    int compared = 0;
    for (int t = 0; t < 200; ++t) {
        const RandomTable table = random_table(random);
        for (int r = 0; r < 50; ++r) {
            std::string raw = "/";
            const int count = std::uniform_int_distribution(0, 8)(random);
            for (int i = 0; i < count; ++i) raw += pick(random, pieces);
            std::string first;
            std::string second;
            const auto once = Target::parse(raw, {}, first);
            if (!once) continue;
            const auto twice = Target::parse(once->path(), {}, second);
            ASSERT_TRUE(twice) << raw;
            Match a;
            Match b;
            table.table.match("x.test", "GET", once->path(), a);
            table.table.match("x.test", "GET", twice->path(), b);
            ASSERT_EQ(a.outcome, b.outcome) << raw;
            ASSERT_EQ(a.route, b.route) << raw;
            ++compared;
        }
    }
    EXPECT_GT(compared, 1'000);
}

}  // namespace
}  // namespace bearergate::core
