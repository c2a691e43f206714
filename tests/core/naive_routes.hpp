#pragma once

#include <bearergate/core/route_table.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

// A matcher written from the text of docs/configuration.md, slow and with nothing in common with
// the tree; and random patterns and requests to compare the two by.
namespace bearergate::core::naive {

using Random = std::mt19937;

template <class Choices>
auto pick(Random& random, const Choices& choices) {
    return choices[std::uniform_int_distribution<std::size_t>(0, std::size(choices) - 1)(random)];
}
inline bool chance(Random& random, double probability) {
    return std::bernoulli_distribution(probability)(random);
}

// Few words, so that patterns and requests meet often.
inline constexpr std::array<std::string_view, 7> words{"a", "b", "A", "c", "a%20b", "a:b", "a%3Ab"};
inline constexpr std::array<std::string_view, 5> methods{"GET", "HEAD", "POST", "PURGE", "OPTIONS"};
inline constexpr std::array<std::string_view, 6> hosts{"x.test",   "y.test",  "b.x.test",
                                                       "A.X.test", "X.Test.", ""};

inline std::string random_pattern(Random& random) {
    std::string text;
    if (chance(random, 0.5)) {
        std::vector<std::string_view> named(methods.begin(), methods.end());
        std::shuffle(named.begin(), named.end(), random);
        const std::size_t count = chance(random, 0.7) ? 1 : 2;
        for (std::size_t i = 0; i < count; ++i) text.append(i == 0 ? "" : ",").append(named[i]);
        text += ' ';
    }
    constexpr std::array<std::string_view, 5> host_patterns{"x.test", "*.x.test", "{h}.x.test",
                                                            "*.test", "b.x.test"};
    if (chance(random, 0.4)) text += pick(random, host_patterns);
    const int segments = std::uniform_int_distribution(0, 4)(random);
    for (int i = 0; i < segments; ++i) {
        const std::string number = std::to_string(i);
        text += chance(random, 0.6) ? "/" + std::string(pick(random, words)) : "/{s" + number + "}";
    }
    if (chance(random, 0.2)) return text + "/**";
    if (chance(random, 0.2)) return text + "/{rest...}";
    return text + (segments == 0 || chance(random, 0.2) ? "/" : "");
}

inline std::string random_path(Random& random) {
    std::string path;
    const int segments = std::uniform_int_distribution(0, 5)(random);
    for (int i = 0; i < segments; ++i) path += "/" + std::string(pick(random, words));
    return path + (segments == 0 || chance(random, 0.25) ? "/" : "");
}

inline std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(c));
    return text;
}

// As lower(), and what some folding takes for an ASCII letter is that letter.
inline std::string folded(std::string text) {
    constexpr std::pair<std::string_view, std::string_view> lookalikes[] = {
        {"\xC3\x9F", "ss"},      {"\xC4\xB0", "i"},       {"\xC4\xB1", "i"},
        {"\xC5\xBF", "s"},       {"\xE1\xBA\x9E", "ss"},  {"\xE2\x84\xAA", "k"},
        {"\xEF\xAC\x80", "ff"},  {"\xEF\xAC\x81", "fi"},  {"\xEF\xAC\x82", "fl"},
        {"\xEF\xAC\x83", "ffi"}, {"\xEF\xAC\x84", "ffl"}, {"\xEF\xAC\x85", "st"},
        {"\xEF\xAC\x86", "st"}};
    for (const auto& [utf8, letters] : lookalikes) {
        for (auto at = text.find(utf8); at != std::string::npos; at = text.find(utf8))
            text.replace(at, utf8.size(), letters);
    }
    return lower(std::move(text));
}

inline std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

// --- The text of the documentation, sentence by sentence. -------------------------------------

struct Request {
    std::string host, method, path;
};

inline Request random_request(Random& random) {
    return {std::string(pick(random, hosts)), std::string(pick(random, methods)),
            random_path(random)};
}

inline bool host_matches(const HostPattern& pattern, std::string host) {
    if (pattern.kind == HostPattern::Kind::none) return true;
    host = lower(std::move(host));
    if (host.ends_with('.')) host.pop_back();
    if (pattern.kind == HostPattern::Kind::exact) return host == pattern.text;
    auto labels = split(host, '.');
    if (labels.size() < 2 || labels.front().empty()) return false;
    return host.substr(labels.front().size() + 1) == pattern.text;
}

inline bool method_matches(const RoutePattern& pattern, const std::string& method) {
    const std::set<std::string> named(pattern.methods.begin(), pattern.methods.end());
    if (named.empty()) {
        return std::set<std::string>{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
            .contains(method);
    }
    return named.contains(method) || (method == "HEAD" && named.contains("GET"));
}

inline bool path_matches(const RoutePattern& pattern, const std::string& path,
                         const MatchRules& rules) {
    std::vector<std::string> segments = split(path.substr(1), '/');
    const bool slash = path.size() > 1 && segments.back().empty();
    if (segments.back().empty()) segments.pop_back();
    std::size_t i = 0;
    for (const Segment& wanted : pattern.segments) {
        if (wanted.kind == Segment::Kind::any_rest) return true;
        if (i == segments.size()) return false;
        if (wanted.kind == Segment::Kind::rest_capture) return true;
        if (wanted.kind == Segment::Kind::literal) {
            const std::string given = percent_decoded(segments[i]);
            const std::string text = percent_decoded(wanted.text);
            const bool equal = rules.case_sensitive ? given == text : folded(given) == folded(text);
            if (!equal) return false;
        }
        ++i;
    }
    if (i != segments.size()) return false;
    return !rules.trailing_slash_distinct || slash == pattern.trailing_slash;
}

// Smaller wins. "exact host before wildcard host before none; then, segment by segment from the
// left, end of pattern before literal before {name} before {name...} before /**; then a named
// method before none", with HEAD by name before the GET that stands in for it.
inline std::vector<int> rank(const RoutePattern& pattern, const std::string& method) {
    std::vector<int> ranks{static_cast<int>(pattern.host.kind)};
    for (const Segment& segment : pattern.segments) {
        ranks.push_back(segment.kind == Segment::Kind::literal        ? 1
                        : segment.kind == Segment::Kind::capture      ? 2
                        : segment.kind == Segment::Kind::rest_capture ? 3
                                                                      : 4);
    }
    ranks.push_back(0);  // the end
    const auto& named = pattern.methods;
    const bool by_name = std::find(named.begin(), named.end(), method) != named.end();
    ranks.push_back(by_name ? 0 : !named.empty() ? 1 : 2);
    return ranks;
}

struct Answer {
    Match::Outcome outcome = Match::Outcome::no_route;
    std::optional<std::size_t> route{};
    std::set<std::string> allowed{};
};

inline Answer answer_for(const std::vector<RoutePattern>& patterns, const MatchRules& rules,
                         const Request& request) {
    Answer answer;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        const RoutePattern& pattern = patterns[i];
        if (!host_matches(pattern.host, request.host)) continue;
        if (!path_matches(pattern, request.path, rules)) continue;
        for (const std::string_view method :
             {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"}) {
            if (method_matches(pattern, std::string(method))) answer.allowed.emplace(method);
        }
        if (!method_matches(pattern, request.method)) continue;
        if (!answer.route ||
            rank(pattern, request.method) < rank(patterns[*answer.route], request.method)) {
            answer.route = i;
        }
    }
    answer.outcome = answer.route             ? Match::Outcome::found
                     : answer.allowed.empty() ? Match::Outcome::no_route
                                              : Match::Outcome::method_not_allowed;
    return answer;
}

}  // namespace bearergate::core::naive
