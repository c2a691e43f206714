// What a sound configuration may still do that its writer does not expect.
#include <bearergate/core/route_pattern.hpp>
#include <bearergate/core/route_table.hpp>

#include "blocks.hpp"
#include "pattern_index.hpp"
#include "route_probe.hpp"
#include "route_strength.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace bearergate::config {
namespace {

using core::OrganizationSource;
using core::Route;
using core::RoutePattern;
using core::Segment;

bool names_a_tenant(const std::string& capture) {
    constexpr std::array<std::string_view, 5> words{"org", "tenant", "team", "workspace",
                                                    "account"};
    const std::string folded = lower_case(capture);
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return folded.find(word) != std::string::npos;
    });
}

// What a route binds its tokens to, where that is not the tenant that it captures. None: it is.
std::optional<std::string> bound_elsewhere(const OrganizationSource& source) {
    switch (source.kind) {
        case OrganizationSource::Kind::none: return "none";
        case OrganizationSource::Kind::any: return "any organization";
        case OrganizationSource::Kind::header: return "header:" + source.text;
        case OrganizationSource::Kind::query: return "query:" + source.text;
        case OrganizationSource::Kind::literal: return "one fixed organization";
        case OrganizationSource::Kind::capture:
            if (names_a_tenant(source.text)) return std::nullopt;
            return "{" + source.text + "}";
        case OrganizationSource::Kind::ignore: return std::nullopt;
    }
    return std::nullopt;
}

void warn_about_tenants(const Route& route, Place place, Draft& draft) {
    if (!looks_at_tokens(route.rule)) return;
    const auto bound = bound_elsewhere(route.rule.organization);
    if (!bound) return;
    const bool is_named =
        is_bound(route.rule) && route.rule.organization.kind != OrganizationSource::Kind::any;
    for (const std::string& name : route.pattern.capture_names()) {
        if (!names_a_tenant(name)) continue;
        draft.warn(place, fmt::format("{} captures {} but binds the token to {}: any token may "
                                      "name any of them; add organization: \"{{{}}}\", {}",
                                      shown(route.text), shown(name), *bound, name,
                                      is_named ? "or call it something else if it is none"
                                               : "or organization: ignore if that is meant"));
    }
}

void warn_about_issuers(const Route& route, bool says_which, Place place, Draft& draft) {
    const auto& accepts = route.rule.accepts_issuer;
    if (!looks_at_tokens(route.rule) || accepts.size() < 2 || says_which) return;
    draft.warn(place, fmt::format("{} does not say whose tokens it takes: every one of the {} "
                                  "issuers may speak for every subject; add 'issuer'",
                                  shown(route.text), accepts.size()));
}

Segment::Kind kind_at(const RoutePattern& pattern, std::size_t i) {
    if (i < pattern.segments.size()) return pattern.segments[i].kind;
    const bool has_rest =
        !pattern.segments.empty() && pattern.segments.back().kind >= Segment::Kind::rest_capture;
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

// Looks for weaker routes in the way of stronger ones. What may meet is found by an index, and how
// much of it is looked at is bounded: it grows with the square of the routes at worst.
class Comparison {
public:
    Comparison(Draft& draft, const RouteProbe& probe)
        : draft_(draft), routes_(draft.policy.routes), probe_(probe), index_(routes_) {}

    void run() {
        for (std::size_t i = 0; i < routes_.size() && budget_ > 0; ++i) {
            look_at(i);
        }
        for (const auto& [weak, found] : spellings_) warn_of_spellings(weak, found);
        if (budget_ == 0) {
            draft_.warn({},
                        "too many routes to compare each with every other: not all of them "
                        "were looked at for weaker ones in their way");
        }
    }

private:
    struct Spellings {
        std::size_t first = 0;  // of the stronger routes
        std::size_t count = 0;
        std::string_view how{};
    };

    void look_at(std::size_t route) {
        std::set<std::size_t> weaker;
        index_.each_meeting(routes_[route].pattern, [&](std::size_t other) {
            if (budget_ == 0) return;
            --budget_;
            if (other == route) return;
            if (is_weaker(routes_[other], routes_[route])) weaker.insert(other);
        });
        for (const std::size_t weak : weaker) {
            if (budget_ > 0) warn_of_winner(weak, route);
        }
        if (!weaker.empty()) look_for_spellings(route, std::move(weaker));
    }

    void warn_of_winner(std::size_t weak, std::size_t strong) {
        const RoutePattern& a = routes_[weak].pattern;
        const RoutePattern& b = routes_[strong].pattern;
        if (!core::more_specific(a, b) || is_stated_exception(a, b)) return;
        if (!core::overlap(a, b, draft_.config.matching)) return;
        budget_ -= std::min(budget_, warning_price);
        draft_.warn(draft_.route_places[weak],
                    fmt::format("{} asks for less than {} in line {} and wins over part of what "
                                "that seems to cover",
                                shown(routes_[weak].text), shown(routes_[strong].text),
                                routes_[strong].line));
    }

    void look_for_spellings(std::size_t strong, std::set<std::size_t> weaker) {
        probe_.other_spellings(strong, [&](std::size_t winner, std::string_view how) {
            if (weaker.erase(winner) == 0) return false;
            Spellings& found = spellings_[winner];
            if (found.count++ == 0) found = {.first = strong, .count = 1, .how = how};
            return weaker.empty();
        });
    }

    void warn_of_spellings(std::size_t weak, const Spellings& found) {
        const Route& strong = routes_[found.first];
        const std::string others =
            found.count > 1 ? fmt::format(" and {} more", found.count - 1) : "";
        draft_.warn(draft_.route_places[weak],
                    fmt::format("{} asks for less than {} in line {}{}, and {} would come here: "
                                "cover those with a route that asks for as much, or deny them",
                                shown(routes_[weak].text), shown(strong.text), strong.line, others,
                                found.how));
    }

    Draft& draft_;
    const std::vector<Route>& routes_;
    const RouteProbe& probe_;
    PatternIndex index_;
    std::map<std::size_t, Spellings> spellings_{};  // by the weaker route
    // A fraction of a second of a thread that does other things, too. To put a warning into words
    // takes as long as a hundred comparisons.
    static constexpr std::size_t warning_price = 100;
    std::size_t budget_ = 1'000'000;
};

}  // namespace

void warn_about_routes(Draft& draft) {
    const RouteProbe probe(draft.policy, draft.config.matching);
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
    Comparison(draft, probe).run();
}

}  // namespace bearergate::config
