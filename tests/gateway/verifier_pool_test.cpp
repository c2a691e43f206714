#include <bearergate/core/base64url.hpp>
#include <bearergate/core/key_set.hpp>
#include <bearergate/gateway/verifier_pool.hpp>

#include "support/gate.hpp"
#include "support/limit_memory.hpp"
#include "support/sanitized.hpp"
#include "support/starvation.hpp"
#include "support/test_issuer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {
std::atomic<int> offered_turns = 0;
}

// In the place of the C library's.
extern "C" int sched_yield() noexcept {
    ++offered_turns;
    return static_cast<int>(::syscall(SYS_sched_yield));
}

namespace bearergate::gateway {
namespace {

using namespace std::chrono_literals;

// Stands for a worker: it counts the rings and waits for what comes.
class Asker {
public:
    VerifierPool::Jobs wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        VerifierPool::Jobs all;
        rang_.wait_for(lock, 30s, [&] {
            all.splice(all.end(), tray->take(1000));
            return all.size() >= count;
        });
        return all;
    }
    std::size_t rings() {
        const std::scoped_lock lock(mutex_);
        return rings_;
    }
    // What else its bell does, on the thread that rings.
    std::function<void()> when_rung = [] {};
    std::shared_ptr<VerifierPool::Tray> tray =
        std::make_shared<VerifierPool::Tray>([this]() noexcept {
            {
                const std::scoped_lock lock(mutex_);
                ++rings_;
            }
            rang_.notify_all();
            when_rung();
        });

private:
    std::mutex mutex_{};
    std::condition_variable rang_{};
    std::size_t rings_ = 0;
};

std::vector<int> numbers_of(const VerifierPool::Jobs& jobs) {
    std::vector<int> numbers;
    for (const VerifierPool::Job& job : jobs) numbers.push_back(job.name.digest[0]);
    return numbers;
}

class VerifierPoolTest : public testing::Test {
protected:
    VerifierPoolTest() { use(core::Algorithm::es384); }

    VerifierPool::Job job(const Asker& asker, std::uint8_t number = 0, bool is_good = true) const {
        std::string token = issuer_->token();
        if (!is_good) token = test::with_flipped_signature(token, 0);
        const std::size_t dot = token.rfind('.');
        return {.tray = asker.tray,
                .name = {.digest = {number}},
                .key = keys_.keys().front(),
                .algorithm = algorithm_,
                .signed_text = token.substr(0, dot),
                .signature = core::decode_base64url(token.substr(dot + 1)).value()};
    }
    // A job whose thread then waits at the gate until that opens. Once in a test.
    void hold_up(VerifierPool& pool) {
        auto is_held = held_.get_future();
        holder_.when_rung = [this] {
            held_.set_value();
            gate_.wait();
        };
        ASSERT_TRUE(pool.submit(job(holder_)));
        ASSERT_EQ(is_held.wait_for(30s), std::future_status::ready);
    }

    void use(core::Algorithm algorithm) {
        algorithm_ = algorithm;
        issuer_ = std::make_unique<test::Issuer>("https://issuer.example", algorithm);
        keys_ = core::parse_key_set(issuer_->jwks()).value().set;
    }

