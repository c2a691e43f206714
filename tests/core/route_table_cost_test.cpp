// What a match costs: no memory when a route is found, and steps that follow the path, not the
// table.
#include <bearergate/core/route_table.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

namespace {

std::atomic<long> allocations{0};

}  // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace bearergate::core {
namespace {

RouteTable compiled(const std::vector<std::string>& texts, const MatchRules& rules = {}) {
    std::vector<RoutePattern> patterns;
    for (const std::string& text : texts) patterns.push_back(parse_route_pattern(text, {}).value());
    std::vector<RouteConflict> conflicts;
    RouteTable table = RouteTable::compile(patterns, rules, conflicts);
    EXPECT_TRUE(conflicts.empty());
    return table;
}

TEST(RouteTableCost, AFoundMatchAllocatesNothing) {
    const std::vector<std::string> texts{"GET /a-literal-that-fits-no-small-string/x",
                                         "{tenant}.acme.example/{a}/{b}/{rest...}",
                                         "a.quite.long.host.name.acme.example/**", "/{x}/**"};
    for (const MatchRules& rules : {MatchRules{}, MatchRules{.case_sensitive = false},
                                    MatchRules{.trailing_slash_distinct = true}}) {
        const RouteTable table = compiled(texts, rules);
        const struct {
            std::string host, method, path;
        } requests[] = {
            {"h", "GET", "/a-literal-that-fits-no-small-string/x"},
            {"h", "HEAD", "/a-literal-that-fits-no-small-string/x"},
            {"h", "DELETE", "/a-literal-that-fits-no-small-string/x/y/z"},
            {"a-long-tenant-name-of-somebody.acme.example.", "POST", "/1/2/3/4/5/6/7/8/9"},
            {"A.QUITE.LONG.HOST.NAME.ACME.EXAMPLE", "OPTIONS", "/"},
        };
        Match match;
        for (const auto& request : requests) {
            SCOPED_TRACE(request.path);
            const long before = allocations;
            table.match(request.host, request.method, request.path, match);
            EXPECT_EQ(allocations, before);
            EXPECT_EQ(match.outcome, Match::Outcome::found);
        }
    }
}

std::vector<std::string> api_of(int resources) {
    std::vector<std::string> texts;
    for (int i = 0; static_cast<int>(texts.size()) < resources; ++i) {
        const std::string name = "/resource-" + std::to_string(i);
        for (const std::string& text :
             {"GET " + name, "POST " + name, "GET " + name + "/{id}", "DELETE " + name + "/{id}",
              "GET /orgs/{orgId}" + name, "POST /orgs/{orgId}" + name,
              "GET /orgs/{orgId}" + name + "/{id}", "PUT /orgs/{orgId}" + name + "/{id}",
              "GET /orgs/{orgId}" + name + "/{id}/history", name + "/{id}/files/**"})
            texts.push_back(text);
    }
    return texts;
}

TEST(RouteTableCost, TenThousandRoutesTakeTheStepsOfTen) {
    const RouteTable small = compiled(api_of(10));
    const RouteTable large = compiled(api_of(10'000));
    for (const std::string path :
         {"/resource-0", "/resource-0/17", "/resource-0/17/files/a/b/c", "/orgs/acme/resource-0",
          "/orgs/acme/resource-0/17/history", "/orgs/acme/nothing", "/nothing", "/"}) {
        SCOPED_TRACE(path);
        Match in_small;
        Match in_large;
        small.match("h", "GET", path, in_small);
        large.match("h", "GET", path, in_large);
        EXPECT_EQ(in_small.outcome, in_large.outcome);
        EXPECT_EQ(in_small.steps, in_large.steps);
        EXPECT_LE(in_large.steps, 6U);
    }
}

// For the eye, not for the verdict: the machine that runs this may be busy.
TEST(RouteTableCost, PrintsWhatAMatchTakes) {
    for (const int count : {10, 100, 1'000, 10'000}) {
        const RouteTable table = compiled(api_of(count));
        constexpr int rounds = 20'000;
        Match match;
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < rounds; ++i)
            table.match("api.acme.example", "GET", "/orgs/acme/resource-0/17/history", match);
        const std::chrono::duration<double, std::nano> taken =
            std::chrono::steady_clock::now() - start;
        EXPECT_EQ(match.outcome, Match::Outcome::found);
        std::printf("%6d routes: %.0f ns a match\n", count, taken.count() / rounds);
    }
}

// Every way of choosing between a literal and a capture, at every depth: the table in which
// backtracking has the most to do. 2^depth patterns, all for GET; nothing else is answered.
TEST(RouteTableCost, NoPathCostsMoreThanTheTableHasPlaces) {
    constexpr unsigned depth = 10;
    std::vector<std::string> texts;
    for (unsigned choice = 0; choice < 1U << depth; ++choice) {
        std::string text = "GET ";
        for (unsigned i = 0; i < depth; ++i)
            text += (choice >> i & 1U) != 0 ? "/a" : "/{s" + std::to_string(i) + "}";
        texts.push_back(text + "/end");
    }
    const RouteTable table = compiled(texts);
    const std::size_t places = (2U << depth) - 1 + (1U << depth);
    std::string path;
    Match match;
    for (unsigned segments = 0; segments < 400; ++segments) {
        table.match("h", "GET", path + "/end", match);
        EXPECT_LE(match.steps, places) << segments;
        EXPECT_EQ(match.outcome == Match::Outcome::found, segments == depth);
        table.match("h", "POST", path + "/end", match);
        EXPECT_LE(match.steps, places) << segments;
        path += "/a";
    }
}

// A request cannot make a handful of patterns with alternatives cost more than that handful.
TEST(RouteTableCost, FewPatternsStayCheapForEveryPath) {
    const RouteTable table =
        compiled({"GET /{a}/{b}/{c}/{d}/x", "GET /a/{b}/c/{d}/x", "GET /a/a/{c}/a/x",
                  "GET /{a}/a/{c}/{d}/**", "GET /a/**", "GET /{a...}"});
    std::string path;
    Match match;
    for (int segments = 0; segments < 4'000; ++segments) {
        path += "/a";
        table.match("h", "GET", path, match);
        EXPECT_LE(match.steps, 20U);
        table.match("h", "POST", path, match);
        EXPECT_LE(match.steps, 20U);
    }
}

}  // namespace
}  // namespace bearergate::core
