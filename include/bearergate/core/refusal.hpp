#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bearergate::core {

// Why a request was refused: the word that stands in the response, the log line and the metric.
// In the order of docs/how-it-decides.md. A new reason is one line here; -Wswitch then names the
// places that must know it.
enum class Reason : std::uint8_t {
    bad_request,
    expectation_unsupported,
    header_too_large,
    header_timeout,
    body_timeout,
    bad_target,
    no_route,
    method_not_allowed,
    route_closed,
    token_missing,
    credentials_ambiguous,
    credentials_malformed,
    scheme_unsupported,
    token_too_large,
    token_malformed,
    token_opaque,
    token_encrypted,
    alg_not_allowed,
    crit_unsupported,
    typ_not_allowed,
    issuer_unknown,
    token_expired,
    token_not_yet_valid,
    claim_invalid,
    key_unknown,
    keys_unavailable,
    signature_invalid,
    overloaded,
    sender_constrained,
    issuer_not_accepted,
    audience_mismatch,
    organization_unnamed,
    organization_missing,
    organization_mismatch,
    organization_not_accepted,
    scope_missing,
    claim_mismatch,
    body_too_large,
    upstream_unreachable,
    upstream_broken,
    upstream_timeout,
};
inline constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::upstream_timeout) + 1;

// RFC 6750 section 3.1; `none` where the answer is not about the token.
enum class OAuthError : std::uint8_t { none, invalid_request, invalid_token, insufficient_scope };

// What a client is told about a refusal, and nothing more. All text is static and ASCII.
struct Refusal {
    unsigned status;
    std::string_view name;  // the enumerator's spelling
    OAuthError error;
    bool challenge;                // WWW-Authenticate goes with it
    std::string_view description;  // one sentence for people: `error_description`
    int check;                     // the row of the order of checks that refuses so: 1 … 18
};

const Refusal& refusal(Reason reason);
std::string_view name_of(Reason reason);
std::string_view name_of(OAuthError error);  // "" for none

}  // namespace bearergate::core
