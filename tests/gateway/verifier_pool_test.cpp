#include <bearergate/core/base64url.hpp>
#include <bearergate/core/key_set.hpp>
#include <bearergate/gateway/verifier_pool.hpp>

#include "support/gate.hpp"
#include "support/limit_memory.hpp"
#include "support/sanitized.hpp"
#include "support/test_issuer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace bearergate::gateway {
namespace {

class VerifierPoolTest : public testing::Test {
protected:
    VerifierPool::Job job(std::move_only_function<void(bool)> done, bool is_good = true) const {
        std::string token = issuer_.token();
        if (!is_good) token = test::with_flipped_signature(token, 0);
        const std::size_t dot = token.rfind('.');
        return {.key = keys_.keys().front(),
                .algorithm = core::Algorithm::es384,
                .signed_text = token.substr(0, dot),
                .signature = core::decode_base64url(token.substr(dot + 1)).value(),
                .done = std::move(done)};
    }
    // A job whose thread then waits at the gate, and a way to know that it has come there.
    void hold_up(VerifierPool& pool) {
        std::promise<void> held;
        auto is_held = held.get_future();
        ASSERT_TRUE(pool.submit(job([this, held = std::move(held)](bool) mutable {
            held.set_value();
            gate_.wait();
        })));
        ASSERT_EQ(is_held.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    }

    test::Issuer issuer_{"https://issuer.example", core::Algorithm::es384};
    core::KeySet keys_ = core::parse_key_set(issuer_.jwks()).value().set;
    test::Gate gate_{};
};

TEST_F(VerifierPoolTest, TellsGoodSignaturesFromBadOnes) {
    VerifierPool pool(2, 8);
    for (const bool is_good : {true, false, true}) {
        std::promise<bool> verdict;
        auto answer = verdict.get_future();
        ASSERT_TRUE(pool.submit(
            job([verdict = std::move(verdict)](bool valid) mutable { verdict.set_value(valid); },
                is_good)));
        ASSERT_EQ(answer.wait_for(std::chrono::seconds(30)), std::future_status::ready);
        EXPECT_EQ(answer.get(), is_good);
    }
}

TEST_F(VerifierPoolTest, ItsQueueIsBounded) {
    VerifierPool pool(1, 2);
    hold_up(pool);
    EXPECT_EQ(pool.queued(), 0U);
    EXPECT_TRUE(pool.submit(job([](bool) {})));
    EXPECT_TRUE(pool.submit(job([](bool) {})));
    EXPECT_EQ(pool.queued(), 2U);
    EXPECT_FALSE(pool.submit(job([](bool) {})));
    EXPECT_EQ(pool.queued(), 2U);
    gate_.open();
}

TEST_F(VerifierPoolTest, FinishesWhatRunsAndDropsWhatIsQueuedAtItsEnd) {
    std::atomic<int> answered{0};
    auto pool = std::make_unique<VerifierPool>(1, 8);
    std::promise<void> held;
    auto is_held = held.get_future();
    ASSERT_TRUE(pool->submit(job([&, held = std::move(held)](bool) mutable {
        held.set_value();
        gate_.wait();
        ++answered;
    })));
    ASSERT_EQ(is_held.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    const auto alive = std::make_shared<int>(0);
    ASSERT_TRUE(pool->submit(job([alive, &answered](bool) { ++answered; })));
    ASSERT_EQ(alive.use_count(), 2);
    auto end = std::async(std::launch::async, [&] { pool.reset(); });
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (alive.use_count() > 1 && std::chrono::steady_clock::now() < limit) {
        std::this_thread::yield();  // until it has begun to end
    }
    gate_.open();
    ASSERT_EQ(end.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    EXPECT_EQ(answered.load(), 1);
    EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(VerifierPoolTest, OneThreadThatIsHeldUpHoldsUpNoOther) {
    VerifierPool pool(2, 8);
    hold_up(pool);
    std::promise<bool> verdict;
    auto answer = verdict.get_future();
    ASSERT_TRUE(pool.submit(
        job([verdict = std::move(verdict)](bool valid) mutable { verdict.set_value(valid); })));
    ASSERT_EQ(answer.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    EXPECT_TRUE(answer.get());
    gate_.open();
}

TEST_F(VerifierPoolTest, IsNoneWhenTheSystemHasTooFewThreads) {
    if (test::is_sanitized) GTEST_SKIP() << "SKIPPED: sanitizers need all the memory there is";
    EXPECT_EXIT(
        {
            test::limit_memory(64 * 1024 * 1024);
            try {
                VerifierPool pool(1000, 8);
            } catch (const std::system_error&) {
                std::_Exit(3);
            }
        },
        testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace bearergate::gateway
