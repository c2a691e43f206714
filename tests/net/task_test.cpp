// Tasks, signals and the coroutine frames of a thread.
#include <bearergate/net/signal.hpp>
#include <bearergate/net/task.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace bearergate::net {
namespace {

Task<int> twice(Signal& signal, int value) {
    co_await signal.any(1);
    co_return value * 2;
}

Task<> fails(Signal& signal) {
    co_await signal.any(1);
    throw std::runtime_error("as it must");
}

TEST(Task, StartsWhenAwaitedAndGivesItsValueBack) {
    Signal signal;
    int got = 0;
    bool over = false;
    const auto body = [](Signal& wake, int& result) -> Task<> {
        Task<int> task = twice(wake, 21);
        result = 1;  // not started yet
        result = co_await task;
    };
    spawn(body(signal, got), [&](std::exception_ptr error) { over = error == nullptr; });
    EXPECT_EQ(got, 1);
    EXPECT_FALSE(over);
    signal.raise(1);
    EXPECT_EQ(got, 42);
    EXPECT_TRUE(over);
}

TEST(Task, AnExceptionPassesThroughEveryAwaiter) {
    Signal signal;
    std::string what;
    const auto outer = [](Signal& wake) -> Task<> { co_await fails(wake); };
    spawn(outer(signal), [&](std::exception_ptr error) {
        try {
            std::rethrow_exception(error);
        } catch (const std::runtime_error& failure) {
            what = failure.what();
        }
    });
    signal.raise(1);
    EXPECT_EQ(what, "as it must");
}

TEST(Task, WhatItHoldsIsGoneBeforeDoneIsCalled) {
    const auto held = std::make_shared<int>(1);
    long seen = 0;
    const auto body = [](std::shared_ptr<int>) -> Task<> { co_return; };
    spawn(body(held), [&](std::exception_ptr) { seen = held.use_count(); });
    EXPECT_EQ(seen, 1);
}

TEST(Task, OneThatWasNeverAwaitedFreesItsFrame) {
    const auto held = std::make_shared<int>(1);
    {
        const auto body = [](std::shared_ptr<int>) -> Task<> { co_return; };
        const Task<> never = body(held);
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, AHundredThousandAwaitsInARowDoNotGrowTheStack) {
    Signal signal;
    int count = 0;
    const auto step = [](int& counter) -> Task<> {
        ++counter;
        co_return;
    };
    const auto body = [](Signal& wake, int& counter, const auto& one) -> Task<> {
        for (int turn = 0; turn < 100'000; ++turn) {
            wake.raise(1);
            co_await wake.any(1);
            co_await one(counter);
        }
    };
    spawn(body(signal, count, step), [](std::exception_ptr) {});
    EXPECT_EQ(count, 100'000);
}

TEST(Frames, AreReusedBySize) {
    void* first = allocate_frame(300);
    release_frame(first, 300);
    void* second = allocate_frame(310);
    EXPECT_EQ(first, second);
    void* other = allocate_frame(3000);
    EXPECT_NE(first, other);
    release_frame(second, 310);
    release_frame(other, 3000);
    void* huge = allocate_frame(1'000'000);
    release_frame(huge, 1'000'000);
}

Task<> record(Signal& signal, std::vector<Signal::Bits>& seen, Signal::Bits bits) {
    for (;;) {
        const Signal::Bits up = co_await signal.any(bits);
        seen.push_back(up);
        if ((up & 8U) != 0) co_return;
    }
}

TEST(Signal, ResumesOnlyForWhatWasAskedAndTakesOnlyThat) {
    Signal signal;
    std::vector<Signal::Bits> seen;
    spawn(record(signal, seen, 1 | 2 | 8), [](std::exception_ptr) {});
    signal.raise(4);
    EXPECT_TRUE(seen.empty());
    signal.raise(2);
    EXPECT_EQ(seen, std::vector<Signal::Bits>{2});
    EXPECT_EQ(signal.raised(), 4U) << "the one nobody asked for stays up";
    signal.clear(4);
    EXPECT_EQ(signal.raised(), 0U);
    signal.raise(1 | 8);
    EXPECT_EQ(seen, (std::vector<Signal::Bits>{2, 9}));
}

TEST(Signal, BitsRaisedBeforeTheWaitAreNotLost) {
    Signal signal;
    std::vector<Signal::Bits> seen;
    signal.raise(1);
    signal.raise(8);
    spawn(record(signal, seen, 1 | 8), [](std::exception_ptr) {});
    EXPECT_EQ(seen, std::vector<Signal::Bits>{9});
}

TEST(Signal, RaisingFromTheWaitingCoroutineItselfResumesNothingTwice) {
    Signal signal;
    int turns = 0;
    const auto body = [](Signal& own, int& count) -> Task<> {
        own.raise(1);
        co_await own.any(1);
        ++count;
        own.raise(1);
        own.raise(1);
        co_await own.any(1);
        ++count;
        co_await own.any(1);
        ++count;
    };
    spawn(body(signal, turns), [](std::exception_ptr) {});
    EXPECT_EQ(turns, 2);
    signal.raise(1);
    EXPECT_EQ(turns, 3);
}

}  // namespace
}  // namespace bearergate::net
