#pragma once

#include <bearergate/core/authorize.hpp>
#include <bearergate/core/verifier.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

// The steps from a token's text to what it proves, as one call, for tests of core.
namespace bearergate::test {

// "ok" or the reason's name: reads well in a failure message.
template <class T>
std::string outcome(const core::Result<T, core::Reason>& result) {
    return result ? "ok" : std::string(core::name_of(result.error()));
}
inline std::string outcome(std::optional<core::Reason> reason) {
    return reason ? std::string(core::name_of(*reason)) : "ok";
}

inline core::WallTime at(double seconds) {
    return core::WallTime(std::chrono::duration<double>(seconds));
}

inline core::IssuerKeys keys_of(std::string_view jwks) {
    return {.set = std::make_shared<const core::KeySet>(core::parse_key_set(jwks).value().set)};
}

// Checks 8 to 13a.
inline core::Result<core::VerifiedToken, core::Reason> authenticate(std::string_view compact,
                                                                    const core::Policy& policy,
                                                                    const core::KeyRing& keys,
                                                                    core::WallTime now) {
    const auto examined = core::examine(compact, policy, now);
    if (!examined) return std::unexpected(examined.error());
    const auto key = core::choose_key(*examined, keys);
    if (!key) return std::unexpected(key.error());
    core::Verifier verifier(**key, examined->header.algorithm);
    if (!verifier.verify(examined->token.signed_text(), examined->token.signature())) {
        return std::unexpected(core::Reason::signature_invalid);
    }
    return core::admit(*examined, **key, policy);
}

}  // namespace bearergate::test
