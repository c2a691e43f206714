#pragma once

#include <bearergate/core/key_set.hpp>
#include <bearergate/core/policy.hpp>
#include <bearergate/core/request.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace bearergate::core {

// A token that passed checks 8 to 11: everything that can be said without a key.
struct Examined {
    UnverifiedToken token;
    std::size_t issuer = 0;  // index into Policy::issuers
    HeaderFacts header{};
    TokenTimes times{};
};
// Checks 8 to 11 of the text that bearer_token() gave, size limit included.
Result<Examined, Reason> examine(std::string_view compact, const Policy& policy, WallTime now);

// A token that passed checks 8 to 13a. First what every request of it reads, the claims' own first
// members included.
struct VerifiedToken {
    std::size_t issuer = 0;  // index into Policy::issuers
    IdentityLines identity{};
    Claims claims{};
    Thumbprint key{};  // of the key that verified it, which was found by these two
    std::optional<std::string> key_id{};
    Algorithm algorithm{};
};
// Check 13a, after the signature was proved with `key`.
Result<VerifiedToken, Reason> admit(const Examined& examined, const PublicKey& key,
                                    const Policy& policy);

struct Denied {
    Reason reason = Reason::no_route;
};
// Not an answer yet: this issuer's keys are needed. Ask again when they are there.
struct NeedKeys {
    std::size_t issuer = 0;
};
struct Allowed {
    // The organization the request acts in by its token's audience, on `token: organization`
    // routes; replaces the claim's in the identity headers. Views into the token's audience.
    std::optional<std::string_view> organization{};
};
// The first alternative is what a default-constructed Decision holds: forgetting to decide denies.
using Decision = std::variant<Denied, NeedKeys, Allowed>;

// Checks 14 to 16 for a verified token on a matched route of access token or optional.
std::variant<Denied, Allowed> permit(const Rule& rule, const Policy& policy,
                                     const Captures& captures, const RequestView& request,
                                     const VerifiedToken& token);

// What is known of one issuer's keys at a moment.
struct IssuerKeys {
    std::shared_ptr<const KeySet> set{};  // null: no usable key set could be had
    bool first_fetch_pending = false;     // null, but the first answer is still under way
};
// By issuer index. An immutable snapshot that a refresh replaces whole.
using KeyRing = std::vector<IssuerKeys>;

// Check 12 for an examined token: its key, or key_unknown, or keys_unavailable.
Result<const PublicKey*, Reason> choose_key(const Examined& examined, const KeyRing& keys);

// Everything that decide() came to know on the way, for `explain`, `test` and the log.
struct Account {
    Match match{};
    std::optional<Examined> examined{};
    std::optional<VerifiedToken> token{};
};
// Checks 4 to 16 in one pure function, with the signature verified in place; `keys` null skips
// checks 12 and 13 (`explain --offline`, `test` with claims). Live requests take the same steps,
// with a cache and threads between them. The same arguments always give the same decision.
Decision decide(const RequestView& request, const Policy& policy, const KeyRing* keys, WallTime now,
                Account& account);

}  // namespace bearergate::core
