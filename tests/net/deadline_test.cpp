// The coarse clock, with time passed in.
#include <bearergate/net/deadline.hpp>
#include <bearergate/net/task.hpp>

#include "net/support.hpp"

#include <boost/asio/post.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace bearergate::net {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1000s};

struct DeadlineTest : testing::Test {
    boost::asio::io_context io{1};
    DeadlineSweep sweep{io};
    Signal signal;
};

TEST_F(DeadlineTest, IsRaisedOnceItsTimeIsOverAndNotBefore) {
    Deadline deadline(signal, 4);
    sweep.add(deadline);
    sweep.sweep(start);
    EXPECT_EQ(signal.raised(), 0U) << "never set";
    deadline.set(start + 5s);
    sweep.sweep(start + 5s - 1ns);
    EXPECT_EQ(signal.raised(), 0U);
    sweep.sweep(start + 5s);
    EXPECT_EQ(signal.raised(), 4U);
    EXPECT_EQ(deadline.when(), SteadyTime::max());
    signal.clear(4);
    sweep.sweep(start + 500s);
    EXPECT_EQ(signal.raised(), 0U) << "once";
}

TEST_F(DeadlineTest, MovesAndGoesWithOneFieldWrite) {
    Deadline deadline(signal, 1);
    sweep.add(deadline);
    deadline.set(start + 1s);
    deadline.set(start + 10s);
    sweep.sweep(start + 2s);
    EXPECT_EQ(signal.raised(), 0U);
    deadline.clear();
    sweep.sweep(start + 20s);
    EXPECT_EQ(signal.raised(), 0U);
}

TEST_F(DeadlineTest, LeavesWhenDestroyed) {
    {
        Deadline deadline(signal, 1);
        sweep.add(deadline);
        deadline.set(start);
    }
    sweep.sweep(start + 1s);
    EXPECT_EQ(signal.raised(), 0U);
}

// A session that does something to deadlines while they are being swept.
Task<> on_raise(Signal& signal, std::function<void()> what) {
    co_await signal.any(1);
    what();
}

TEST_F(DeadlineTest, ARaiseMayDestroyOtherDeadlinesThatAreDue) {
    std::vector<std::unique_ptr<Deadline>> deadlines;
    for (int count = 0; count < 10; ++count) {
        deadlines.push_back(std::make_unique<Deadline>(signal, 1));
        deadlines.back()->set(start);
        sweep.add(*deadlines.back());
    }
    spawn(on_raise(signal, [&] { deadlines.clear(); }), [](std::exception_ptr) {});
    sweep.sweep(start);
    EXPECT_TRUE(deadlines.empty());
    sweep.sweep(start + 1s);
}

TEST_F(DeadlineTest, ARaiseMayClearOrMoveOthersThatAreDue) {
    Deadline first(signal, 1);
    Signal other;
    Deadline cleared(other, 1);
    Deadline moved(other, 2);
    for (Deadline* deadline : {&first, &cleared, &moved}) {
        deadline->set(start);
        sweep.add(*deadline);
    }
    spawn(on_raise(signal,
                   [&] {
                       cleared.clear();
                       moved.set(start + 1s);
                   }),
          [](std::exception_ptr) {});
    sweep.sweep(start);
    EXPECT_EQ(other.raised(), 0U);
    sweep.sweep(start + 1s);
    EXPECT_EQ(other.raised(), 2U);
}

TEST_F(DeadlineTest, ARaiseMayAddAndSetDeadlinesWithoutBeingCalledForeverInOneSweep) {
    Signal own;
    Deadline deadline(own, 1);
    std::optional<Deadline> added;
    int raised = 0;
    const auto body = [](Signal& wake, const std::function<void()>& what) -> Task<> {
        for (;;) {
            co_await wake.any(1);
            what();
        }
    };
    const std::function<void()> again = [&] {
        if (++raised == 1) sweep.add(added.emplace(signal, 2));
        added->set(start);  // due already: the next sweep's
        deadline.set(start);
    };
    const Task<> session = body(own, again);
    deadline.set(start);
    sweep.add(deadline);
    // Started by hand and destroyed with the test: it has no end of its own.
    const auto run = [](const Task<>& task) {
        const_cast<Task<>&>(task).await_suspend(std::noop_coroutine()).resume();
    };
    run(session);
    sweep.sweep(start);
    EXPECT_EQ(raised, 1);
    EXPECT_EQ(signal.raised(), 0U);
    sweep.sweep(start);
    EXPECT_EQ(raised, 2);
    EXPECT_EQ(signal.raised(), 2U);
}

TEST_F(DeadlineTest, TheTimerSweepsUntilItIsStopped) {
    DeadlineSweep quick(io, 1ms);
    Deadline deadline(signal, 1);
    quick.add(deadline);
    deadline.set(quick.now());
    quick.start();
    test::run_until(io, [&] { return signal.raised() == 1; });
    signal.clear(1);
    deadline.set(quick.now() + 2ms);
    test::run_until(io, [&] { return signal.raised() == 1; });
    quick.stop();
    io.restart();
    io.run();  // returns: nothing is waited for
}

TEST_F(DeadlineTest, TheSweepMayGoWithItsTimerFired) {
    auto quick = std::make_unique<DeadlineSweep>(io, 0ms);
    quick->start();
    boost::asio::post(io, [&] { quick.reset(); });
    io.run();
    EXPECT_EQ(quick, nullptr);
}

}  // namespace
}  // namespace bearergate::net
