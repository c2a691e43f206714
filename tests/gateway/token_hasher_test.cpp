#include <bearergate/gateway/token_hasher.hpp>

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace bearergate::gateway {

namespace {

TokenHasher::Key some_key() {
    std::mt19937_64 random(7);
    TokenHasher::Key key;
    for (std::uint64_t& word : key.nh) word = random();
    for (std::uint64_t& word : key.siphash) word = random();
    return key;
}

std::string some_text(std::size_t bytes, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::string text(bytes, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

std::string hex(const TokenDigest& made) {
    std::string text;
    for (const std::uint8_t byte : made) {
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 15U];
    }
    return text;
}

// OpenSSL's; nothing where it offers none.
std::optional<TokenDigest> siphash(const std::array<std::uint64_t, 2>& key,
                                   const std::vector<std::uint64_t>& words) {
    struct Free {
        void operator()(EVP_MAC* held) const { EVP_MAC_free(held); }
        void operator()(EVP_MAC_CTX* held) const { EVP_MAC_CTX_free(held); }
    };
    const std::unique_ptr<EVP_MAC, Free> mac(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr));
    if (!mac) return std::nullopt;
    const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_new(mac.get()));
    unsigned compression = 1;
    unsigned finalization = 3;
    const std::array parameters{OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &compression),
                                OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &finalization),
                                OSSL_PARAM_construct_end()};
    TokenDigest digest{};
    std::size_t size = 0;
    const auto* const bytes = reinterpret_cast<const unsigned char*>(words.data());
    const bool done =
        EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key.data()), sizeof key,
                     parameters.data()) == 1 &&
        EVP_MAC_update(context.get(), bytes, words.size() * sizeof words[0]) == 1 &&
        EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1;
    EXPECT_TRUE(done);
    EXPECT_EQ(size, digest.size());
    return digest;
}

// The product of two words and what was there before, in halves of words.
struct Sum {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    void add_product(std::uint64_t a, std::uint64_t b) {
        constexpr std::uint64_t half = 0xFFFF'FFFF;
        for (const auto& [x, y, shift] :
             {std::tuple{a & half, b & half, 0}, std::tuple{a >> 32U, b & half, 32},
              std::tuple{a & half, b >> 32U, 32}, std::tuple{a >> 32U, b >> 32U, 64}}) {
            const std::uint64_t product = x * y;
            const std::uint64_t addend = shift == 64 ? 0 : product << shift;
            low += addend;
            high += (low < addend ? 1 : 0) + (shift == 0 ? 0 : product >> (64 - shift));
        }
    }
};

// What NH is by its definition: each pair of words, plus the key's, multiplied; all added up.
Sum nh(std::string block, const std::uint64_t* key) {
    block.resize((block.size() + 15) / 16 * 16);
    std::vector<std::uint64_t> words(block.size() / 8);
    std::memcpy(words.data(), block.data(), block.size());
    Sum sum;
    for (std::size_t i = 0; i < words.size(); i += 2) {
        sum.add_product(words[i] + key[i], words[i + 1] + key[i + 1]);
    }
    return sum;
}

TEST(TokenHasher, IsSipHashOfWhatNhLeavesOfEachBlockAndOfTheLength) {
    if (std::endian::native != std::endian::little) GTEST_SKIP() << "SipHash's words are little";
    const TokenHasher::Key key = some_key();
    const TokenHasher hash(key);
    constexpr std::size_t sizes[] = {0,    1,    7,    8,    15,   16,   17,   31,   32,   676,
                                     1008, 1009, 1023, 1024, 1025, 1040, 2047, 2048, 2049, 5000};
    for (const std::size_t size : sizes) {
        SCOPED_TRACE(size);
        const std::string text = some_text(size);
        std::vector<std::uint64_t> words;
        for (std::size_t at = 0; at < size; at += 1024) {
            for (const std::uint64_t* from : {key.nh.data(), key.nh.data() + 2}) {
                const Sum sum = nh(text.substr(at, 1024), from);
                words.push_back(sum.low);
                words.push_back(sum.high);
            }
        }
        words.push_back(size);
        const auto expected = siphash(key.siphash, words);
        if (!expected) GTEST_SKIP() << "OpenSSL offers no SipHash here";
        EXPECT_EQ(hash(text), *expected);
        EXPECT_EQ(hash(text), *expected) << "each time anew";
    }
}

