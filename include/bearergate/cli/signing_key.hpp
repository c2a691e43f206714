#pragma once

#include <bearergate/core/jwk.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace bearergate::cli {

// A private key that signs tokens: the development issuer's, and that of `bearergate token`.
// Copies share the key material.
class SigningKey {
public:
    // A fresh key: RSA for RS* and PS*, Ed25519 for EdDSA. Its id is its RFC 7638 thumbprint.
    // Throws std::runtime_error when OpenSSL cannot make one.
    static SigningKey generate(core::Algorithm algorithm, unsigned rsa_bits = 2048);
    static SigningKey generate_ed448();

    // A private RFC 7517 key, RSA ones with their primes (RFC 7518 section 6.3.2). An RSA key that
    // names no `alg` signs with RS256; a key without `kid` gets its thumbprint. The error says what
    // is wrong in words for people; it never repeats the key.
    static core::Result<SigningKey, std::string> from_jwk(std::string_view text);

    const std::string& id() const { return id_; }
    void use_id(std::string id) { id_ = std::move(id); }
    core::Algorithm algorithm() const { return algorithm_; }

    std::string public_jwk() const;  // JSON text with kty, the key, alg, use and kid
    std::string private_jwk() const;
    std::string public_jwks() const;  // a key set of this key alone

    // The header of an access token by this key: {"alg":…,"typ":…,"kid":…}.
    std::string header(std::string_view type = "at+jwt") const;
    // A compact JWS (RFC 7515 section 7.1) of two texts, taken as they are.
    std::string sign(std::string_view header, std::string_view payload) const;
    // The signature alone, as JWS wants it (ECDSA: r and s side by side).
    std::string signature(std::string_view signed_text) const;

private:
    SigningKey() = default;
    // Names the key by what core makes of its public half, or says why that is of no use.
    core::Result<void, core::KeyFault> settle();
    std::string material(bool with_private) const;

    std::string id_{};
    core::Algorithm algorithm_{};
    std::shared_ptr<evp_pkey_st> key_{};
};

}  // namespace bearergate::cli
