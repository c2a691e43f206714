#pragma once

#include <bearergate/core/algorithm.hpp>
#include <bearergate/core/refusal.hpp>
#include <bearergate/core/result.hpp>
#include <bearergate/core/strict_json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bearergate::core {

// Checks 6, 7 and 7a: the bearer token out of the values of all Authorization fields of a request.
Result<std::string_view, Reason> bearer_token(std::span<const std::string_view> authorization);

// A well-formed compact JWS that nobody has vouched for (check 8). It shows what choosing a key
// needs and no more; only read_claims() sees the rest of the payload.
class UnverifiedToken {
public:
    // token_malformed, token_opaque (no dots), token_encrypted (five parts). The caller has
    // checked the size. `compact` must outlive the token.
    static Result<UnverifiedToken, Reason> parse(std::string_view compact);

    std::string_view signed_text() const { return signed_text_; }  // header.payload
    std::string_view signature() const { return signature_; }      // decoded
    const Json& header() const { return header_; }
    std::optional<std::string_view> issuer() const { return payload_.at("iss").string(); }

private:
    friend struct UnverifiedPayload;
    UnverifiedToken() = default;

    std::string_view signed_text_{};
    std::string signature_{};
    Json header_{};
    Json payload_{};
};

// The payload before it is proved: for check_times() and read_claims(), and for `explain`, which
// shows what a token says beside what was proved. Nothing else may name this.
struct UnverifiedPayload {
    static const Json& of(const UnverifiedToken& token) { return token.payload_; }
};

// What a token's header says about its key, once check 9 has passed.
struct HeaderFacts {
    Algorithm algorithm{};
    std::optional<std::string_view> key_id{};
};
struct HeaderRules {
    AlgorithmSet algorithms{};
    std::optional<std::string_view> token_type{};  // "at+jwt"; none: any
};
// Check 9: alg_not_allowed, crit_unsupported (also b64:false), typ_not_allowed; token_malformed
// for a kid that is not a string.
Result<HeaderFacts, Reason> check_header(const UnverifiedToken& token, const HeaderRules& rules);

}  // namespace bearergate::core
