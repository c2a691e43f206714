// When an issuer's keys are fetched, and what is made of what comes.
#include <bearergate/gateway/key_store.hpp>

#include "gateway/key_store_world.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using namespace key_world;

TEST(NextRefresh, IsATable) {
    constexpr std::optional<std::chrono::seconds> none;
    const struct {
        std::chrono::seconds refresh;
        unsigned failures;
        std::optional<std::chrono::seconds> max_age;
        double jitter;
        std::chrono::milliseconds expected;
    } cases[] = {
        {600s, 0, none, 0.5, 600s},
        {600s, 0, none, 0.0, 540s},
        {600s, 0, none, 1.0, 660s},
        {600s, 0, none, 7.0, 660s},
        {600s, 0, 120s, 0.5, 120s},
        {600s, 0, 120s, 0.0, 108s},
        {600s, 0, 60s, 0.0, 60s},
        {600s, 0, 1s, 0.5, 60s},
        {600s, 0, 1s, 0.0, 60s},
        {600s, 0, 601s, 0.5, 600s},
        {600s, 0, 999'999'999s, 0.5, 600s},
        {30s, 0, 10s, 0.5, 30s},
        {30s, 0, 100s, 0.5, 30s},
        {600s, 1, none, 0.5, 1s},
        {600s, 1, none, 0.0, 900ms},
        {600s, 2, none, 0.5, 2s},
        {600s, 3, none, 1.0, 4400ms},
        {600s, 6, none, 0.5, 32s},
        {600s, 7, none, 0.5, 60s},
        {600s, 1'000'000, none, 0.5, 60s},
        {600s, 0xFFFF'FFFFU, none, 1.0, 66s},
        {600s, 1, 120s, 0.5, 1s},
        {20s, 50, none, 0.5, 20s},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(fmt::format("refresh {} failures {} max_age {} jitter {}", c.refresh.count(),
                                 c.failures, c.max_age ? c.max_age->count() : -1, c.jitter));
        RefreshRules rules;
        rules.refresh = c.refresh;
        const auto got = next_refresh(rules, c.failures, c.max_age, c.jitter);
        EXPECT_NEAR(static_cast<double>(got.count()), static_cast<double>(c.expected.count()), 1);
    }
}

TEST(MayRefetch, CountsFromTheLastStart) {
    const SteadyTime start{1000h};
    EXPECT_TRUE(may_refetch(std::nullopt, start, 10s));
    EXPECT_FALSE(may_refetch(start, start, 10s));
    EXPECT_FALSE(may_refetch(start, start + 9999ms, 10s));
    EXPECT_TRUE(may_refetch(start, start + 10s, 10s));
}

TEST(KeyStore, FetchesAtTheStart) {
    World w;
    EXPECT_TRUE(w.store->figures().first_fetch_pending);
    w.store->start();
    w.run(19ms);
    EXPECT_FALSE(w.keys);
    EXPECT_TRUE(w.store->figures().first_fetch_pending);
    w.run(1ms);
    EXPECT_TRUE(w.has(w.issuer));
    const auto figures = w.store->figures();
    EXPECT_FALSE(figures.first_fetch_pending);
    EXPECT_TRUE(figures.usable);
    EXPECT_EQ(figures.keys, 1u);
    EXPECT_EQ(figures.refreshes, 1u);
    EXPECT_EQ(figures.last_success, w.now);
    EXPECT_EQ(w.store->key_ids(), std::vector<std::string>{w.issuer.key().id()});
}

TEST(KeyStore, RefreshesForADayWithinTenPerCent) {
    World w;
    std::mt19937 random(7);
    w.store->start();
    for (int minute = 0; minute < 24 * 60; ++minute) {
        w.jitter = std::uniform_real_distribution<double>(0, 1)(random);
        w.run(1min);
    }
    ASSERT_GT(w.starts.size(), 24u * 60 / 11);
    for (std::size_t i = 1; i < w.starts.size(); ++i) {
        const auto pause = w.starts[i] - w.starts[i - 1];
        EXPECT_GE(pause, 540s);
        EXPECT_LE(pause, 661s);
    }
    EXPECT_EQ(w.changes, 1) << "an unchanged set swaps nothing";
}

TEST(KeyStore, NamesTheDocumentItHas) {
    World w;
    w.answer = [&w](const std::string& etag) {
        return etag == "\"v1\"" ? not_modified() : document(w.issuer.jwks(), "\"v1\"");
    };
    w.store->start();
    w.run(1h);
    ASSERT_GE(w.etags.size(), 3u);
    EXPECT_EQ(w.etags[0], "");
    EXPECT_EQ(w.etags[1], "\"v1\"");
    EXPECT_EQ(w.etags[2], "\"v1\"");
    EXPECT_EQ(w.changes, 1);
    EXPECT_EQ(w.store->figures().failures, 0u);
    EXPECT_LT(w.now - *w.store->figures().last_success, 11min);
}

TEST(KeyStore, NotModifiedIsAFailureWhenNothingWasNamed) {
    World w;
    w.answer = [](const std::string&) { return not_modified(); };
    w.store->start();
    w.run(100ms);
    EXPECT_FALSE(w.keys);
    EXPECT_EQ(w.store->figures().failures, 1u);
    w.answer = [&w](const std::string&) { return document(w.issuer.jwks()); };
    w.run(2s);
    ASSERT_TRUE(w.has(w.issuer));
    w.answer = [](const std::string&) { return not_modified(); };  // though it sent no ETag
    w.run(11min);
    EXPECT_GE(w.store->figures().failures, 2u);
    EXPECT_TRUE(w.has(w.issuer));
}

TEST(KeyStore, BacksOffFromASecondToAMinute) {
    World w;
    w.latency = 0ms;
    w.answer = [](const std::string&) { return failure(); };
    w.store->start();
    w.run(10min);
    const std::chrono::seconds pauses[] = {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s};
    ASSERT_GT(w.starts.size(), std::size(pauses));
    for (std::size_t i = 0; i < std::size(pauses); ++i) {
        EXPECT_EQ(w.starts[i + 1] - w.starts[i], pauses[i]) << i;
    }
}

TEST(KeyStore, TellsOnceThatTheFirstFetchFailed) {
    World w;
    w.answer = [](const std::string&) { return failure(); };
    w.store->start();
    w.run(1min);
    EXPECT_EQ(w.changes, 1);
    EXPECT_FALSE(w.keys);
    EXPECT_FALSE(w.store->figures().first_fetch_pending);
    EXPECT_FALSE(w.store->figures().usable);
}

TEST(KeyStore, TheLastGoodSetServesUpToMaxStaleAndNoLonger) {
    World w;
    w.store->start();
    w.run(100ms);
    const SteadyTime success = *w.store->figures().last_success;
    w.answer = [](const std::string&) { return failure(); };
    w.run_until(success + 24h - 1ms);
    EXPECT_TRUE(w.has(w.issuer));
    EXPECT_EQ(w.changes, 1);
    w.run(1ms);
    EXPECT_FALSE(w.keys);
    EXPECT_EQ(w.changes, 2);
    EXPECT_EQ(w.logged("error:"), 1);
    EXPECT_FALSE(w.store->figures().usable);
    EXPECT_TRUE(w.store->key_ids().empty());

    w.run(48h);
    EXPECT_EQ(w.changes, 2);
    w.answer = [&w](const std::string&) { return document(w.issuer.jwks()); };
    w.run(67s);
    EXPECT_TRUE(w.has(w.issuer)) << "recovers without a restart";
}

TEST(KeyStore, AFetchThatHangsDoesNotKeepStaleKeysInUse) {
    World w;
    w.store->start();
    w.run(100ms);
    w.hangs = true;
    w.run(25h);
    EXPECT_FALSE(w.keys);
    EXPECT_EQ(w.starts.size(), 2u) << "single flight";
}

TEST(KeyStore, WithdrawnKeysAreFetchedWhole) {
    World w;
    w.answer = [&w](const std::string& etag) {
        return etag.empty() ? document(w.issuer.jwks(), "\"v1\"") : failure();
    };
    w.store->start();
    w.run(24h + 2min);
    EXPECT_TRUE(w.has(w.issuer)) << "without the ETag the answer is a document";
    EXPECT_EQ(w.changes, 3);
    EXPECT_EQ(w.etags.back(), "");
}

TEST(KeyStore, AnUnusableDocumentKeepsTheOldSet) {
    const std::string good = test::Issuer().jwks();
    const std::string cases[] = {
        "",
        "null",
        "[]",
        "<html><title>502</title></html>",
        good.substr(0, good.size() - 1),
        good + good,
        "\xEF\xBB\xBF" + good,
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        R"({"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0","alg":"HS256"}]})",
        R"({"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"AA","y":"AA"}]})",
        R"({"keys":[],"keys":[]})",
        good + std::string(core::max_key_set_bytes, ' '),
        std::string("\x1f\x8b\x08\x00\x00", 5),
    };
    for (const std::string& text : cases) {
        SCOPED_TRACE(text.substr(0, 60));
        World w;
        w.store->start();
        w.run(100ms);
        ASSERT_TRUE(w.has(w.issuer));
        w.answer = [&text](const std::string&) { return document(text, "\"bad\"", 60s); };
        w.run(2h);
        EXPECT_TRUE(w.has(w.issuer));
        EXPECT_EQ(w.changes, 1);
        EXPECT_EQ(w.store->figures().refreshes, 1u);
        EXPECT_GT(w.store->figures().failures, 100u) << "it backs off as with any failure";
        EXPECT_EQ(w.etags.back(), "") << "the ETag of what is no use is not kept";
    }
}

