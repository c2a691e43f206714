#include "support/test_issuer.hpp"

#include <bearergate/core/base64url.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace bearergate::test {

namespace {

using nlohmann::ordered_json;

// Not merge_patch(): a null inside a claim's value stays a null.
std::string changed(ordered_json good, std::string_view changes) {
    const auto members = ordered_json::parse(changes);
    for (const auto& [name, value] : members.items()) {
        if (value.is_null()) {
            good.erase(name);
        } else {
            good[name] = value;
        }
    }
    return good.dump();
}

std::string_view header_of(std::string_view token) {
    return token.substr(0, token.find('.'));
}
std::string_view signed_text_of(std::string_view token) {
    return token.substr(0, token.rfind('.'));
}
std::string_view signature_of(std::string_view token) {
    return token.substr(token.rfind('.') + 1);
}

}  // namespace

Issuer::Issuer(std::string issuer, core::Algorithm algorithm, std::string key_id)
    : Issuer(std::move(issuer), cli::SigningKey::generate(algorithm)) {
    if (!key_id.empty()) key_.use_id(std::move(key_id));
}

Issuer::Issuer(std::string issuer, cli::SigningKey key)
    : issuer_(std::move(issuer)), key_(std::move(key)) {}

std::string Issuer::payload(std::string_view claims) const {
    return changed({{"iss", issuer_},
                    {"sub", "ada"},
                    {"aud", "https://api.example"},
                    {"client_id", "app"},
                    {"iat", static_cast<std::int64_t>(issued_at)},
                    {"exp", static_cast<std::int64_t>(expires_at)},
                    {"jti", "t1"}},
                   claims);
}

std::string Issuer::token(std::string_view claims) const {
    return key_.sign(key_.header(), payload(claims));
}

std::string Issuer::token_with_header(std::string_view header, std::string_view claims) const {
    return key_.sign(changed(ordered_json::parse(key_.header()), header), payload(claims));
}

std::string with_payload(std::string_view token, std::string_view payload) {
    return std::string(header_of(token)) + "." + core::encode_base64url(payload) + "." +
           std::string(signature_of(token));
}

std::string with_signature(std::string_view token, std::string_view signature) {
    return std::string(signed_text_of(token)) + "." + core::encode_base64url(signature);
}

std::string with_flipped_signature(std::string_view token, std::size_t bit) {
    std::string signature = core::decode_base64url(signature_of(token)).value();
    signature.at(bit / 8) = static_cast<char>(signature.at(bit / 8) ^ (1 << (bit % 8)));
    return with_signature(token, signature);
}

std::string unsigned_token(std::string_view payload) {
    return core::encode_base64url(R"({"alg":"none","typ":"at+jwt"})") + "." +
           core::encode_base64url(payload) + ".";
}

}  // namespace bearergate::test
