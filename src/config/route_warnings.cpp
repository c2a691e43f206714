// What a sound configuration may still do that its writer does not expect.
#include <bearergate/core/route_pattern.hpp>
#include <bearergate/core/route_table.hpp>

#include "blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace bearergate::config {
namespace {

using core::Access;
using core::OrganizationSource;
using core::Route;
using core::RoutePattern;
using core::Rule;
using core::Segment;

bool looks_at_tokens(const Rule& rule) {
    return rule.access == Access::token || rule.access == Access::optional;
}

bool is_bound(const Rule& rule) {
    return rule.organization.kind != OrganizationSource::Kind::none &&
           rule.organization.kind != OrganizationSource::Kind::ignore;
}

bool names_a_tenant(const std::string& capture) {
    constexpr std::array<std::string_view, 5> words{"org", "tenant", "team", "workspace",
                                                    "account"};
    const std::string folded = lower_case(capture);
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return folded.find(word) != std::string::npos;
    });
}

void warn_about_tenants(const Route& route, Place place, Draft& draft) {
    const auto kind = route.rule.organization.kind;
    if (!looks_at_tokens(route.rule) || kind == OrganizationSource::Kind::ignore) return;
    const bool anyones = kind == OrganizationSource::Kind::any;
    if (is_bound(route.rule) && !anyones) return;
    for (const std::string& name : route.pattern.capture_names()) {
        if (!names_a_tenant(name)) continue;
        draft.warn(place, fmt::format("{} captures {} but binds the token to {}: any token may "
                                      "name any of them; add organization: \"{{{}}}\", or "
                                      "organization: ignore if that is meant",
                                      shown(route.text), shown(name),
                                      anyones ? "any organization" : "none", name));
    }
}

void warn_about_issuers(const Route& route, bool says_which, Place place, Draft& draft) {
    const auto& accepts = route.rule.accepts_issuer;
    if (!looks_at_tokens(route.rule) || accepts.size() < 2 || says_which) return;
    draft.warn(place, fmt::format("{} does not say whose tokens it takes: every one of the {} "
                                  "issuers may speak for every subject; add 'issuer'",
                                  shown(route.text), accepts.size()));
}

// How much a route asks, as far as two can be compared.
int rank(const Route& route) {
    if (route.mode == core::Mode::shadow) return 0;
    switch (route.rule.access) {
        case Access::open: return 0;
        case Access::optional: return 1;
        case Access::token: return 2;
        case Access::deny: return 3;
    }
    return 3;
}

template <class T>
bool holds_all(const std::vector<T>& whole, const std::vector<T>& part) {
    return std::all_of(part.begin(), part.end(), [&](const T& one) {
        return std::find(whole.begin(), whole.end(), one) != whole.end();
    });
}

bool same_condition(const core::ClaimCondition& a, const core::ClaimCondition& b) {
    return a.claim.text == b.claim.text && a.kind == b.kind && a.values == b.values;
}

bool claims_at_least(const Rule& more, const Rule& less) {
    return std::all_of(less.claims.begin(), less.claims.end(), [&](const auto& wanted) {
        return std::any_of(more.claims.begin(), more.claims.end(),
                           [&](const auto& one) { return same_condition(one, wanted); });
    });
}

// Whoever satisfies `more` satisfies `less`.
bool asks_at_least(const Rule& more, const Rule& less) {
    for (std::size_t i = 0; i < less.accepts_issuer.size(); ++i) {
        if (more.accepts_issuer[i] && !less.accepts_issuer[i]) return false;
    }
    const bool any_scope = less.any_scope.empty() ||
                           (!more.any_scope.empty() && holds_all(less.any_scope, more.any_scope));
    return holds_all(more.scopes, less.scopes) && any_scope && claims_at_least(more, less);
}

bool is_weaker(const Route& weak, const Route& strong) {
    const int difference = rank(strong) - rank(weak);
    if (difference != 0) return difference > 0;
    if (rank(weak) == 0 || rank(weak) == 3) return false;
    if (is_bound(weak.rule) != is_bound(strong.rule)) return is_bound(strong.rule);
    return asks_at_least(strong.rule, weak.rule) && !asks_at_least(weak.rule, strong.rule);
}

bool has_wildcard(const RoutePattern& pattern) {
    return std::any_of(pattern.segments.begin(), pattern.segments.end(),
                       [](const Segment& s) { return s.kind != Segment::Kind::literal; });
}

