#include <bearergate/gateway/key_store.hpp>

#include "support/starvation.hpp"
#include "support/test_issuer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <new>
#include <random>
#include <utility>

namespace bearergate::gateway {

namespace {

using namespace std::chrono_literals;
using net::SteadyTime;

KeyFetchResult failure(const char* what = "connection refused") {
    return std::unexpected(what);
}
KeyFetchResult document(std::string text, std::string etag = "",
                        std::optional<std::chrono::seconds> max_age = {}) {
    return KeyDocument{.text = std::move(text), .etag = std::move(etag), .max_age = max_age};
}
KeyFetchResult not_modified() {
    return KeyDocument{.not_modified = true};
}

std::string key_set(std::initializer_list<const test::Issuer*> issuers) {
    std::string keys;
    for (const test::Issuer* issuer : issuers) {
        keys += (keys.empty() ? "" : ",") + issuer->key().public_jwk();
    }
    return "{\"keys\":[" + keys + "]}";
}

// A clock that only tests move, and an issuer that answers as they say.
struct World {
    explicit World(RefreshRules with = {}) : rules(with) { make_store(); }

    void make_store() {
        KeyStore::Hooks hooks;
        hooks.fetch = [this](const std::string& etag, std::function<void(KeyFetchResult)> done) {
            starts.push_back(now);
            etags.push_back(etag);
            if (lost == Lost::thrown) throw std::bad_alloc();
            if (lost == Lost::forgotten) {
                events.emplace(now + latency, [done = std::move(done)] {});
                return;
            }
            if (hangs) {
                held.push_back(std::move(done));
                return;
            }
            events.emplace(now + latency, [this, etag, done] { done(answer(etag)); });
        };
        hooks.now = [this] { return now; };
        hooks.jitter = [this] { return jitter; };
        hooks.schedule = [this](std::chrono::milliseconds after) {
            timer.emplace(now + after, [this] { store->wake(); });
        };
        hooks.changed = [this](std::shared_ptr<const core::KeySet> set) {
            keys = std::move(set);
            ++changes;
            if (on_change) on_change();
        };
        hooks.answered = [this](SteadyTime ask_again) {
            answers.push_back(ask_again);
            keys_when_answered = keys;
            if (on_answer) on_answer();
        };
        hooks.log = [this](std::string_view level, const std::string& message) {
            log.push_back(std::string(level) + ": " + message);
        };
        store = std::make_unique<KeyStore>(rules, std::move(hooks));
    }

    // Everything that happens until then, in its order.
    void run_until(SteadyTime end) {
        for (;;) {
            const SteadyTime event = events.empty() ? SteadyTime::max() : events.begin()->first;
            const SteadyTime alarm = timer ? timer->first : SteadyTime::max();
            if (std::min(event, alarm) > end) break;
            now = std::max(now, std::min(event, alarm));
            if (event <= alarm) {
                auto what = std::move(events.extract(events.begin()).mapped());
                what();
            } else {
                auto what = std::move(timer->second);
                timer.reset();
                what();
            }
        }
        now = end;
    }
    void run(std::chrono::milliseconds time) { run_until(now + time); }

    bool has(const test::Issuer& whose) const {
        return keys && keys->find(whose.key().id(), whose.key().algorithm());
    }
    int logged(std::string_view word) const {
        int count = 0;
        for (const std::string& line : log) count += line.find(word) != std::string::npos;
        return count;
    }

    test::Issuer issuer{};
    RefreshRules rules;
    SteadyTime now{1000h};
    double jitter = 0.5;
    std::chrono::milliseconds latency{20};
    bool hangs = false;
    enum class Lost : std::uint8_t { no, thrown, forgotten };
    Lost lost = Lost::no;
    std::function<KeyFetchResult(const std::string& etag)> answer = [this](const std::string&) {
        return document(issuer.jwks());
    };
    std::function<void()> on_change{};
    std::function<void()> on_answer{};

