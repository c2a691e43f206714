#include <bearergate/cli/mint.hpp>
#include <bearergate/core/base64url.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>
#include <stdexcept>
#include <string>

namespace bearergate::cli {
namespace {

using nlohmann::ordered_json;

const SigningKey& key() {
    static const SigningKey made = SigningKey::generate(core::Algorithm::es256);
    return made;
}

ordered_json payload_of(const Grant& grant) {
    const std::string token = mint(key(), grant);
    const std::size_t first = token.find('.');
    return ordered_json::parse(
        *core::decode_base64url(token.substr(first + 1, token.find('.', first + 1) - first - 1)));
}

TEST(Mint, FurtherClaimsJoinAndReplace) {
    const ordered_json payload = payload_of(
        {.issuer = "https://i.example",
         .subject = "ada",
         .audience = "https://api.example",
         .claims = {{"roles", R"(["a","b"])"}, {"sub", "\"bob\""}, {"aud", R"(["x","y"])"}}});
    EXPECT_EQ(payload["roles"], ordered_json::parse(R"(["a","b"])"));
    EXPECT_EQ(payload["sub"], "bob");
    EXPECT_EQ(payload["aud"].size(), 2U);
    EXPECT_EQ(payload["iss"], "https://i.example");
    EXPECT_FALSE(payload.contains("scope"));
    EXPECT_FALSE(payload.contains("organization_id"));
}

TEST(Mint, AClaimThatIsNotJsonIsRefused) {
    for (const char* text : {"", "acme", "{", "1 2", "'x'"}) {
        SCOPED_TRACE(text);
        EXPECT_THROW(mint(key(), {.claims = {{"x", text}}}), std::invalid_argument);
    }
}

TEST(Mint, TimesAreWholeSeconds) {
    const ordered_json payload =
        payload_of({.issued_at = core::WallTime(std::chrono::duration<double>(1000.9)),
                    .lifetime = std::chrono::seconds(60)});
    EXPECT_EQ(payload["iat"], 1000);
    EXPECT_EQ(payload["exp"], 1060);
}

TEST(RandomWord, IsNeverTheSame) {
    std::set<std::string> words;
    for (int i = 0; i < 1000; ++i) words.insert(random_word(21));
    EXPECT_EQ(words.size(), 1000U);
    EXPECT_EQ(words.begin()->size(), 21U);
    EXPECT_EQ(words.begin()->find_first_not_of("abcdefghijklmnopqrstuvwxyz012345"),
              std::string::npos);
}

}  // namespace
}  // namespace bearergate::cli
