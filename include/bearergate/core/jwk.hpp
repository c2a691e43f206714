#pragma once

#include <bearergate/core/algorithm.hpp>
#include <bearergate/core/result.hpp>
#include <bearergate/core/strict_json.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace bearergate::core {

enum class KeyType : std::uint8_t { rsa, p256, p384, p521, ed25519, ed448 };

// What keys of a type can verify.
AlgorithmSet algorithms_of(KeyType type);

// RFC 7638 with SHA-256: names key material, whatever its kid.
using Thumbprint = std::array<std::uint8_t, 32>;

// A public key fit for verifying with exactly `algorithms`: the key says how it is used, never the
// token. Several only for an RSA key whose JWK names no `alg`. Immutable; copies share the handle.
struct PublicKey {
    std::optional<std::string> id{};
    KeyType type{};
    AlgorithmSet algorithms{};
    int bits = 0;  // of an RSA modulus, or of the curve
    Thumbprint thumbprint{};
    std::shared_ptr<evp_pkey_st> handle{};  // only read; shared between threads
};

// Why a JSON Web Key is of no use to us.
enum class KeyFault : std::uint8_t {
    not_an_object,
    type_unknown,          // no or unknown `kty` or `crv`, or a symmetric key
    member_invalid,        // a member has the wrong JSON type or is not strict base64url
    not_for_verification,  // `use` other than sig, or `key_ops` without verify
    algorithm_mismatch,    // `alg` unknown or not one of this type's
    rsa_size,              // modulus outside 2048 … 8192 bits
    rsa_number,            // even modulus, exponent even or outside 65537 … 2^32 - 1
    rsa_weak,              // modulus with the fingerprint of CVE-2017-15361
    not_offered,           // this OpenSSL has no such keys, under FIPS rules for one
    point_invalid,         // coordinates of the wrong length, off the curve, small order
};
std::string_view describe(KeyFault fault);  // a phrase for the log

// Whether it carries what only its owner may know: whoever published it has lost it.
bool has_private_members(const Json& jwk);

// One RFC 7517 key: its public half, whatever stands beside it.
Result<PublicKey, KeyFault> import_key(const Json& jwk);

}  // namespace bearergate::core