    core::Algorithm algorithm_{};
    std::unique_ptr<test::Issuer> issuer_{};
    core::KeySet keys_{};
    test::Gate gate_{};
    std::promise<void> held_{};
    Asker holder_{};
    Asker asker_{};
};

TEST_F(VerifierPoolTest, TellsGoodSignaturesFromBadOnes) {
    VerifierPool pool(2, 8);
    for (const bool is_good : {true, false, true}) {
        ASSERT_TRUE(pool.submit(job(asker_, 7, is_good)));
        const auto done = asker_.wait_for(1);
        ASSERT_EQ(done.size(), 1U);
        EXPECT_EQ(done.front().valid, is_good);
        EXPECT_EQ(done.front().name.digest[0], 7);
    }
}

TEST_F(VerifierPoolTest, ItsThreadsLetEverybodyElseGoFirst) {
    std::promise<int> niceness;
    asker_.when_rung = [&niceness] { niceness.set_value(getpriority(PRIO_PROCESS, 0)); };
    VerifierPool pool(1, 8);
    ASSERT_TRUE(pool.submit(job(asker_)));
    auto found = niceness.get_future();
    ASSERT_EQ(found.wait_for(30s), std::future_status::ready);
    EXPECT_EQ(found.get(), std::min(getpriority(PRIO_PROCESS, 0) + 10, 19));
}

TEST_F(VerifierPoolTest, ItsThreadsOfferTheirTurnAfterEachJob) {
    VerifierPool pool(1, 8);
    const int before = offered_turns;
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(pool.submit(job(asker_)));
    ASSERT_EQ(asker_.wait_for(5).size(), 5U);
    EXPECT_GE(offered_turns - before, 5);
}

TEST_F(VerifierPoolTest, ItsQueueIsBounded) {
    VerifierPool pool(1, 2);
    hold_up(pool);
    EXPECT_EQ(pool.queued(), 0U);
    EXPECT_TRUE(pool.submit(job(asker_)));
    EXPECT_TRUE(pool.submit(job(asker_)));
    EXPECT_EQ(pool.queued(), 2U);
    EXPECT_FALSE(pool.submit(job(asker_)));
    EXPECT_EQ(pool.queued(), 2U);
    gate_.open();
}

TEST_F(VerifierPoolTest, TakesNoMoreWhileItsQueueStands) {
    VerifierPool pool(1, 8, 200ms);
    hold_up(pool);
    ASSERT_TRUE(pool.submit(job(asker_)));
    EXPECT_TRUE(pool.submit(job(asker_)));
    std::this_thread::sleep_for(220ms);
    EXPECT_FALSE(pool.submit(job(asker_)));
    EXPECT_EQ(pool.queued(), 2U);
    gate_.open();
    EXPECT_EQ(asker_.wait_for(2).size(), 2U);
    EXPECT_TRUE(pool.submit(job(asker_))) << "it has begun to move";
}

TEST_F(VerifierPoolTest, WhoTakesLessThanThereIsIsRungForAgain) {
    {
        VerifierPool pool(1, 8);
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.submit(job(asker_)));
        VerifierPool::Jobs all = asker_.wait_for(3);
        ASSERT_EQ(all.size(), 3U);
        asker_.tray->put(std::move(all));
    }
    const std::size_t rings = asker_.rings();
    EXPECT_EQ(asker_.tray->take(2).size(), 2U);
    EXPECT_EQ(asker_.rings(), rings + 1);
    EXPECT_EQ(asker_.tray->take(2).size(), 1U);
    EXPECT_EQ(asker_.rings(), rings + 1);
}

TEST_F(VerifierPoolTest, FinishesWhatRunsAndDropsWhatIsQueuedAtItsEnd) {
    auto pool = std::make_unique<VerifierPool>(1, 8);
    hold_up(*pool);
    ASSERT_TRUE(pool->submit(job(asker_)));
    const std::weak_ptr<VerifierPool::Tray> tray = asker_.tray;
    ASSERT_EQ(tray.use_count(), 2);
    auto end = std::async(std::launch::async, [&] { pool.reset(); });
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (tray.use_count() > 1 && std::chrono::steady_clock::now() < limit) {
        std::this_thread::yield();  // until it has begun to end
    }
    gate_.open();
    ASSERT_EQ(end.wait_for(30s), std::future_status::ready);
    EXPECT_EQ(holder_.tray->take(1000).size(), 1U);
    EXPECT_TRUE(asker_.tray->take(1000).empty());
    EXPECT_EQ(asker_.rings(), 0U);
}

TEST_F(VerifierPoolTest, OneThreadThatIsHeldUpHoldsUpNoOther) {
    VerifierPool pool(2, 8);
    hold_up(pool);
    ASSERT_TRUE(pool.submit(job(asker_)));
    EXPECT_EQ(asker_.wait_for(1).size(), 1U);
    gate_.open();
}

