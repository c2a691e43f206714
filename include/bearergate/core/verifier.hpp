#pragma once

#include <bearergate/core/jwk.hpp>

#include <memory>
#include <string_view>

namespace bearergate::core {

// Verifies signatures of one key with one algorithm. Owns OpenSSL contexts prepared once; not to
// be shared between threads at the same time.
class Verifier {
public:
    // A key that does not fit `algorithm` makes a verifier that refuses everything.
    // This and verify() throw std::bad_alloc where it was memory that OpenSSL lacked: that says
    // nothing about a key or a signature.
    Verifier(const PublicKey& key, Algorithm algorithm);
    Verifier(Verifier&&) noexcept;
    Verifier& operator=(Verifier&&) noexcept;
    ~Verifier();

    // RFC 7515 section 5.2 with the lengths of RFC 7518: ECDSA signatures are exactly r and s,
    // PSS salts exactly as long as the digest.
    bool verify(std::string_view signed_text, std::string_view signature);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Takes long enough that it should not run on an event loop: ES384, ES512, Ed448, RSA over 4096.
bool is_expensive(const PublicKey& key);

}  // namespace bearergate::core
