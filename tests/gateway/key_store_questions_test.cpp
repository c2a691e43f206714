// Questions for keys that a token names and nobody has: they bring what is new, and flood nobody.
#include <bearergate/gateway/key_store.hpp>

#include "gateway/key_store_world.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bearergate::gateway {
namespace {

using namespace key_world;

TEST(KeyQuestions, MadeUpKeyIdsCannotFloodTheIssuer) {
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

TEST(KeyQuestions, WithinTheIntervalAQuestionIsAnsweredAtOnce) {
    World w;
    w.store->start();
    w.run(100ms);
    w.store->ask();
    EXPECT_EQ(w.answers, std::vector<SteadyTime>{w.starts[0] + 10s});
    EXPECT_EQ(w.starts.size(), 1u);
}

TEST(KeyQuestions, QuestionsShareTheFetchUnderWay) {
    World w;
    w.store->start();
    for (int i = 0; i < 500; ++i) w.store->ask();
    EXPECT_TRUE(w.answers.empty());
    w.run(100ms);
    EXPECT_EQ(w.starts.size(), 1u);
    EXPECT_EQ(w.answers.size(), 1u);
    EXPECT_TRUE(w.keys_when_answered) << "the keys are out before the answer";
}

TEST(KeyQuestions, TheIntervalCountsFromBackgroundRefreshesAndFailuresToo) {
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

TEST(KeyQuestions, ARotationIsFollowedByAQuestion) {
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

TEST(KeyQuestions, QuestionsSurviveBeingOvertaken) {
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

TEST(KeyQuestions, AnIssuerThatFlapsLosesNoKnownKey) {
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

}  // namespace
}  // namespace bearergate::gateway
