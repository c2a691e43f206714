#pragma once

#include <bearergate/cli/signing_key.hpp>
#include <bearergate/core/jwk.hpp>

#include <nlohmann/json.hpp>

#include <string>

// JSON Web Keys to change a member of, and in a word what importing them comes to.
namespace bearergate::core::jwks {

using bearergate::cli::SigningKey;
using Members = nlohmann::json;

inline std::string fault_name(KeyFault fault) {
    switch (fault) {
        case KeyFault::not_an_object: return "not_an_object";
        case KeyFault::type_unknown: return "type_unknown";
        case KeyFault::member_invalid: return "member_invalid";
        case KeyFault::not_for_verification: return "not_for_verification";
        case KeyFault::algorithm_mismatch: return "algorithm_mismatch";
        case KeyFault::rsa_size: return "rsa_size";
        case KeyFault::rsa_number: return "rsa_number";
        case KeyFault::rsa_weak: return "rsa_weak";
        case KeyFault::not_offered: return "not_offered";
        case KeyFault::point_invalid: return "point_invalid";
    }
    return "?";
}

inline Result<PublicKey, KeyFault> import_text(const std::string& text) {
    return import_key(Json::parse(text, 8).value());
}

inline std::string outcome(const Members& jwk) {
    const auto key = import_text(jwk.dump());
    return key ? "ok" : fault_name(key.error());
}

inline Members with(Members jwk, const Members& changes) {
    jwk.merge_patch(changes);  // null removes
    return jwk;
}

inline Members public_jwk(Algorithm algorithm) {
    return Members::parse(SigningKey::generate(algorithm).public_jwk());
}

inline const Members& ec() {
    static const Members jwk = public_jwk(Algorithm::es256);
    return jwk;
}
inline const Members& rsa() {
    static const Members jwk = with(public_jwk(Algorithm::rs256), {{"alg", nullptr}});
    return jwk;
}
inline const Members& ed() {
    static const Members jwk = public_jwk(Algorithm::eddsa);
    return jwk;
}

}  // namespace bearergate::core::jwks
