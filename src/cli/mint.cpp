#include <bearergate/cli/mint.hpp>

#include <nlohmann/json.hpp>
#include <openssl/rand.h>

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace bearergate::cli {
namespace {

std::int64_t seconds_of(core::WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

std::string random_word(std::size_t length) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz012345";
    static_assert(letters.size() == 32, "five bits a letter, all equally likely");
    std::string word(length, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(word.data()), static_cast<int>(length)) != 1) {
        throw std::runtime_error("OpenSSL has no randomness");
    }
    for (char& c : word) c = letters[static_cast<unsigned char>(c) % letters.size()];
    return word;
}

std::string mint(const SigningKey& key, const Grant& grant) {
    nlohmann::ordered_json payload;
    if (grant.organization) payload["organization_id"] = *grant.organization;
    payload["jti"] = random_word(21);
    payload["sub"] = grant.subject;
    payload["iat"] = seconds_of(grant.issued_at);
    payload["exp"] = seconds_of(grant.issued_at) + grant.lifetime.count();
    if (grant.scope) payload["scope"] = *grant.scope;
    payload["client_id"] = grant.client;
    payload["iss"] = grant.issuer;
    payload["aud"] = grant.audience;
    for (const auto& [name, text] : grant.claims) {
        auto value = nlohmann::ordered_json::parse(text, nullptr, false);
        if (value.is_discarded()) {
            throw std::invalid_argument("the value of claim " + name + " is not JSON");
        }
        payload[name] = std::move(value);
    }
    return key.sign(key.header(), payload.dump());
}

}  // namespace bearergate::cli
