#pragma once

#include <bearergate/cli/signing_key.hpp>

#include <string>
#include <string_view>

namespace bearergate::test {

// An issuer for tests: one key, its key set, and tokens by it, well made and badly made. All of its
// tokens were issued at `issued_at` and live for an hour; tests pass the time they want it to be.
class Issuer {
public:
    static constexpr double issued_at = 1'700'000'000;
    static constexpr double expires_at = issued_at + 3600;

    // `key_id` "": the key's thumbprint.
    explicit Issuer(std::string issuer = "https://issuer.example/oidc",
                    core::Algorithm algorithm = core::Algorithm::es256, std::string key_id = "");
    Issuer(std::string issuer, cli::SigningKey key);

    const std::string& issuer() const { return issuer_; }
    cli::SigningKey& key() { return key_; }
    const cli::SigningKey& key() const { return key_; }
    std::string jwks() const { return key_.public_jwks(); }

    // A token with good claims for `https://api.example` and the client `app`, in which the members
    // of `claims` (a JSON object) replace or join the good ones; null removes one.
    std::string token(std::string_view claims = "{}") const;
    // The same with a header of its own: members of `header` replace, join or, null, remove.
    std::string token_with_header(std::string_view header, std::string_view claims = "{}") const;
    // The good claims as JSON text, changed likewise; what token() signs.
    std::string payload(std::string_view claims = "{}") const;

private:
    std::string issuer_;
    cli::SigningKey key_;
};

// A token whose parts were exchanged after signing.
std::string with_payload(std::string_view token, std::string_view payload);
std::string with_signature(std::string_view token, std::string_view signature);
// One bit of the decoded signature turned over.
std::string with_flipped_signature(std::string_view token, std::size_t bit);
// An unsigned token: alg none and an empty signature.
std::string unsigned_token(std::string_view payload);

}  // namespace bearergate::test
