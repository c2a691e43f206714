#pragma once

#include <bearergate/core/refusal.hpp>
#include <bearergate/core/result.hpp>
#include <bearergate/core/strict_json.hpp>
#include <bearergate/core/text_list.hpp>
#include <bearergate/core/token.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::core {

using WallTime = std::chrono::sys_time<std::chrono::duration<double>>;

// A claim as configuration names it: a name as it stands, or a JSON Pointer when it starts with /.
struct ClaimName {
    std::string text;
    Json in(const Json& payload) const {
        return text.starts_with('/') ? payload.pointer(text) : payload.at(text);
    }
};
struct ClaimNames {
    ClaimName scope{"scope"};
    ClaimName organization{"organization_id"};
    ClaimName client{"client_id"};
};

// NumericDates (RFC 7519 section 2): finite numbers in 0 … 253402300799.
struct TokenTimes {
    WallTime expires_at{};
    std::optional<WallTime> not_before{};
    std::optional<WallTime> issued_at{};
};
struct TimeRules {
    std::chrono::seconds skew{30};
    std::optional<std::chrono::seconds> max_lifetime{};
};
// The times of a payload: claim_invalid when one has the wrong type or range, or `exp` is absent.
Result<TokenTimes, Reason> read_times(const UnverifiedToken& token);
// Check 11. Nothing when they hold. Cheap: also runs on every cache hit.
std::optional<Reason> check_times(const TokenTimes& times, const TimeRules& rules, WallTime now);

// What a token says, once its signature has been proved.
struct Claims {
    TokenTimes times{};
    TextList audience{};
    TextList scopes{};
    std::optional<std::string> organization{};
    std::string issuer{};
    std::string subject{};
    std::optional<std::string> client{};
    Json all{};  // the whole payload, for claim conditions and configured identity headers
};
// Check 13a: claim_invalid, sender_constrained. Call only for a token whose signature was proved.
Result<Claims, Reason> read_claims(const UnverifiedToken& token, const ClaimNames& names);

}  // namespace bearergate::core