Segment::Kind kind_at(const RoutePattern& pattern, std::size_t i) {
    if (i < pattern.segments.size()) return pattern.segments[i].kind;
    const bool has_rest =
        !pattern.segments.empty() && (pattern.segments.back().kind == Segment::Kind::any_rest ||
                                      pattern.segments.back().kind == Segment::Kind::rest_capture);
    return has_rest ? Segment::Kind::any_rest : Segment::Kind::literal;
}

// An exception that says what it is: within `wide`, and told apart from it by a literal segment, a
// method or a host of its own.
bool is_stated_exception(const RoutePattern& narrow, const RoutePattern& wide) {
    bool stated =
        (wide.methods.empty() && !narrow.methods.empty()) || narrow.host.kind < wide.host.kind;
    const std::size_t length = std::max(narrow.segments.size(), wide.segments.size());
    for (std::size_t i = 0; i < length; ++i) {
        const bool narrow_literal = kind_at(narrow, i) == Segment::Kind::literal;
        const bool wide_literal = kind_at(wide, i) == Segment::Kind::literal;
        if (wide_literal && !narrow_literal) return false;
        if (narrow_literal && !wide_literal) stated = true;
    }
    return stated;
}

bool has_letter(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

// What of `exact`'s requests, spelled otherwise, goes to the less specific `wide`; "" for nothing.
std::string_view other_spelling(const RoutePattern& exact, const RoutePattern& wide,
                                const core::MatchRules& rules) {
    for (std::size_t i = 0; i < exact.segments.size() && rules.case_sensitive; ++i) {
        const Segment& segment = exact.segments[i];
        const bool free = kind_at(wide, i) != Segment::Kind::literal;
        if (segment.kind == Segment::Kind::literal && free && has_letter(segment.text)) {
            return "the same path in other letters' case";
        }
    }
    if (!exact.methods.empty() && !holds_all(exact.methods, wide.methods)) return "other methods";
    if (!exact.methods.empty() && wide.methods.empty()) return "other methods";
    return rules.trailing_slash_distinct && has_wildcard(wide) ? "the same path with another slash"
                                                               : "";
}

RoutePattern of_all_methods(RoutePattern pattern) {
    pattern.methods.clear();
    return pattern;
}

// Compares every route with every stronger one. The number of comparisons is bounded, since files
// of ten thousand routes are allowed and it grows with the square.
class Comparison {
public:
    explicit Comparison(Draft& draft) : draft_(draft), routes_(draft.policy.routes) {
        for (const Route& route : routes_) bare_.push_back(of_all_methods(route.pattern));
    }

    void run() {
        for (std::size_t weak = 0; weak < routes_.size() && budget_ > 0; ++weak) {
            if (has_wildcard(routes_[weak].pattern)) compare(weak);
        }
        if (budget_ == 0) {
            draft_.warn({},
                        "too many routes to compare each with every other: not all of them "
                        "were looked at for weaker ones in their way");
        }
    }

private:
    void compare(std::size_t weak) {
        std::size_t first = 0;
        std::size_t count = 0;
        std::string_view how;
        for (std::size_t strong = 0; strong < routes_.size() && budget_ > 0; ++strong) {
            if (strong == weak || !is_weaker(routes_[weak], routes_[strong])) continue;
            --budget_;
            if (!core::overlap(bare_[weak], bare_[strong], draft_.config.matching)) continue;
            const RoutePattern& a = routes_[weak].pattern;
            const RoutePattern& b = routes_[strong].pattern;
            if (core::more_specific(a, b)) {
                warn_of_winner(weak, strong);
            } else if (core::more_specific(b, a)) {
                const std::string_view found = other_spelling(b, a, draft_.config.matching);
                if (found.empty()) continue;
                if (count++ == 0) {
                    first = strong;
                    how = found;
                }
            }
        }
        if (count > 0) warn_of_spellings(weak, first, count, how);
    }

    void warn_of_winner(std::size_t weak, std::size_t strong) {
        const RoutePattern& a = routes_[weak].pattern;
        const RoutePattern& b = routes_[strong].pattern;
        if (!core::overlap(a, b, draft_.config.matching) || is_stated_exception(a, b)) return;
        draft_.warn(draft_.route_places[weak],
                    fmt::format("{} asks for less than {} in line {} and wins over part of what "
                                "that seems to cover",
                                shown(routes_[weak].text), shown(routes_[strong].text),
                                routes_[strong].line));
    }

    void warn_of_spellings(std::size_t weak, std::size_t strong, std::size_t count,
                           std::string_view how) {
        const std::string others = count > 1 ? fmt::format(" and {} more", count - 1) : "";
        draft_.warn(draft_.route_places[weak],
                    fmt::format("{} asks for less than {} in line {}{}, and {} would come here: "
                                "cover those with a route that asks for as much, or deny them",
                                shown(routes_[weak].text), shown(routes_[strong].text),
                                routes_[strong].line, others, how));
    }

    Draft& draft_;
    const std::vector<Route>& routes_;
    std::vector<RoutePattern> bare_{};
    std::size_t budget_ = 4'000'000;
};

// Tries the most general requests that a pattern covers, with segments that no literal equals: a
// pattern that does not win one of those wins nothing.
class Probe {
public:
    explicit Probe(const core::Policy& policy) : policy_(policy) {
        for (const Route& route : policy.routes) {
            longest_ = std::max(longest_, route.pattern.segments.size() + 1);
        }
    }

    // The route that takes what `index` seems to cover, when it can never match itself.
    std::optional<std::size_t> taken_by(std::size_t index) const {
        const RoutePattern& pattern = policy_.routes[index].pattern;
        std::vector<std::string> methods = pattern.methods;
        if (methods.empty()) methods.assign(core::usual_methods.begin(), core::usual_methods.end());
        std::optional<std::size_t> other;
        core::Match match;
        for (const std::string& host : hosts(pattern.host)) {
            for (const std::string& path : paths(pattern)) {
                for (const std::string& method : methods) {
                    match = {};
                    policy_.table.match(host, method, path, match);
                    if (match.outcome != core::Match::Outcome::found) continue;
                    if (match.route == index) return std::nullopt;
                    other = match.route;
                }
            }
        }
        return other;
    }

private:
    static constexpr std::string_view fresh = "\x01";  // no literal holds a control character

    static std::vector<std::string> hosts(const core::HostPattern& host) {
        switch (host.kind) {
            case core::HostPattern::Kind::exact: return {host.text};
            case core::HostPattern::Kind::wildcard: return {std::string(fresh) + "." + host.text};
            case core::HostPattern::Kind::none: return {std::string(fresh), ""};
        }
        return {};
    }

    std::vector<std::string> paths(const RoutePattern& pattern) const {
        std::string fixed;
        for (const Segment& segment : pattern.segments) {
            if (segment.kind == Segment::Kind::literal) fixed += "/" + segment.text;
            if (segment.kind == Segment::Kind::capture) fixed += "/" + std::string(fresh);
        }
        std::vector<std::string> found;
        const bool has_rest = kind_at(pattern, pattern.segments.size()) == Segment::Kind::any_rest;
        const bool may_be_empty =
            !has_rest || pattern.segments.back().kind == Segment::Kind::any_rest;
        for (std::size_t more = 0; more == 0 || (has_rest && more <= longest_); ++more) {
            if (more > 0) fixed += "/" + std::string(fresh);
            if (more == 0 && !may_be_empty) continue;
            if (!fixed.empty()) found.push_back(fixed);
            found.push_back(fixed + "/");
        }
        return found;
    }

    const core::Policy& policy_;
    std::size_t longest_ = 0;
};

}  // namespace

void warn_about_routes(Draft& draft) {
    const Probe probe(draft.policy);
    for (std::size_t i = 0; i < draft.policy.routes.size(); ++i) {
        const Route& route = draft.policy.routes[i];
        const Place place = draft.route_places[i];
        warn_about_tenants(route, place, draft);
        warn_about_issuers(route, draft.names_issuer[i], place, draft);
        if (route.mode == core::Mode::shadow) {
            draft.warn(place, fmt::format("{} is in shadow mode: what it refuses is recorded and "
                                          "forwarded all the same",
                                          shown(route.text)));
        }
        if (const auto other = probe.taken_by(i)) {
            draft.warn(place,
                       fmt::format("{} can never match: more specific routes such as {} in "
                                   "line {} take all that it covers",
                                   shown(route.text), shown(draft.policy.routes[*other].text),
                                   draft.policy.routes[*other].line));
        }
    }
    Comparison(draft).run();
}

}  // namespace bearergate::config
