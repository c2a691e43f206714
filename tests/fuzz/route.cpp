// Route patterns and the table of them, against the naive matcher that tests/core has from the
// text of the documentation. Input: patterns, a line each; an empty line; requests, a line each:
// METHOD HOST TARGET.
#include <bearergate/core/route_table.hpp>

#include "core/naive_routes.hpp"
#include "fuzz.hpp"

#include <set>
#include <string>
#include <vector>

namespace bearergate::fuzz {

namespace {

using namespace core;

constexpr std::size_t most_patterns = 24;

std::vector<RoutePattern> read_patterns(std::string_view& input) {
    std::vector<RoutePattern> patterns;
    while (!input.empty()) {
        const std::string_view line = take_line(input);
        if (line.empty()) break;
        auto pattern = parse_route_pattern(line, {});
        if (!pattern) {
            require(!pattern.error().message.empty(), "a fault says what is wrong");
            require(pattern.error().offset <= line.size(), "and where");
            continue;
        }
        require(pattern->capture_names().size() <= line.size(), "captures come from the text");
        if (patterns.size() < most_patterns) patterns.push_back(*std::move(pattern));
    }
    return patterns;
}

void require_order(const RoutePattern& a, const RoutePattern& b, const MatchRules& rules) {
    require(!(more_specific(a, b) && more_specific(b, a)), "only one is the more specific");
    require(overlap(a, b, rules) == overlap(b, a, rules), "overlapping goes both ways");
}

// Loading refuses patterns that conflict; here they are left out.
RouteTable compile(std::vector<RoutePattern>& patterns, const MatchRules& rules) {
    std::vector<RoutePattern> kept;
    std::vector<RouteConflict> conflicts;
    for (RoutePattern& pattern : patterns) {
        kept.push_back(std::move(pattern));
        conflicts.clear();
        (void)RouteTable::compile(kept, rules, conflicts);
        for (const auto& [first, second] : conflicts) {
            require(first <= second && second == kept.size() - 1, "the newest is in the conflict");
            require(first == second || overlap(kept[first], kept[second], rules),
                    "what conflicts overlaps");
        }
        if (!conflicts.empty()) kept.pop_back();
    }
    patterns = std::move(kept);
    for (const auto& a : patterns) {
        for (const auto& b : patterns) require_order(a, b, rules);
    }
    conflicts.clear();
    auto table = RouteTable::compile(patterns, rules, conflicts);
    require(conflicts.empty(), "what was compiled one by one compiles");
    return table;
}

std::set<std::string> methods_in(const std::string& allow) {
    std::set<std::string> methods;
    for (const std::string& method : naive::split(allow, ','))
        methods.insert(method.starts_with(' ') ? method.substr(1) : method);
    return methods;
}

// Every captured value is a part of what it was caught from, and its segments are not empty.
void require_captures(const Match& match, const RoutePattern& pattern, std::string_view path) {
    const auto names = pattern.capture_names();
    const auto captures = match.captures.all();
    require(captures.size() == names.size(), "every brace caught something");
    for (std::size_t i = 0; i < names.size(); ++i) {
        require(captures[i].name == names[i], "by its name");
        require(!captures[i].value.empty(), "and not nothing");
        require(captures[i].is_host_label || path.contains(captures[i].value), "out of the path");
    }
}

void try_request(const RouteTable& table, const std::vector<RoutePattern>& patterns,
                 const MatchRules& rules, const naive::Request& request) {
    Match match;
    table.match(request.host, request.method, request.path, match);
    naive::Answer expected = naive::answer_for(patterns, rules, request);
    // The naive matcher knows only some methods by name, and so not every route that is in reach.
    if (!expected.route && std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
            return naive::host_matches(pattern.host, request.host) &&
                   naive::path_matches(pattern, request.path, rules);
        })) {
        expected.outcome = Match::Outcome::method_not_allowed;
    }
    require(match.outcome == expected.outcome, "the outcome is the naive one");
    if (expected.route) {
        require(match.route == *expected.route, "the most specific pattern wins");
        require_captures(match, patterns[match.route], request.path);
    } else if (match.outcome == Match::Outcome::method_not_allowed) {
        const auto allowed = methods_in(match.allow);
        require(std::includes(allowed.begin(), allowed.end(), expected.allowed.begin(),
                              expected.allowed.end()),
                "Allow names every method that has a route");
        for (const auto& method : allowed) {
            Match other;
            table.match(request.host, method, request.path, other);
            require(other.outcome == Match::Outcome::found, "and no other");
        }
    }
}

}  // namespace

void try_input(std::string_view input) {
    const MatchRules rules{.case_sensitive = !input.starts_with('!'),
                           .trailing_slash_distinct = input.starts_with('=')};
    if (input.starts_with('!') || input.starts_with('=')) (void)take_line(input);
    auto patterns = read_patterns(input);
    const auto table = compile(patterns, rules);
    for (int i = 0; i < 16 && !input.empty(); ++i) {
        const auto words = naive::split(take_line(input), ' ');
        if (words.size() != 3) continue;
        std::string scratch;
        const auto target = Target::parse(words[2], {}, scratch);
        if (!target) continue;
        try_request(table, patterns, rules,
                    {.host = words[1], .method = words[0], .path = std::string(target->path())});
    }
}

}  // namespace bearergate::fuzz