// What another implementation makes of the same.
TEST(TokenHasher, AnswersAsItAlwaysHas) {
    if (std::endian::native != std::endian::little) GTEST_SKIP() << "SipHash's words are little";
    TokenHasher::Key key{.siphash = {0x0706050403020100, 0x0f0e0d0c0b0a0908}};
    for (std::size_t i = 0; i < key.nh.size(); ++i) key.nh[i] = (i + 1) * 0x9e3779b97f4a7c15;
    const TokenHasher hash(key);
    std::string two_blocks;
    for (int i = 0; i < 200; ++i) two_blocks += "token.";
    EXPECT_EQ(hex(hash("")), "dfe380971df8b3e211f18f3ee3f3fb25");
    EXPECT_EQ(hex(hash("abc")), "6593a98630a700ac47c6f239e38ccc70");
    EXPECT_EQ(hex(hash(two_blocks)), "3abaf38ca62bb55a1471fdec87e2ce19");
}

TEST(TokenHasher, EveryBitCounts) {
    const TokenHasher hash(some_key());
    for (const std::size_t size : {1UL, 16UL, 33UL, 676UL, 1030UL}) {
        SCOPED_TRACE(size);
        std::string text = some_text(size);
        std::set<TokenDigest> seen{hash(text)};
        for (std::size_t bit = 0; bit < size * 8; ++bit) {
            char& place = text[bit / 8];
            const char before = place;
            place = static_cast<char>(before ^ static_cast<char>(1U << bit % 8));
            EXPECT_TRUE(seen.insert(hash(text)).second) << bit;
            place = before;
        }
    }
}

TEST(TokenHasher, EveryPlaceAndTheLengthCount) {
    const TokenHasher hash(some_key());
    std::set<TokenDigest> seen;
    for (std::size_t size = 0; size <= 2200; ++size) {
        EXPECT_TRUE(seen.insert(hash(std::string(size, '\0'))).second) << size;
    }
    // The same two blocks, pairs and words, the other way round.
    const std::string one = some_text(1024, 1);
    const std::string other = some_text(1024, 2);
    for (const std::size_t part : {1024UL, 16UL, 8UL}) {
        const std::string a = one.substr(0, part);
        const std::string b = other.substr(0, part);
        EXPECT_NE(hash(a + b), hash(b + a)) << part;
    }
}

TEST(TokenHasher, EveryWordOfItsKeyCounts) {
    const std::string text = some_text(TokenHasher::block_bytes);
    const TokenHasher::Key key = some_key();
    std::set<TokenDigest> seen{TokenHasher(key)(text)};
    for (std::size_t i = 0; i < key.nh.size(); ++i) {
        TokenHasher::Key changed = key;
        changed.nh[i] ^= 1;
        EXPECT_TRUE(seen.insert(TokenHasher(changed)(text)).second) << i;
    }
    for (std::size_t i = 0; i < key.siphash.size(); ++i) {
        TokenHasher::Key changed = key;
        changed.siphash[i] ^= 1;
        EXPECT_TRUE(seen.insert(TokenHasher(changed)(text)).second) << i;
    }
}

TEST(TokenHasher, KeepsItsKeyToItself) {
    const TokenHasher one;
    const TokenHasher other;
    EXPECT_EQ(one("abc"), one("abc"));
    EXPECT_NE(one("abc"), other("abc"));
}

}  // namespace

}  // namespace bearergate::gateway
