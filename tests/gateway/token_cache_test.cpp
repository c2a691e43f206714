#include <bearergate/gateway/token_cache.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <string>

namespace bearergate::gateway {

namespace {

// A digest with these first and last bytes, to place entries side by side at will.
TokenDigest digest(std::uint64_t first, std::uint8_t last = 0) {
    TokenDigest made{};
    std::memcpy(made.data(), &first, sizeof first);
    made.back() = last;
    return made;
}

TokenCache::Entry entry(std::size_t issuer) {
    return {
        .token = std::make_shared<const core::VerifiedToken>(core::VerifiedToken{.issuer = issuer}),
        .generation = 1};
}

TEST(TokenCache, TellsApartDigestsThatAgreeInAllButOneByte) {
    TokenCache cache(100, 1 << 20);
    cache.insert(digest(7, 1), entry(1), 10);
    EXPECT_EQ(cache.find(digest(7, 2)), nullptr);
    cache.insert(digest(7, 2), entry(2), 10);
    ASSERT_NE(cache.find(digest(7, 1)), nullptr);
    EXPECT_EQ(cache.find(digest(7, 1))->token->issuer, 1u);
    EXPECT_EQ(cache.find(digest(7, 2))->token->issuer, 2u);
    cache.erase(digest(7, 1));
    EXPECT_EQ(cache.find(digest(7, 1)), nullptr);
    EXPECT_EQ(cache.find(digest(7, 2))->token->issuer, 2u);
}

TEST(TokenCache, InsertingAgainReplaces) {
    TokenCache cache(10, 1000);
    cache.insert(digest(1), entry(1), 100);
    cache.insert(digest(1), entry(2), 300);
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(cache.bytes(), 300u);
    EXPECT_EQ(cache.find(digest(1))->token->issuer, 2u);
    EXPECT_EQ(cache.evictions(), 0u);
}

TEST(TokenCache, IsBoundedInEntriesAndInBytes) {
    TokenCache few(8, 1 << 20);
    for (std::uint64_t i = 0; i < 1000; ++i) few.insert(digest(i), entry(i), 10);
    EXPECT_EQ(few.size(), 8u);
    EXPECT_EQ(few.evictions(), 992u);

    TokenCache small(1000, 1000);
    for (std::uint64_t i = 0; i < 1000; ++i) small.insert(digest(i), entry(i), 90);
    EXPECT_EQ(small.size(), 11u);
    EXPECT_EQ(small.bytes(), 990u);
    small.insert(digest(5000), entry(1), 950);
    EXPECT_EQ(small.size(), 1u);
    small.insert(digest(5001), entry(1), 1001);
    EXPECT_EQ(small.find(digest(5001)), nullptr) << "what fits nowhere pushes nothing out";
    EXPECT_NE(small.find(digest(5000)), nullptr);

    TokenCache off(0, 1000);
    off.insert(digest(1), entry(1), 1);
    EXPECT_EQ(off.size(), 0u);
}

TEST(TokenCache, WhatIsInUseOutlivesWhatComesOnce) {
    TokenCache cache(100, 1 << 20);
    for (std::uint64_t i = 0; i < 50; ++i) cache.insert(digest(i), entry(i), 1);
    for (std::uint64_t once = 1000; once < 3000; ++once) {
        cache.insert(digest(once), entry(once), 1);
        for (std::uint64_t i = 0; i < 50; ++i) ASSERT_NE(cache.find(digest(i)), nullptr) << once;
    }
}

TEST(TokenCache, EvictsEvenWhenAllAreInUse) {
    TokenCache cache(500, 1 << 20);
    for (std::uint64_t i = 0; i < 500; ++i) cache.insert(digest(i), entry(i), 1);
    for (std::uint64_t i = 0; i < 500; ++i) cache.find(digest(i));
    cache.insert(digest(999), entry(9), 1);
    EXPECT_EQ(cache.size(), 500u);
    EXPECT_NE(cache.find(digest(999)), nullptr);
}

// Against a map, with digests that crowd a few places of the table and wrap around its end.
TEST(TokenCache, AgreesWithAMapUnderAnySequence) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        TokenCache cache(400, 1 << 30);
        std::map<TokenDigest, std::size_t> model;
        for (std::size_t step = 0; step < 20'000; ++step) {
            const std::uint64_t place = random() % 5 == 0 ? 0xFFFF'FFFFU : random() % 40;
            const TokenDigest which =
                digest(place | (random() % 2) << 40U, static_cast<std::uint8_t>(random() % 4));
            switch (random() % 3) {
                case 0:
                    cache.insert(which, entry(step), 1 + step % 7);
                    model[which] = step;
                    break;
                case 1:
                    cache.erase(which);
                    model.erase(which);
                    break;
                default: {
                    const auto* const found = cache.find(which);
                    const auto known = model.find(which);
                    ASSERT_EQ(found != nullptr, known != model.end()) << step;
                    if (found) ASSERT_EQ(found->token->issuer, known->second) << step;
                }
            }
        }
        ASSERT_EQ(cache.size(), model.size());
        ASSERT_EQ(cache.evictions(), 0u);
        for (const auto& [which, value] : model) {
            ASSERT_NE(cache.find(which), nullptr);
            cache.erase(which);
        }
        EXPECT_EQ(cache.size(), 0u);
        EXPECT_EQ(cache.bytes(), 0u);
    }
}