TEST_F(VerifierPoolTest, GivesEachWorkerItsOwnInTheOrderOfAsking) {
    Asker other;
    VerifierPool pool(1, 8);
    hold_up(pool);
    for (std::uint8_t number = 1; number <= 4; ++number) {
        ASSERT_TRUE(pool.submit(job(asker_, number)));
        ASSERT_TRUE(pool.submit(job(other, 10 * number)));
    }
    gate_.open();
    EXPECT_THAT(numbers_of(asker_.wait_for(4)), testing::ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(numbers_of(other.wait_for(4)), testing::ElementsAre(10, 20, 30, 40));
}

// Each ring may cost the thread that rings its CPU.
TEST_F(VerifierPoolTest, RingsOnceForSeveralWhileThereIsAQueue) {
    use(core::Algorithm::es256);
    constexpr std::size_t count = 200;
    VerifierPool pool(1, count, 60s);  // tokens take their time to sign
    hold_up(pool);
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(pool.submit(job(asker_)));
    gate_.open();
    ASSERT_EQ(asker_.wait_for(count).size(), count);
    EXPECT_GE(asker_.rings(), count / 8) << "not for too many";
    EXPECT_LE(asker_.rings(), count / 3);
}

TEST_F(VerifierPoolTest, KeepsNoVerdictUntilTheQueueIsOver) {
    constexpr std::size_t count = 300;
    VerifierPool pool(1, count, 60s);  // tokens take their time to sign
    hold_up(pool);
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(pool.submit(job(asker_)));
    gate_.open();
    EXPECT_GE(asker_.wait_for(1).size(), 1U);
    EXPECT_GT(pool.queued(), 0U);
}

TEST_F(VerifierPoolTest, AFewJobsAreNoQueue) {
    auto pool = std::make_unique<VerifierPool>(1, 8);
    hold_up(*pool);
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(pool->submit(job(asker_)));
    gate_.open();
    EXPECT_EQ(asker_.wait_for(8).size(), 8U);
    pool.reset();  // the last ring comes behind what it is for
    EXPECT_EQ(asker_.rings(), 8U);
}

TEST_F(VerifierPoolTest, RingsForNoWorkerThatHasGone) {
    Asker next;
    VerifierPool pool(1, 8);
    hold_up(pool);
    ASSERT_TRUE(pool.submit(job(asker_)));
    const std::weak_ptr<VerifierPool::Tray> tray = asker_.tray;
    asker_.tray->close();
    asker_.tray.reset();
    ASSERT_TRUE(pool.submit(job(next)));
    gate_.open();
    EXPECT_EQ(next.wait_for(1).size(), 1U);
    EXPECT_EQ(asker_.rings(), 0U);
    EXPECT_TRUE(tray.expired()) << "and what was done for it is gone with it";
}

TEST_F(VerifierPoolTest, ATrayIsClosedWhenItsRingIsOver) {
    VerifierPool pool(1, 8);
    hold_up(pool);
    auto closed = std::async(std::launch::async, [&] { holder_.tray->close(); });
    EXPECT_EQ(closed.wait_for(50ms), std::future_status::timeout) << "somebody is ringing";
    gate_.open();
    EXPECT_EQ(closed.wait_for(30s), std::future_status::ready);
}

TEST_F(VerifierPoolTest, WithoutMemoryToFindOutSaysSo) {
    VerifierPool pool(1, 8);
    hold_up(pool);
    ASSERT_TRUE(pool.submit(job(asker_)));
    VerifierPool::Jobs starved;
    {
        const test::Starvation starvation(1);
        gate_.open();
        starved = asker_.wait_for(1);
    }
    ASSERT_EQ(starved.size(), 1U);
    EXPECT_EQ(starved.front().valid, std::nullopt);
    ASSERT_TRUE(pool.submit(job(asker_)));
    const auto fed = asker_.wait_for(1);
    ASSERT_EQ(fed.size(), 1U);
    EXPECT_EQ(fed.front().valid, true);
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