TEST(KeyStore, MaxAgeShortensTheInterval) {
    World w;
    w.latency = 0ms;
    w.answer = [&w](const std::string&) { return document(w.issuer.jwks(), "", 90s); };
    w.store->start();
    w.run(89s);
    EXPECT_EQ(w.starts.size(), 1u);
    w.run(1s);
    EXPECT_EQ(w.starts.size(), 2u);
    w.answer = [&w](const std::string&) { return document(w.issuer.jwks(), "", 1s); };
    w.run(90s);
    ASSERT_EQ(w.starts.size(), 3u);
    w.run(59s);
    EXPECT_EQ(w.starts.size(), 3u) << "never below a minute";
}

TEST(KeyStore, AChangeOfAlgorithmsIsAChange) {
    World w;
    w.issuer = test::Issuer("https://issuer.example", core::Algorithm::ps256);
    std::string text = w.issuer.jwks();
    w.answer = [&text](const std::string&) { return document(text); };
    w.store->start();
    w.run(100ms);
    ASSERT_TRUE(w.has(w.issuer));
    text.replace(text.find("PS256"), 5, "RS256");
    w.run(11min);
    EXPECT_EQ(w.changes, 2);
    EXPECT_FALSE(w.has(w.issuer));
}

// A document that is fetched for hours, then a good one, then it again: told twice.
void expect_told_once_per_document(World& w, const std::string& text, const std::string& what) {
    w.answer = [&](const std::string&) { return document(text); };
    w.store->start();
    w.run(3h);
    ASSERT_GT(w.starts.size(), 10u);
    EXPECT_TRUE(w.has(w.issuer));
    EXPECT_EQ(w.logged(what), 1);
    w.answer = [&](const std::string&) { return document(w.issuer.jwks()); };
    w.run(11min);
    w.answer = [&](const std::string&) { return document(text); };
    w.run(11min);
    EXPECT_EQ(w.logged(what), 2);
}

TEST(KeyStore, AKeyThatIsNotUsedIsToldOncePerDocument) {
    World w;
    expect_told_once_per_document(
        w, R"({"keys":[{"kty":"oct","k":"AA","kid":"s"},)" + w.issuer.key().public_jwk() + "]}",
        "a key is not used");
}

TEST(KeyStore, AKeyWhosePrivateHalfIsPublishedIsUsedAndToldOncePerDocument) {
    World w;
    expect_told_once_per_document(w, R"({"keys":[)" + w.issuer.key().private_jwk() + "]}",
                                  "the private half of a key is published");
}

}  // namespace
}  // namespace bearergate::gateway