core::VerifiedToken reading(std::string subject) {
    return {.claims = {.scopes = {"read"}, .subject = std::move(subject)}};
}

TEST(TokenCache, TokensThatItKeepsShareWhatTheyHaveInCommon) {
    TokenCache cache(100, 1 << 20);
    const auto ada = cache.keep(digest(1), reading("ada"), 7, 8);
    const auto bob = cache.keep(digest(2), reading("bob"), 7, 8);
    EXPECT_EQ(ada->claims.scopes.begin(), bob->claims.scopes.begin());
    const auto* const found = cache.find(digest(2));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->token, bob);
    EXPECT_EQ(found->generation, 7u);
    EXPECT_EQ(found->keys_revision, 8u);
    EXPECT_GE(cache.bytes(), footprint(*ada) + footprint(*bob));
}

TEST(TokenCache, OneOfNoEntriesKeepsNothing) {
    TokenCache cache(0, 0);
    const auto ada = cache.keep(digest(1), reading("ada"), 7, 8);
    EXPECT_EQ(ada->claims.subject, "ada");
    EXPECT_EQ(cache.find(digest(1)), nullptr);
    EXPECT_EQ(cache.bytes(), 0u);
}

core::Json parsed(const std::string& text) {
    return core::Json::parse(text, 16).value();
}

TEST(Footprint, CountsWhatATokenHolds) {
    core::VerifiedToken token{.claims = {.subject = "ada"}};
    const std::size_t small = footprint(token);
    EXPECT_LT(small, 2000u);
    token.claims.scopes = std::vector<std::string>(3000, "a");
    EXPECT_GE(footprint(token), 3000 * sizeof(std::string));
}

TEST(Footprint, CountsAPayloadByWhatItTakesInMemory) {
    std::string ones = "[1";
    for (int i = 1; i < 3000; ++i) ones += ",1";
    core::VerifiedToken token{.claims = {.subject = "ada"}};
    const std::size_t small = footprint(token);
    token.claims.all = parsed(R"({"a":)" + ones + "]}");
    EXPECT_GE(footprint(token), 3000u * 60) << "six kilobytes of text";
    token.claims.all = parsed("{}");
    EXPECT_GE(footprint(token), small + 800) << "an object has room from the first on";
    token.claims.all = parsed("{" + std::string(8000, ' ') + "}");
    EXPECT_GE(footprint(token), small + 8000) << "strings had room for all of the text";

    token.claims.all = parsed(R"({"sub":"0zijz9uyrh5hqc1u02e7e","iss":"https://acme.logto.app",)"
                              R"("aud":"https://api.example","scope":"read:items write:items",)"
                              R"("client_id":"0zijz9uyrh5hqc1u02e7e","iat":1,"exp":2,"jti":"x"})");
    EXPECT_LT(footprint(token), 4000u) << "an ordinary one leaves the cache its entries";
}

}  // namespace

}  // namespace bearergate::gateway
