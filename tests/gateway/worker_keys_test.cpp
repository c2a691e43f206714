#include <bearergate/gateway/worker_keys.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace bearergate::gateway {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const core::KeyRing> ring(std::size_t issuers, bool has_keys = true,
                                          bool pending = false) {
    core::KeyRing keys(issuers);
    for (core::IssuerKeys& one : keys) {
        if (has_keys) one.set = std::make_shared<const core::KeySet>();
        one.first_fetch_pending = pending;
    }
    return std::make_shared<const core::KeyRing>(std::move(keys));
}

TEST(WorkerKeys, BeforeTheFirstRingEverythingIsPendingAndNothingIsAsked) {
    const WorkerKeys keys;
    EXPECT_EQ(keys.ring(1), nullptr);
    EXPECT_EQ(keys.keys_of(1, 0), nullptr);
    EXPECT_TRUE(keys.is_pending(1, 0));
    EXPECT_FALSE(keys.may_ask({.issuer = 0, .generation = 1}, {}));
    EXPECT_FALSE(keys.is_asked({.issuer = 0, .generation = 1}));
}

TEST(WorkerKeys, AnIssuerIsPendingUntilItsFirstAnswer) {
    WorkerKeys keys;
    EXPECT_TRUE(keys.use(ring(1, false, true), 1));
    EXPECT_TRUE(keys.is_pending(1, 0));
    EXPECT_TRUE(keys.use(ring(1, false, false), 1));
    EXPECT_FALSE(keys.is_pending(1, 0));
    EXPECT_EQ(keys.keys_of(1, 0), nullptr);
    EXPECT_TRUE(keys.use(ring(1, true, true), 1));
    EXPECT_FALSE(keys.is_pending(1, 0));
    EXPECT_NE(keys.keys_of(1, 0), nullptr);
}

TEST(WorkerKeys, ARequestOfTheFormerGenerationMeetsItsOwnKeys) {
    WorkerKeys keys;
    const auto first = ring(1);
    const auto second = ring(2);
    EXPECT_TRUE(keys.use(first, 1));
    EXPECT_TRUE(keys.use(second, 2));
    EXPECT_EQ(keys.ring(1), first.get());
    EXPECT_EQ(keys.ring(2), second.get());
    const auto newer = ring(1);
    EXPECT_TRUE(keys.use(newer, 1));  // its keys may still be refreshed
    EXPECT_EQ(keys.ring(1), newer.get());
    EXPECT_EQ(keys.ring(2), second.get());
}

TEST(WorkerKeys, OnlyTwoGenerationsAreKept) {
    WorkerKeys keys;
    for (std::uint64_t generation = 1; generation <= 3; ++generation) keys.use(ring(1), generation);
    EXPECT_EQ(keys.ring(1), nullptr);
    EXPECT_NE(keys.ring(2), nullptr);
    EXPECT_FALSE(keys.use(ring(1), 1));
    EXPECT_EQ(keys.ring(1), nullptr);
    EXPECT_NE(keys.ring(3), nullptr);
}

TEST(WorkerKeys, TheirRevisionIsAnotherWheneverTheyAre) {
    WorkerKeys keys;
    auto before = keys.revision();
    for (const std::uint64_t generation : {1U, 1U, 2U, 1U, 2U, 3U, 2U}) {
        ASSERT_TRUE(keys.use(ring(1), generation));
        EXPECT_NE(std::exchange(before, keys.revision()), keys.revision());
    }
    ASSERT_FALSE(keys.use(ring(1), 1));
    keys.asked({.issuer = 0, .generation = 3});
    keys.answered({.issuer = 0, .generation = 3}, {});
    EXPECT_EQ(keys.revision(), before);
}

TEST(WorkerKeys, AnIssuerThatIsNotThereHasNoKeys) {
    WorkerKeys keys;
    keys.use(ring(1), 1);
    EXPECT_EQ(keys.keys_of(1, 1), nullptr);
    EXPECT_FALSE(keys.is_pending(1, 1));
    EXPECT_FALSE(keys.may_ask({.issuer = 1, .generation = 1}, {}));
    keys.answered({.issuer = 7, .generation = 1}, {});  // of a ring that is gone
}

TEST(WorkerKeys, OneQuestionAtATimeAndNoneBeforeItsTime) {
    WorkerKeys keys;
    keys.use(ring(2), 1);
    const net::SteadyTime now{100s};
    EXPECT_TRUE(keys.may_ask({.issuer = 0, .generation = 1}, now));
    keys.asked({.issuer = 0, .generation = 1});
    EXPECT_TRUE(keys.is_asked({.issuer = 0, .generation = 1}));
    EXPECT_FALSE(keys.may_ask({.issuer = 0, .generation = 1}, now));
    EXPECT_TRUE(
        keys.may_ask({.issuer = 1, .generation = 1}, now));  // issuers do not wait for each other
    keys.answered({.issuer = 0, .generation = 1}, now + 10s);
    EXPECT_FALSE(keys.is_asked({.issuer = 0, .generation = 1}));
    EXPECT_FALSE(keys.may_ask({.issuer = 0, .generation = 1}, now + 10s - 1ms));
    EXPECT_TRUE(keys.may_ask({.issuer = 0, .generation = 1}, now + 10s));
    keys.use(ring(2), 1);  // new keys are no new patience
    EXPECT_FALSE(keys.may_ask({.issuer = 0, .generation = 1}, now));
}

TEST(WorkerKeys, EachOfTwoGenerationsHasItsOwnQuestions) {
    WorkerKeys keys;
    keys.use(ring(1), 1);
    keys.asked({.issuer = 0, .generation = 1});
    keys.use(ring(1), 2);
    EXPECT_TRUE(keys.is_asked({.issuer = 0, .generation = 1}));
    EXPECT_FALSE(keys.is_asked({.issuer = 0, .generation = 2}));
    EXPECT_TRUE(keys.may_ask({.issuer = 0, .generation = 2}, {}));
    const net::SteadyTime now{100s};
    keys.answered({.issuer = 0, .generation = 1}, now);
    EXPECT_FALSE(keys.may_ask({.issuer = 0, .generation = 1}, now - 1s));
    EXPECT_TRUE(keys.may_ask({.issuer = 0, .generation = 1}, now));
    keys.use(ring(1), 3);
    EXPECT_FALSE(keys.may_ask({.issuer = 0, .generation = 1}, now)) << "nobody is left to ask";
}

}  // namespace
}  // namespace bearergate::gateway
