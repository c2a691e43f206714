#include "bad_tokens.hpp"

#include <bearergate/core/algorithm.hpp>
#include <bearergate/core/base64url.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace bench {
namespace {

using bearergate::cli::SigningKey;
using bearergate::core::decode_base64url;
using bearergate::core::encode_base64url;

std::string unsigned_part(const std::string& header, const std::string& payload) {
    return encode_base64url(header) + "." + encode_base64url(payload);
}

// Signed with a shared secret that everybody knows: the public key's text.
std::string hmac_signed(const std::string& header, const std::string& payload,
                        const std::string& secret) {
    const std::string text = unsigned_part(header, payload);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
    return text + "." +
           encode_base64url(std::string(reinterpret_cast<const char*>(digest.data()), size));
}

}  // namespace

std::string Claims::json() const {
    std::string text = R"({"jti":"JxiP7N2kARduxPyZ763Re","sub":")" + subject + R"(","iat":)" +
                       std::to_string(issued_at);
    if (expires_at != 0) text += R"(,"exp":)" + std::to_string(expires_at);
    if (not_before != 0) text += R"(,"nbf":)" + std::to_string(not_before);
    text +=
        R"(,"scope":")" + scope + R"(","client_id":"0zijz9uyrh5hqc1u02e7e","iss":")" + issuer + '"';
    if (!audience.empty()) text += R"(,"aud":")" + audience + '"';
    return text + "}";
}

std::string header_of(const SigningKey& key) {
    return R"({"alg":")" + std::string(bearergate::core::name_of(key.algorithm())) +
           R"(","typ":"at+jwt","kid":")" + key.id() + R"("})";
}

std::vector<std::pair<std::string, std::string>> bad_tokens(const SigningKey& key,
                                                            const std::string& public_pem,
                                                            const Claims& good) {
    const std::string header = header_of(key);
    const std::string token = key.sign(header, good.json());
    const std::string front = token.substr(0, token.rfind('.') + 1);
    std::string signature = decode_base64url(token.substr(front.size())).value();
    const std::string zeros(signature.size(), '\0');
    signature[signature.size() / 2] ^= 1;

    const auto with = [&](auto change) {
        Claims claims = good;
        change(claims);
        return claims;
    };
    const auto signed_with = [&](auto change) { return key.sign(header, with(change).json()); };
    const std::string other_payload = with([](Claims& c) { c.subject = "admin"; }).json();
    const std::string swapped = encode_base64url(header) + "." + encode_base64url(other_payload) +
                                token.substr(front.size() - 1);
    SigningKey stranger = SigningKey::generate(key.algorithm());
    stranger.use_id(key.id());
    const std::string shared = R"({"alg":"HS256","typ":"at+jwt","kid":")" + key.id() + R"("})";
    return {
        {"flipped signature", front + encode_base64url(signature)},
        {"empty signature", front},
        {"zero signature", front + encode_base64url(zeros)},
        {"swapped payload", swapped},
        {"alg none", unsigned_part(R"({"alg":"none","typ":"at+jwt"})", good.json()) + "."},
        {"HS256 with the public key", hmac_signed(shared, good.json(), public_pem)},
        {"another key", stranger.sign(header, good.json())},
        {"expired", signed_with([](Claims& c) { c.expires_at = c.issued_at - 3600; })},
        {"no exp", signed_with([](Claims& c) { c.expires_at = 0; })},
        {"future nbf", signed_with([](Claims& c) { c.not_before = c.expires_at; })},
        {"wrong aud", signed_with([](Claims& c) { c.audience = "https://other.example"; })},
        {"no aud", signed_with([](Claims& c) { c.audience.clear(); })},
        {"wrong iss", signed_with([](Claims& c) { c.issuer += ".attacker.example"; })},
        {"scope lookalike", signed_with([](Claims& c) { c.scope = "read:items2 xread:items"; })},
        {"garbage", "not-a-token"},
    };
}

}  // namespace bench
