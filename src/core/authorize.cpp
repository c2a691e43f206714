// What a token may do, once it is known to be true: checks 14 to 16. And all checks in a row.
#include <bearergate/core/authorize.hpp>
#include <bearergate/core/organization.hpp>
#include <bearergate/core/verifier.hpp>

#include "ascii.hpp"

#include <algorithm>

namespace bearergate::core {

namespace {

using Refused = std::optional<Reason>;  // nothing: the check passed

template <class List>
bool contains(const List& list, std::string_view item) {
    return std::ranges::find(list, item) != list.end();
}

// Check 14. An empty audience is none, on either side.
Refused check_audience(const Rule& rule, const VerifiedToken& token) {
    const std::size_t issuer = token.issuer;
    if (issuer >= rule.accepts_issuer.size() || !rule.accepts_issuer[issuer]) {
        return Reason::issuer_not_accepted;
    }
    // The audience of an organization token is its organization: check 15.
    if (rule.token == TokenKind::organization) return std::nullopt;
    if (issuer >= rule.audiences.size()) return Reason::audience_mismatch;
    const bool is_for_route =
        std::ranges::any_of(token.claims.audience, [&](const std::string& audience) {
            return !audience.empty() && contains(rule.audiences[issuer], audience);
        });
    return is_for_route ? Refused{} : Reason::audience_mismatch;
}

// Check 15 for tokens of the whole API: one that was granted for an organization holds scopes that
// count only there.
Refused check_unbound(const Rule& rule, const TokenOrganization& token) {
    if (token.contradicts_itself()) return Reason::organization_mismatch;
    switch (rule.organization.kind) {
        case OrganizationSource::Kind::ignore: return std::nullopt;
        case OrganizationSource::Kind::none:
            return token.is_bound() ? Refused{Reason::organization_not_accepted} : std::nullopt;
        case OrganizationSource::Kind::capture:
        case OrganizationSource::Kind::header:
        case OrganizationSource::Kind::query:
        case OrganizationSource::Kind::literal:
        case OrganizationSource::Kind::any: break;
    }
    return Reason::organization_not_accepted;  // such a rule has no meaning; loading refuses it
}

Refused check_claim_organization(const TokenOrganization& token,
                                 const RequestedOrganization& wanted) {
    if (!token.claim || token.claim->empty()) return Reason::organization_missing;
    if (token.contradicts_itself()) return Reason::organization_mismatch;
    return wanted.includes(*token.claim) ? Refused{} : Reason::organization_mismatch;
}

// The claim is not looked at: a script of the issuer's may set it to anything.
Refused check_audience_organization(const TokenOrganization& token,
                                    const RequestedOrganization& wanted) {
    if (token.audiences > 1) return Reason::organization_mismatch;
    if (!token.audience || token.audience->empty()) return Reason::organization_missing;
    // It becomes a header value, as the claim would.
    if (!fits_in_header(*token.audience)) return Reason::claim_invalid;
    return wanted.includes(*token.audience) ? Refused{} : Reason::organization_mismatch;
}

// Check 15.
Refused check_organization(const Rule& rule, const TokenOrganization& token,
                           const Captures& captures, const RequestView& request) {
    if (rule.token == TokenKind::api) return check_unbound(rule, token);
    const auto wanted = requested_organization(rule.organization, captures, request);
    if (wanted.kind == RequestedOrganization::Kind::unnamed) return Reason::organization_unnamed;
    return rule.token == TokenKind::organization ? check_audience_organization(token, wanted)
                                                 : check_claim_organization(token, wanted);
}

// An absent claim is an invalid Json, which equals nothing; so are the elements of what is no
// array.
bool holds(const ClaimCondition& condition, const Json& payload) {
    const Json claim = condition.claim.in(payload);
    const auto equals_one = [&](const Json& value) {
        return std::ranges::find(condition.values, value) != condition.values.end();
    };
    if (condition.kind != ClaimCondition::Kind::contains) return equals_one(claim);
    for (std::size_t i = 0; i < claim.size(); ++i) {
        if (equals_one(claim.at(i))) return true;
    }
    return false;
}

// Check 16.
Refused check_grants(const Rule& rule, const Claims& claims) {
    const auto granted = [&](const std::string& scope) { return contains(claims.scopes, scope); };
    if (!std::ranges::all_of(rule.scopes, granted)) return Reason::scope_missing;
    if (!rule.any_scope.empty() && std::ranges::none_of(rule.any_scope, granted)) {
        return Reason::scope_missing;
    }
    const auto met = [&](const ClaimCondition& condition) { return holds(condition, claims.all); };
    return std::ranges::all_of(rule.claims, met) ? Refused{} : Reason::claim_mismatch;
}

std::vector<std::string_view> authorization_of(const RequestView& request) {
    std::vector<std::string_view> values;
    for (const Field& field : request.fields) {
        if (ascii::same_ignoring_case(field.name, "authorization")) values.push_back(field.value);
    }
    return values;
}

// Checks 12 and 13.
Decision check_signature(const Examined& examined, const KeyRing& keys, PublicKey& proved_by) {
    const auto key = choose_key(examined, keys);
    if (!key && key.error() == Reason::keys_unavailable) return NeedKeys{examined.issuer};
    if (!key) return Denied{key.error()};
    Verifier verifier(**key, examined.header.algorithm);
    if (!verifier.verify(examined.token.signed_text(), examined.token.signature())) {
        return Denied{Reason::signature_invalid};
    }
    proved_by = **key;
    return Allowed{};
}

}  // namespace

std::variant<Denied, Allowed> permit(const Rule& rule, const Policy& policy,
                                     const Captures& captures, const RequestView& request,
                                     const VerifiedToken& token) {
    if (rule.access == Access::deny) return Denied{Reason::route_closed};
    if (token.issuer >= policy.issuers.size()) return Denied{Reason::issuer_not_accepted};
    if (const auto refused = check_audience(rule, token)) return Denied{*refused};
    const auto organization =
        token_organization(token.claims, policy.issuers[token.issuer].organization_audience);
    if (const auto refused = check_organization(rule, organization, captures, request)) {
        return Denied{*refused};
    }
    if (const auto refused = check_grants(rule, token.claims)) return Denied{*refused};
    if (rule.token != TokenKind::organization) return Allowed{};
    return Allowed{.organization = organization.audience};
}

Decision decide(const RequestView& request, const Policy& policy, const KeyRing* keys, WallTime now,
                Account& account) {
    account = Account{};
    policy.table.match(request.host, request.method, request.target.path(), account.match);
    switch (account.match.outcome) {
        case Match::Outcome::no_route: return Denied{Reason::no_route};
        case Match::Outcome::method_not_allowed: return Denied{Reason::method_not_allowed};
        case Match::Outcome::found: break;
    }
    const Rule& rule = policy.routes[account.match.route].rule;
    if (rule.access == Access::deny) return Denied{Reason::route_closed};
    if (rule.access == Access::open) return Allowed{};

    const auto authorization = authorization_of(request);
    if (authorization.empty() && rule.access == Access::optional) return Allowed{};
    const auto compact = bearer_token(authorization);
    if (!compact) return Denied{compact.error()};
    auto examined = examine(*compact, policy, now);
    if (!examined) return Denied{examined.error()};
    account.examined = *std::move(examined);

    PublicKey key;
    if (keys) {
        const Decision proof = check_signature(*account.examined, *keys, key);
        if (!std::holds_alternative<Allowed>(proof)) return proof;
    }
    auto token = admit(*account.examined, key, policy);
    if (!token) return Denied{token.error()};
    account.token = *std::move(token);
    const auto answer = permit(rule, policy, account.match.captures, request, *account.token);
    if (const auto* denied = std::get_if<Denied>(&answer)) return *denied;
    return std::get<Allowed>(answer);
}

}  // namespace bearergate::core
