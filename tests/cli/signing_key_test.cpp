// The key that signs: what it signs verifies under what it publishes, and what it exports comes
// back as the same key.
#include <bearergate/cli/signing_key.hpp>
#include <bearergate/core/base64url.hpp>
#include <bearergate/core/verifier.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace bearergate;
using cli::SigningKey;
using core::Algorithm;

const std::vector<SigningKey>& one_of_each() {
    static const std::vector<SigningKey> all = [] {
        std::vector<SigningKey> keys;
        for (const Algorithm algorithm :
             {Algorithm::rs256, Algorithm::rs384, Algorithm::rs512, Algorithm::ps256,
              Algorithm::ps384, Algorithm::ps512, Algorithm::es256, Algorithm::es384,
              Algorithm::es512, Algorithm::eddsa}) {
            keys.push_back(SigningKey::generate(algorithm));
        }
        keys.push_back(SigningKey::generate_ed448());
        return keys;
    }();
    return all;
}

core::Json json(const std::string& text) {
    return core::Json::parse(text, 8).value();
}

bool verifies(const SigningKey& signer, const SigningKey& publisher) {
    const auto key = core::import_key(json(publisher.public_jwk())).value();
    core::Verifier verifier(key, publisher.algorithm());
    return verifier.verify("text", signer.signature("text"));
}

TEST(SigningKey, WhatItSignsVerifiesUnderWhatItPublishes) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(key.public_jwk());
        EXPECT_TRUE(verifies(key, key));
    }
}

TEST(SigningKey, PublishesNothingPrivate) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(key.public_jwk());
        for (const char* member : {"d", "p", "q", "dp", "dq", "qi"}) {
            EXPECT_EQ(json(key.public_jwk()).at(member).type(), core::Json::Type::invalid);
        }
        EXPECT_EQ(json(key.public_jwk()).at("use").string(), "sig");
        EXPECT_EQ(json(key.public_jwk()).at("alg").string(), name_of(key.algorithm()));
    }
}

TEST(SigningKey, IsNamedByItsThumbprintUntilItGetsAnotherName) {
    auto key = SigningKey::generate(Algorithm::es256);
    const auto print = core::import_key(json(key.public_jwk())).value().thumbprint;
    EXPECT_EQ(key.id(),
              core::encode_base64url({reinterpret_cast<const char*>(print.data()), print.size()}));
    key.use_id("k\"1");
    EXPECT_EQ(json(key.public_jwk()).at("kid").string(), "k\"1");
    EXPECT_EQ(json(key.header()).at("kid").string(), "k\"1");
}

TEST(SigningKey, ComesBackFromItsPrivateJwk) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(key.public_jwk());
        const auto again = SigningKey::from_jwk(key.private_jwk());
        ASSERT_TRUE(again.has_value()) << again.error();
        EXPECT_EQ(again->public_jwk(), key.public_jwk());
        EXPECT_TRUE(verifies(*again, key));
    }
}

TEST(SigningKey, RefusesWhatIsNoPrivateKey) {
    const auto ec = SigningKey::generate(Algorithm::es256);
    const auto changed = [&](const char* from, const char* to) {
        std::string text = ec.private_jwk();
        return text.replace(text.find(from), std::string_view(from).size(), to);
    };
    const std::string other_half = SigningKey::generate(Algorithm::es256).private_jwk();
    std::string mixed = ec.private_jwk();
    mixed.replace(mixed.find("\"d\""), 5 + 43, other_half.substr(other_half.find("\"d\""), 5 + 43));
    for (const std::string& text :
         {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"kty":"oct"})"),
          ec.public_jwk(), changed("ES256", "RS256"), changed("ES256", "none"),
          changed("P-256", "P-384"), changed("\"alg\":\"ES256\"", "\"alg\":256"),
          changed("\"EC\"", "\"OKP\""), changed("\"EC\"", "\"RSA\""), mixed,
          SigningKey::generate(Algorithm::rs256).public_jwk(),
          SigningKey::generate(Algorithm::eddsa).public_jwk()}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(SigningKey::from_jwk(text).has_value());
    }
}

TEST(SigningKey, SignsHeaderAndPayloadAsTheyAre) {
    const auto key = SigningKey::generate(Algorithm::eddsa);
    const std::string token = key.sign(R"({ "alg":"EdDSA"})", "not json");
    const auto first = token.find('.');
    const auto last = token.rfind('.');
    EXPECT_EQ(core::decode_base64url(token.substr(0, first)), R"({ "alg":"EdDSA"})");
    EXPECT_EQ(core::decode_base64url(token.substr(first + 1, last - first - 1)), "not json");
    EXPECT_EQ(core::decode_base64url(token.substr(last + 1)),
              key.signature(std::string_view(token).substr(0, last)));
}

}  // namespace
