// How much a route asks.
#include "route_strength.hpp"

#include <algorithm>
#include <vector>

namespace bearergate::config {
namespace {

using core::Access;
using core::OrganizationSource;
using core::Route;
using core::Rule;

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

}  // namespace

bool looks_at_tokens(const Rule& rule) {
    return rule.access == Access::token || rule.access == Access::optional;
}

bool is_bound(const Rule& rule) {
    return rule.organization.kind != OrganizationSource::Kind::none &&
           rule.organization.kind != OrganizationSource::Kind::ignore;
}

bool is_weaker(const Route& weak, const Route& strong) {
    const int difference = rank(strong) - rank(weak);
    if (difference != 0) return difference > 0;
    if (rank(weak) == 0 || rank(weak) == 3) return false;
    if (is_bound(weak.rule) != is_bound(strong.rule)) return is_bound(strong.rule);
    return asks_at_least(strong.rule, weak.rule) && !asks_at_least(weak.rule, strong.rule);
}

}  // namespace bearergate::config