    std::vector<SteadyTime> starts{};
    std::vector<std::string> etags{};
    std::deque<std::function<void(KeyFetchResult)>> held{};
    std::shared_ptr<const core::KeySet> keys{};
    std::shared_ptr<const core::KeySet> keys_when_answered{};
    int changes = 0;
    std::vector<SteadyTime> answers{};
    std::vector<std::string> log{};
    std::multimap<SteadyTime, std::function<void()>> events{};
    std::optional<std::pair<SteadyTime, std::function<void()>>> timer{};
    std::unique_ptr<KeyStore> store{};
};

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

TEST(KeyStore, MadeUpKeyIdsCannotFloodTheIssuer) {
    World w;
    w.store->start();
    w.run(10s);
    ASSERT_EQ(w.starts.size(), 1u);
    for (int i = 0; i < 1000; ++i) {
        w.store->ask();
        w.run(9ms);
    }
    w.run(100ms);
    EXPECT_EQ(w.starts.size(), 2u);
    EXPECT_FALSE(w.answers.empty());
    for (const SteadyTime ask_again : w.answers) EXPECT_EQ(ask_again, w.starts[1] + 10s);
    EXPECT_EQ(w.changes, 1);
}

TEST(KeyStore, WithinTheIntervalAQuestionIsAnsweredAtOnce) {
    World w;
    w.store->start();
    w.run(100ms);
    w.store->ask();
    EXPECT_EQ(w.answers, std::vector<SteadyTime>{w.starts[0] + 10s});
    EXPECT_EQ(w.starts.size(), 1u);
}

TEST(KeyStore, QuestionsShareTheFetchUnderWay) {
    World w;
    w.store->start();
    for (int i = 0; i < 500; ++i) w.store->ask();
    EXPECT_TRUE(w.answers.empty());
    w.run(100ms);
    EXPECT_EQ(w.starts.size(), 1u);
    EXPECT_EQ(w.answers.size(), 1u);
    EXPECT_TRUE(w.keys_when_answered) << "the keys are out before the answer";
}

TEST(KeyStore, TheIntervalCountsFromBackgroundRefreshesAndFailuresToo) {
    World w;
    w.store->start();
    w.run(600s + 100ms);  // a background refresh has just been
    ASSERT_EQ(w.starts.size(), 2u);
    w.store->ask();
    EXPECT_EQ(w.starts.size(), 2u);
    EXPECT_EQ(w.answers.size(), 1u);

    w.run(10s);
    w.answer = [](const std::string&) { return failure(); };
    w.hangs = true;
    w.store->ask();
    ASSERT_EQ(w.starts.size(), 3u);
    w.run(5s);
    w.hangs = false;
    w.held.front()(failure("deadline"));
    EXPECT_EQ(w.answers.size(), 2u) << "a failure is an answer too";
    w.store->ask();
    EXPECT_EQ(w.answers.size(), 3u);
    EXPECT_EQ(w.answers.back(), w.starts[2] + 10s) << "from the start, not from the end";
}

TEST(KeyStore, ARotationIsFollowedByAQuestion) {
    World w;
    const test::Issuer next;
    w.store->start();
    w.run(11s);
    w.answer = [&](const std::string&) { return document(key_set({&next, &w.issuer})); };
    w.store->ask();
    w.run(20ms);
    EXPECT_TRUE(w.has(next));
    EXPECT_TRUE(w.has(w.issuer));
    EXPECT_EQ(w.keys_when_answered, w.keys);
    w.answer = [&](const std::string&) { return document(next.jwks()); };
    w.run(11min);
    EXPECT_FALSE(w.has(w.issuer)) << "what was taken out is out after a refresh";
    EXPECT_EQ(w.changes, 3);
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

TEST(KeyStore, AFetchThatIsOvertakenIsThrownAway) {
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

TEST(KeyStore, QuestionsSurviveBeingOvertaken) {
    World w;
    w.hangs = true;
    w.store->start();
    w.store->ask();
    w.store->reload();
    w.held[0](failure());
    EXPECT_TRUE(w.answers.empty());
    w.held[1](document(w.issuer.jwks()));
    EXPECT_EQ(w.answers.size(), 1u);
}

TEST(KeyStore, AnAnswerThatComesTwiceCountsOnce) {
    World w;
    w.hangs = true;
    w.store->start();
    w.held[0](document(w.issuer.jwks()));
    w.held[0](failure());
    w.held[0](document(test::Issuer().jwks()));
    EXPECT_TRUE(w.has(w.issuer));
    EXPECT_EQ(w.store->figures().failures, 0u);
}

TEST(KeyStore, NothingHappensAfterStop) {
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

TEST(KeyStore, MayBeDestroyedWhileAFetchIsUnderWayAndByItsOwnHook) {
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

TEST(KeyStore, AnExceptionInsteadOfAFetchIsAFailure) {
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

TEST(KeyStore, AnExceptionBeforeTheFirstKeysIsAFailureToo) {
    World w;
    w.lost = World::Lost::thrown;
    w.store->start();
    EXPECT_EQ(w.changes, 1) << "that there are none is told";
    w.lost = World::Lost::no;
    w.run(2s);
    EXPECT_TRUE(w.has(w.issuer));
}

TEST(KeyStore, KeysThatCouldNotBeHandedOutAreFetchedAgainWhole) {
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
TEST(KeyStore, KeysThatAreOutAreWithdrawnInTimeWhateverFailedAfterwards) {
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

TEST(KeyStore, StaleKeysThatCouldNotBeWithdrawnAreWithdrawnAsSoonAsMayBe) {
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

TEST(KeyStore, AnAnswerThatCouldNotBeGivenIsGivenWithTheNext) {
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

TEST(KeyStore, AnIssuerThatFlapsLosesNoKnownKey) {
    World w;
    int asked = 0;
    w.answer = [&](const std::string&) {
        return ++asked % 2 == 0 ? document(w.issuer.jwks()) : failure();
    };
    w.store->start();
    w.run(5s);
    ASSERT_TRUE(w.has(w.issuer));
    for (int second = 0; second < 3600; ++second) {
        w.store->ask();
        w.run(1s);
        ASSERT_TRUE(w.has(w.issuer));
    }
    EXPECT_EQ(w.changes, 2) << "none at first, then one set for good";
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

// Whatever an issuer does and however often workers ask: the keys are there exactly as long as
// the last success is younger than max_stale, and no question fetches within the interval.
TEST(KeyStore, HoldsItsPromisesInAnyWeather) {
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
