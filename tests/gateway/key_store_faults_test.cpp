// Answers too late, exceptions, no memory, any weather: keys serve as long as they may, no longer.
#include <bearergate/gateway/key_store.hpp>

#include "gateway/key_store_world.hpp"
#include "support/starvation.hpp"

#include <gtest/gtest.h>

#include <new>
#include <random>
#include <string>

namespace bearergate::gateway {
namespace {

using namespace key_world;

TEST(KeyStoreFaults, AFetchThatIsOvertakenIsThrownAway) {
    for (const bool older_ends_first : {true, false}) {
        SCOPED_TRACE(older_ends_first);
        World w;
        const test::Issuer old;
        w.hangs = true;
        w.store->start();
        w.store->reload();
        ASSERT_EQ(w.held.size(), 2u);
        const auto end_old = [&] { w.held[0](document(old.jwks())); };
        if (older_ends_first) end_old();
        EXPECT_FALSE(w.has(old));
        w.held[1](document(w.issuer.jwks()));
        if (!older_ends_first) end_old();
        EXPECT_TRUE(w.has(w.issuer));
        EXPECT_FALSE(w.has(old));
        EXPECT_EQ(w.changes, 1);
    }
}

TEST(KeyStoreFaults, AnAnswerThatComesTwiceCountsOnce) {
    World w;
    w.hangs = true;
    w.store->start();
    w.held[0](document(w.issuer.jwks()));
    w.held[0](failure());
    w.held[0](document(test::Issuer().jwks()));
    EXPECT_TRUE(w.has(w.issuer));
    EXPECT_EQ(w.store->figures().failures, 0u);
}

TEST(KeyStoreFaults, NothingHappensAfterStop) {
    World w;
    w.hangs = true;
    w.store->start();
    w.store->stop();
    w.held[0](document(w.issuer.jwks()));
    w.store->ask();
    w.store->reload();
    w.run(48h);
    EXPECT_EQ(w.changes, 0);
    EXPECT_TRUE(w.answers.empty());
    EXPECT_EQ(w.starts.size(), 1u);
}

TEST(KeyStoreFaults, MayBeDestroyedWhileAFetchIsUnderWayAndByItsOwnHook) {
    World w;
    w.hangs = true;
    w.store->start();
    w.store->ask();
    w.store.reset();
    w.held[0](document(w.issuer.jwks()));
    EXPECT_EQ(w.changes, 0);

    w.make_store();
    w.on_change = [&w] { w.store.reset(); };
    w.store->start();
    w.store->ask();
    w.held[1](document(w.issuer.jwks()));
    EXPECT_EQ(w.changes, 1);
    EXPECT_TRUE(w.answers.empty());
    w.run(48h);
}

TEST(KeyStoreFaults, AnExceptionInsteadOfAFetchIsAFailure) {
    const struct {
        const char* what;
        bool at_once;
    } cases[] = {{"thrown by the call", true}, {"on the way: nobody tells how it ended", false}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        World w;
        w.store->start();
        w.run(11s);
        w.lost = c.at_once ? World::Lost::thrown : World::Lost::forgotten;
        w.store->ask();
        w.run(100ms);
        ASSERT_EQ(w.starts.size(), 2u);
        EXPECT_EQ(w.store->figures().failures, 1u);
        EXPECT_EQ(w.answers.size(), 1u) << "whoever asked must not wait for ever";
        EXPECT_TRUE(w.has(w.issuer));
        w.run(30s);
        EXPECT_GT(w.starts.size(), 4u) << "it goes on as after any failure";
        w.lost = World::Lost::no;
        w.run(60s);
        EXPECT_EQ(w.logged("can be fetched again"), 1);
    }
}

TEST(KeyStoreFaults, AnExceptionBeforeTheFirstKeysIsAFailureToo) {
    World w;
    w.lost = World::Lost::thrown;
    w.store->start();
    EXPECT_EQ(w.changes, 1) << "that there are none is told";
    w.lost = World::Lost::no;
    w.run(2s);
    EXPECT_TRUE(w.has(w.issuer));
}

TEST(KeyStoreFaults, KeysThatCouldNotBeHandedOutAreFetchedAgainWhole) {
    World w;
    const test::Issuer next;
    w.answer = [&w](const std::string&) { return document(w.issuer.jwks(), "\"v1\""); };
    w.store->start();
    w.run(100ms);
    const auto success = w.store->figures().last_success;
    w.answer = [&next](const std::string& etag) {
        return etag == "\"v2\"" ? not_modified() : document(next.jwks(), "\"v2\"");
    };
    w.on_change = [] { throw std::bad_alloc(); };
    w.run(11min);
    EXPECT_GE(w.store->figures().failures, 1u);
    EXPECT_EQ(w.store->figures().last_success, success) << "max_stale goes on counting";
    w.on_change = nullptr;
    w.keys = nullptr;
    w.run(2min);
    EXPECT_TRUE(w.has(next));
}

// Wherever memory ends in the middle of a fetch: keys in service are the store's own, which it
// withdraws in time.
TEST(KeyStoreFaults, KeysThatAreOutAreWithdrawnInTimeWhateverFailedAfterwards) {
    const std::string etag(100, 'e');
    bool was_starved = true;
    for (std::size_t nth = 1; was_starved; ++nth) {
        SCOPED_TRACE(nth);
        RefreshRules rules;
        rules.max_stale = 1h;
        World w(rules);
        w.answer = [](const std::string&) { return failure(); };
        w.store->start();
        w.run(100ms);
        w.hangs = true;
        w.run(2s);
        ASSERT_EQ(w.held.size(), 1u);
        KeyFetchResult result = document(w.issuer.jwks(), etag);
        {
            const std::size_t refused = test::Starvation::refused();
            const test::Starvation starvation(nth, 1);
            w.held.front()(std::move(result));
            was_starved = test::Starvation::refused() > refused;
        }
        EXPECT_EQ(w.store->figures().usable, w.keys != nullptr);
        w.hangs = false;
        w.run(2h);
        ASSERT_FALSE(w.keys);
    }
}

TEST(KeyStoreFaults, StaleKeysThatCouldNotBeWithdrawnAreWithdrawnAsSoonAsMayBe) {
    World w;
    w.store->start();
    w.run(100ms);
    w.answer = [](const std::string&) { return failure(); };
    w.on_change = [] { throw std::bad_alloc(); };
    w.run(25h);
    EXPECT_TRUE(w.store->figures().usable);
    EXPECT_GT(w.store->figures().failures, 1000u) << "fetches go on meanwhile";
    w.on_change = nullptr;
    w.run(1s);
    EXPECT_FALSE(w.keys);
    EXPECT_FALSE(w.store->figures().usable);
}

TEST(KeyStoreFaults, AnAnswerThatCouldNotBeGivenIsGivenWithTheNext) {
    World w;
    w.store->start();
    w.run(11s);
    w.on_answer = [] { throw std::bad_alloc(); };
    w.store->ask();
    w.run(150ms);
    EXPECT_TRUE(w.store->is_asked());
    w.on_answer = nullptr;
    w.answers.clear();
    w.run(1s);
    EXPECT_EQ(w.answers.size(), 1u) << "soon, and once";
    EXPECT_FALSE(w.store->is_asked());
    w.run(11min);
    EXPECT_EQ(w.starts.size(), 3u) << "the next refresh was planned all the same";
}

// Whatever an issuer does and however often workers ask: the keys are there exactly as long as
// the last success is younger than max_stale, and no question fetches within the interval.
TEST(KeyStoreFaults, HoldsItsPromisesInAnyWeather) {
    const test::Issuer a;
    const test::Issuer b;
    const std::string documents[] = {key_set({&a}), key_set({&b}), key_set({&a, &b})};
    for (unsigned seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const auto chance = [&random](int of) {
            return std::uniform_int_distribution<int>(0, of - 1)(random);
        };
        RefreshRules rules;
        rules.max_stale = 1h;
        World w(rules);
        bool up = true;
        w.answer = [&](const std::string& etag) {
            if (!up) return chance(2) == 0 ? failure() : document("<html>");
            if (!etag.empty() && chance(2) == 0) return not_modified();
            return document(documents[chance(3)], "\"e\"", std::chrono::seconds(1 + chance(900)));
        };
        w.store->start();
        for (int step = 0; step < 3000; ++step) {
            if (chance(100) == 0) up = !up;
            w.jitter = chance(11) / 10.0;
            w.latency = std::chrono::milliseconds(chance(5000));
            const std::size_t before = w.starts.size();
            const SteadyTime last = before > 0 ? w.starts.back() : SteadyTime{};
            if (chance(3) == 0) w.store->ask();
            if (w.starts.size() > before) ASSERT_GE(w.starts.back() - last, 10s);
            w.run(std::chrono::milliseconds(chance(20'000)));
            const auto success = w.store->figures().last_success;
            const bool fresh = success && w.now - *success < 1h;
            ASSERT_EQ(w.keys != nullptr, fresh);
        }
    }
}

}  // namespace
}  // namespace bearergate::gateway
