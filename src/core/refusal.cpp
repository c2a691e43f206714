// What every refusal says: one table, in the order of the checks.
#include <bearergate/core/refusal.hpp>

#include <array>

namespace bearergate::core {

namespace {

using enum Reason;
using enum OAuthError;

struct Row {
    Reason reason;
    Refusal refusal;
};

// A refusal that is not about the token: no challenge, no OAuth error.
constexpr Row plain(Reason reason, unsigned status, std::string_view name, int check,
                    std::string_view text) {
    return {reason, {status, name, none, false, text, check}};
}
// RFC 6750 section 3.1: a request that brought nothing to look at is challenged without an error.
constexpr Row asked(Reason reason, std::string_view name, int check, std::string_view text) {
    return {reason, {401, name, none, true, text, check}};
}
constexpr Row unclear(Reason reason, std::string_view name, int check, std::string_view text) {
    return {reason, {400, name, invalid_request, true, text, check}};
}
constexpr Row bad_token(Reason reason, std::string_view name, int check, std::string_view text) {
    return {reason, {401, name, invalid_token, true, text, check}};
}
constexpr Row forbidden(Reason reason, std::string_view name, int check, std::string_view text) {
    return {reason, {403, name, insufficient_scope, true, text, check}};
}

// Every text ends up in `error_description`, which has no room for quotes and backslashes.
constexpr std::array<Row, reason_count> rows{{
    plain(bad_request, 400, "bad_request", 1,
          "The request is not one unambiguous HTTP/1.x message."),
    plain(expectation_unsupported, 417, "expectation_unsupported", 1,
          "The only expectation that is understood is 100-continue."),
    plain(header_too_large, 431, "header_too_large", 2,
          "The request line and header fields are larger than allowed."),
    plain(header_timeout, 408, "header_timeout", 2, "The request's header did not arrive in time."),
    plain(body_timeout, 408, "body_timeout", 2, "The request's body did not arrive in time."),
    plain(bad_target, 400, "bad_target", 3, "The request target can be read in more than one way."),
    plain(no_route, 404, "no_route", 4, "No route covers this host and path."),
    plain(method_not_allowed, 405, "method_not_allowed", 4,
          "This method is not served here; the Allow field names those that are."),
    plain(route_closed, 403, "route_closed", 5, "This route is closed to everybody."),
    asked(token_missing, "token_missing", 6,
          "This route needs an access token in the Authorization header field."),
    unclear(credentials_ambiguous, "credentials_ambiguous", 7,
            "The request has more than one Authorization header field."),
    unclear(credentials_malformed, "credentials_malformed", 7,
            "The Authorization header field is not a scheme, a space and a token."),
    asked(scheme_unsupported, "scheme_unsupported", 7,
          "The only authorization scheme that is accepted is Bearer."),
    bad_token(token_too_large, "token_too_large", 8, "The token is larger than allowed."),
    bad_token(token_malformed, "token_malformed", 8,
              "The token is not a well-formed JSON Web Token."),
    bad_token(token_opaque, "token_opaque", 8,
              "The token is opaque: name the API resource when you request a token, so that the "
              "issuer answers with a JSON Web Token."),
    bad_token(token_encrypted, "token_encrypted", 8,
              "The token is encrypted; only signed tokens are accepted."),
    bad_token(alg_not_allowed, "alg_not_allowed", 9,
              "The token is signed with an algorithm that is not allowed."),
    bad_token(crit_unsupported, "crit_unsupported", 9,
              "The token's header demands an extension that is not supported."),
    bad_token(typ_not_allowed, "typ_not_allowed", 9,
              "The token's type is not that of an access token."),
    bad_token(issuer_unknown, "issuer_unknown", 10, "The token's issuer is not a trusted one."),
    bad_token(token_expired, "token_expired", 11, "The token has expired; request a new one."),
    bad_token(token_not_yet_valid, "token_not_yet_valid", 11, "The token is not valid yet."),
    bad_token(claim_invalid, "claim_invalid", 11,
              "A claim of the token is absent or has an unusable value."),
    bad_token(key_unknown, "key_unknown", 12,
              "No key of the issuer fits the one that the token names."),
    plain(keys_unavailable, 503, "keys_unavailable", 12,
          "The issuer's keys cannot be had at the moment; try again later."),
    bad_token(signature_invalid, "signature_invalid", 13, "The token's signature is not valid."),
    plain(overloaded, 503, "overloaded", 13,
          "Too many tokens wait to be verified; try again shortly."),
    bad_token(sender_constrained, "sender_constrained", 13,
              "The token is bound to a key of its sender and is not a bearer token."),
    forbidden(issuer_not_accepted, "issuer_not_accepted", 14,
              "This route does not accept tokens of this issuer."),
    forbidden(audience_mismatch, "audience_mismatch", 14,
              "The token was issued for another audience than this route's."),
    unclear(organization_unnamed, "organization_unnamed", 15,
            "The request must say once, in one place, which organization it acts in."),
    forbidden(organization_missing, "organization_missing", 15,
              "The token is not for an organization, and this route needs one that is."),
    forbidden(organization_mismatch, "organization_mismatch", 15,
              "The token is for another organization than the request acts in."),
    forbidden(
        organization_not_accepted, "organization_not_accepted", 15,
        "The token is bound to an organization, and this route takes only tokens that are not."),
    forbidden(scope_missing, "scope_missing", 16, "The token lacks a required scope."),
    forbidden(claim_mismatch, "claim_mismatch", 16,
              "The token lacks a claim value that this route requires."),
    plain(body_too_large, 413, "body_too_large", 17, "The request's body is larger than allowed."),
    plain(upstream_unreachable, 502, "upstream_unreachable", 18,
          "The service behind this gateway cannot be reached."),
    plain(upstream_broken, 502, "upstream_broken", 18,
          "The service behind this gateway gave an unusable answer."),
    plain(upstream_timeout, 504, "upstream_timeout", 18,
          "The service behind this gateway did not answer in time."),
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (static_cast<std::size_t>(rows[i].reason) != i || rows[i].refusal.name.empty())
            return false;
    }
    return true;
}
static_assert(in_order(), "a reason has no row, or the rows are not in the order of the enum");

}  // namespace

const Refusal& refusal(Reason reason) {
    return rows[static_cast<std::size_t>(reason)].refusal;
}

std::string_view name_of(Reason reason) {
    return refusal(reason).name;
}

std::string_view name_of(OAuthError error) {
    switch (error) {
        case none: return "";
        case invalid_request: return "invalid_request";
        case invalid_token: return "invalid_token";
        case insufficient_scope: return "insufficient_scope";
    }
    return "";
}

}  // namespace bearergate::core
