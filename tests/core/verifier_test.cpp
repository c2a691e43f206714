// Signatures: every good one verifies, every other one does not, and one verification leaves no
// trace in the next.
#include <bearergate/cli/signing_key.hpp>
#include <bearergate/core/verifier.hpp>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace bearergate::core;
using bearergate::cli::SigningKey;

constexpr std::string_view text = "eyJhbGciOiJFUzI1NiJ9.e30";

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

PublicKey public_key(const SigningKey& key) {
    return import_key(Json::parse(key.public_jwk(), 8).value()).value();
}

Verifier verifier_of(const SigningKey& key) {
    return Verifier(public_key(key), key.algorithm());
}

std::string name(const SigningKey& key) {
    return std::string(name_of(key.algorithm())) + " " + std::to_string(public_key(key).bits);
}

TEST(Verifier, RefusesASignatureWithAnyBitFlipped) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(name(key));
        Verifier verifier = verifier_of(key);
        const std::string good = key.signature(text);
        ASSERT_TRUE(verifier.verify(text, good));
        for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
            std::string bad = good;
            bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
            ASSERT_FALSE(verifier.verify(text, bad)) << bit;
        }
        ASSERT_TRUE(verifier.verify(text, good));
    }
}

TEST(Verifier, RefusesATextWithAnyBitFlipped) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(name(key));
        Verifier verifier = verifier_of(key);
        const std::string good = key.signature(text);
        for (std::size_t bit = 0; bit < text.size() * 8; bit += 7) {
            std::string bad(text);
            bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
            ASSERT_FALSE(verifier.verify(bad, good)) << bit;
        }
        ASSERT_FALSE(verifier.verify("", good));
        ASSERT_FALSE(verifier.verify(std::string(text) + "A", good));
    }
}

TEST(Verifier, TakesSignaturesOfOneLengthOnly) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(name(key));
        Verifier verifier = verifier_of(key);
        const std::string good = key.signature(text);
        for (std::size_t size = 0; size <= 2 * good.size() + 10; ++size) {
            if (size == good.size()) continue;
            std::string bad = good;
            bad.resize(size);
            ASSERT_FALSE(verifier.verify(text, bad)) << size;
            ASSERT_FALSE(verifier.verify(text, std::string(size, '\0'))) << size;
            if (size > good.size()) {
                ASSERT_FALSE(verifier.verify(text, std::string(size - good.size(), '\0') + good))
                    << size;
            }
        }
        ASSERT_TRUE(verifier.verify(text, good));
    }
}

TEST(Verifier, RefusesExtremeNumbers) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(name(key));
        Verifier verifier = verifier_of(key);
        const std::string good = key.signature(text);
        const std::size_t half = good.size() / 2;
        for (const char byte : {'\x00', '\x01', '\x7f', '\x80', '\xff'}) {
            const std::string filled(half, byte);
            ASSERT_FALSE(verifier.verify(text, filled + filled));
            ASSERT_FALSE(verifier.verify(text, filled + good.substr(half)));
            ASSERT_FALSE(verifier.verify(text, good.substr(0, half) + filled));
        }
        ASSERT_FALSE(verifier.verify(text, good.substr(half) + good.substr(0, half)));
    }
}

// Halves with leading zeros and with a first bit of one both come up among so many signatures.
TEST(Verifier, TakesEveryGoodEcdsaSignature) {
    for (const Algorithm algorithm : {Algorithm::es256, Algorithm::es384, Algorithm::es512}) {
        const SigningKey key = SigningKey::generate(algorithm);
        Verifier verifier = verifier_of(key);
        const int rounds = algorithm == Algorithm::es256 ? 1500 : 200;
        for (int i = 0; i < rounds; ++i) {
            const std::string signed_text = std::to_string(i);
            ASSERT_TRUE(verifier.verify(signed_text, key.signature(signed_text))) << i;
        }
    }
}

TEST(Verifier, IsBoundToItsKeyAndAlgorithm) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(name(key));
        const std::string good = key.signature(text);
        for (const SigningKey& other : one_of_each()) {
            if (&other == &key) continue;
            ASSERT_FALSE(verifier_of(other).verify(text, good)) << name(other);
        }
    }
}

