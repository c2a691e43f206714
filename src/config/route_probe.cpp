#include "route_probe.hpp"

#include <bearergate/core/route_table.hpp>

#include <algorithm>

namespace bearergate::config {
namespace {

using core::HostPattern;
using core::RoutePattern;
using core::Segment;

constexpr std::string_view fresh = "\x01";  // no literal holds a control character

std::vector<std::string> hosts(const HostPattern& host) {
    switch (host.kind) {
        case HostPattern::Kind::exact: return {host.text};
        case HostPattern::Kind::wildcard: return {std::string(fresh) + "." + host.text};
        case HostPattern::Kind::none: return {std::string(fresh), ""};
    }
    return {};
}

std::vector<std::string> methods(const RoutePattern& pattern) {
    if (!pattern.methods.empty()) return pattern.methods;
    return {core::usual_methods.begin(), core::usual_methods.end()};
}

bool has_rest(const RoutePattern& pattern) {
    return !pattern.segments.empty() && pattern.segments.back().kind >= Segment::Kind::rest_capture;
}

// Every letter in the other case, but for those of percent-encoded bytes: they have none.
std::string swapped_case(std::string_view text) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        char& c = out[i];
        if (c == '%') {
            i += 2;
        } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            c = static_cast<char>(c ^ 0x20);
        }
    }
    return out;
}

// The path with each literal as `spell` writes it, and one segment for a rest.
template <class Spell>
std::string path_with(const RoutePattern& pattern, Spell spell) {
    std::string path;
    for (std::size_t i = 0; i < pattern.segments.size(); ++i) {
        const Segment& segment = pattern.segments[i];
        const bool is_literal = segment.kind == Segment::Kind::literal;
        path += '/';
        path += is_literal ? spell(i, segment.text) : std::string(fresh);
    }
    if (path.empty() || (pattern.trailing_slash && !has_rest(pattern))) path += '/';
    return path;
}

std::string path_of(const RoutePattern& pattern) {
    return path_with(pattern, [](std::size_t, const std::string& text) { return text; });
}

}  // namespace

RouteProbe::RouteProbe(const core::Policy& policy, const core::MatchRules& rules)
    : policy_(policy), rules_(rules) {
    for (const core::Route& route : policy.routes) {
        longest_ = std::max(longest_, route.pattern.segments.size() + 1);
    }
}

std::optional<std::size_t> RouteProbe::winner(const Request& request) const {
    core::Match match;
    policy_.table.match(request.host, request.method, request.path, match);
    if (match.outcome != core::Match::Outcome::found) return std::nullopt;
    return match.route;
}

std::optional<std::size_t> RouteProbe::taken_by(std::size_t route) const {
    const RoutePattern& pattern = policy_.routes[route].pattern;
    std::optional<std::size_t> other;
    for (const std::string& host : hosts(pattern.host)) {
        for (const std::string& path : paths(pattern)) {
            for (const std::string& method : methods(pattern)) {
                const auto taker = winner({.host = host, .method = method, .path = path});
                if (taker == route) return std::nullopt;
                if (taker) other = taker;
            }
        }
    }
    return other;
}

void RouteProbe::other_spellings(std::size_t route, const Visit& visit) const {
    const RoutePattern& pattern = policy_.routes[route].pattern;
    const std::string host = hosts(pattern.host).front();
    const std::string path = path_of(pattern);
    const auto enough = [&](const Request& request, std::string_view how) {
        const auto taker = winner(request);
        return taker && *taker != route && visit(*taker, how);
    };
    for (const std::string& method : methods(pattern)) {
        for (const std::string& respelled : respelled_paths(pattern)) {
            const Request request{.host = host, .method = method, .path = respelled};
            if (enough(request, "the same path in other letters' case")) return;
        }
        std::string slashed = path;
        path.ends_with('/') ? slashed.pop_back() : slashed.push_back('/');
        const bool differs = rules_.trailing_slash_distinct && !has_rest(pattern) && path != "/";
        const Request other_slash{.host = host, .method = method, .path = slashed};
        if (differs && enough(other_slash, "the same path with another slash")) return;
        if (pattern.host.kind == HostPattern::Kind::none) continue;
        const auto taker = winner({.host = std::string(fresh), .method = method, .path = path});
        // Another upstream serves another resource there.
        const bool is_same =
            taker && policy_.routes[*taker].upstream == policy_.routes[route].upstream;
        if (is_same && visit(*taker, "the same path under another host")) return;
    }
    for (const std::string_view method : core::usual_methods) {
        if (pattern.answers(method)) continue;
        const Request request{.host = host, .method = std::string(method), .path = path};
        const auto taker = winner(request);
        // A route that names the method means it.
        if (!taker || !policy_.routes[*taker].pattern.methods.empty()) continue;
        if (visit(*taker, "other methods")) return;
    }
}

std::vector<std::string> RouteProbe::respelled_paths(const RoutePattern& pattern) const {
    std::vector<std::string> found;
    if (!rules_.case_sensitive) return found;
    const std::string path = path_of(pattern);
    const auto add = [&](std::string respelled) {
        if (respelled != path && (found.empty() || found.front() != respelled)) {
            found.push_back(std::move(respelled));
        }
    };
    add(path_with(pattern,
                  [](std::size_t, const std::string& text) { return swapped_case(text); }));
    for (std::size_t only = 0; only < pattern.segments.size(); ++only) {
        add(path_with(pattern, [only](std::size_t i, const std::string& text) {
            return i == only ? swapped_case(text) : text;
        }));
    }
    return found;
}

// A rest may be longer than any other pattern is; only then nothing else takes it.
std::vector<std::string> RouteProbe::paths(const RoutePattern& pattern) const {
    std::string fixed;
    for (const Segment& segment : pattern.segments) {
        if (segment.kind == Segment::Kind::literal) fixed += "/" + segment.text;
        if (segment.kind == Segment::Kind::capture) fixed += "/" + std::string(fresh);
    }
    std::vector<std::string> found;
    const bool rest = has_rest(pattern);
    const bool may_be_empty = !rest || pattern.segments.back().kind == Segment::Kind::any_rest;
    for (std::size_t more = 0; more == 0 || (rest && more <= longest_); ++more) {
        if (more > 0) fixed += "/" + std::string(fresh);
        if (more == 0 && !may_be_empty) continue;
        if (!fixed.empty()) found.push_back(fixed);
        found.push_back(fixed + "/");
    }
    return found;
}

}  // namespace bearergate::config