TEST(Verifier, OfAKeyThatDoesNotFitRefusesEverything) {
    const SigningKey& rs256 = one_of_each().front();
    const std::string good = rs256.signature(text);
    const PublicKey key = public_key(rs256);  // its alg says RS256 and nothing else
    EXPECT_TRUE(Verifier(key, Algorithm::rs256).verify(text, good));
    for (const Algorithm algorithm :
         {Algorithm::rs384, Algorithm::ps256, Algorithm::es256, Algorithm::eddsa}) {
        EXPECT_FALSE(Verifier(key, algorithm).verify(text, good));
    }
    EXPECT_FALSE(Verifier(PublicKey{}, Algorithm::rs256).verify(text, good));
    PublicKey lies = key;
    lies.algorithms = AlgorithmSet::all();
    EXPECT_FALSE(Verifier(lies, Algorithm::es256).verify(text, good));
    EXPECT_FALSE(Verifier(lies, Algorithm::eddsa).verify(text, good));
}

TEST(Verifier, LeavesNoErrorsForOthersToFind) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(name(key));
        Verifier verifier = verifier_of(key);
        std::string bad = key.signature(text);
        bad[3] = static_cast<char>(bad[3] ^ 1);
        ERR_clear_error();
        EXPECT_FALSE(verifier.verify(text, bad));
        EXPECT_FALSE(verifier.verify(text, std::string(bad.size(), '\0')));
        EXPECT_EQ(ERR_peek_error(), 0U);
        EXPECT_FALSE(Verifier(public_key(key), Algorithm::es256).verify(text, "") &&
                     key.algorithm() != Algorithm::es256);
        EXPECT_EQ(ERR_peek_error(), 0U);
    }
}

TEST(Verifier, GivesTheSameAnswersHoweverOftenItIsAsked) {
    for (const SigningKey& key : one_of_each()) {
        SCOPED_TRACE(name(key));
        Verifier verifier = verifier_of(key);
        for (int i = 0; i < 25; ++i) {
            const std::string signed_text = "text " + std::to_string(i);
            const std::string good = key.signature(signed_text);
            ASSERT_TRUE(verifier.verify(signed_text, good));
            ASSERT_FALSE(verifier.verify(text, good));
            ASSERT_FALSE(verifier.verify(signed_text, std::string(good.size(), '\x55')));
            ASSERT_FALSE(verifier.verify(signed_text, ""));
            ASSERT_TRUE(verifier.verify(signed_text, good));
        }
    }
}

TEST(Verifier, MovesWithItsContexts) {
    const SigningKey& key = one_of_each()[6];
    const std::string good = key.signature(text);
    Verifier first = verifier_of(key);
    Verifier second = std::move(first);
    EXPECT_TRUE(second.verify(text, good));
    Verifier third = verifier_of(one_of_each()[9]);
    third = std::move(second);
    EXPECT_TRUE(third.verify(text, good));
}

// Signed by OpenSSL with a salt of our choice, -3 being the longest possible.
std::string pss_signature(EVP_PKEY* key, int salt, const EVP_MD* mgf1) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    EVP_PKEY_CTX* options = nullptr;
    EVP_DigestSignInit(context.get(), &options, EVP_sha256(), nullptr, key);
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_mgf1_md(options, mgf1);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt);
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    EXPECT_EQ(
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()),
        1);
    return signature;
}

TEST(Verifier, TakesPssSaltsAsLongAsTheDigestOnly) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}), EVP_PKEY_free);
    EVP_PKEY_up_ref(key.get());
    Verifier verifier({.type = KeyType::rsa,
                       .algorithms = {Algorithm::ps256},
                       .bits = 2048,
                       .handle = {key.get(), EVP_PKEY_free}},
                      Algorithm::ps256);
    EXPECT_TRUE(verifier.verify(text, pss_signature(key.get(), 32, EVP_sha256())));
    for (const int salt : {0, 20, 31, 33, 64, -3}) {
        EXPECT_FALSE(verifier.verify(text, pss_signature(key.get(), salt, EVP_sha256()))) << salt;
    }
    EXPECT_FALSE(verifier.verify(text, pss_signature(key.get(), 32, EVP_sha1())));
    EXPECT_FALSE(verifier.verify(text, pss_signature(key.get(), 32, EVP_sha512())));
    EXPECT_TRUE(verifier.verify(text, pss_signature(key.get(), 32, EVP_sha256())));
}

TEST(IsExpensive, WhatTakesHundredsOfMicroseconds) {
    const struct {
        KeyType type;
        int bits;
        bool expensive;
    } cases[]{
        {KeyType::rsa, 2048, false}, {KeyType::rsa, 4096, false},    {KeyType::rsa, 4097, true},
        {KeyType::rsa, 8192, true},  {KeyType::p256, 256, false},    {KeyType::p384, 384, true},
        {KeyType::p521, 521, true},  {KeyType::ed25519, 255, false}, {KeyType::ed448, 448, true}};
    for (const auto& c : cases) {
        EXPECT_EQ(is_expensive({.type = c.type, .bits = c.bits}), c.expensive) << c.bits;
    }
}

}  // namespace
