#include <bearergate/gateway/observer.hpp>

#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::gateway {
namespace {

using Seen = std::shared_ptr<const Observation>;

std::shared_ptr<const Snapshot> snapshot_of(const std::vector<std::string>& routes) {
    core::Policy policy;
    for (const std::string& route : routes) policy.routes.push_back({.text = route});
    http::Hygiene hygiene = hygiene_of(policy);
    Snapshot snapshot{.config = {}, .policy = std::move(policy), .hygiene = std::move(hygiene)};
    return std::make_shared<const Snapshot>(std::move(snapshot));
}

// A worker that answers when the test says so.
struct FakeWorker {
    std::vector<Observer::Answer> questions{};
    std::size_t asked = 0;
};

class ObserverTest : public testing::Test {
protected:
    ObserverTest() { loop_.start(); }
    ~ObserverTest() override {
        loop_.on([this] {
            workers_.clear();
            kept_ = nullptr;
            observer_.reset();
        });
        loop_.stop();
    }
    void make(std::size_t workers,
              std::chrono::milliseconds patience = std::chrono::milliseconds(60'000)) {
        loop_.on([&] {
            workers_.resize(workers);
            std::vector<Observer::Ask> asks;
            for (FakeWorker& worker : workers_) {
                asks.push_back([&worker](Observer::Answer answer) {
                    ++worker.asked;
                    worker.questions.push_back(std::move(answer));
                });
            }
            observer_ = std::make_unique<Observer>(
                loop_.io(), std::move(asks), [this](Observation& to) { to.snapshot = snapshot_; },
                patience);
        });
    }
    std::future<Seen> observe() {
        std::promise<Seen> promise;
        auto seen = promise.get_future();
        loop_.on([&] {
            observer_->observe([promise = std::move(promise)](Seen observation) mutable {
                promise.set_value(std::move(observation));
            });
        });
        return seen;
    }
    void answer(std::size_t worker, Worker::Figures figures) {
        if (!figures.snapshot) figures.snapshot = snapshot_;
        loop_.on([&] {
            for (auto& question : std::exchange(workers_[worker].questions, {})) question(figures);
        });
    }
    static Worker::Figures accepted(std::uint64_t connections) {
        return {.counters = {.connections_accepted = connections}};
    }
    std::size_t asked(std::size_t worker) {
        std::size_t times = 0;
        loop_.on([&] { times = workers_[worker].asked; });
        return times;
    }
    static Seen await(std::future<Seen> seen) {
        if (seen.wait_for(std::chrono::seconds(10)) == std::future_status::ready) return seen.get();
        ADD_FAILURE() << "nobody answers";
        return std::make_shared<const Observation>();
    }
    static bool is_there(const std::future<Seen>& seen) {
        return seen.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }

    test::Loop loop_{};
    std::shared_ptr<const Snapshot> snapshot_ = snapshot_of({"GET /a", "GET /b"});
    std::vector<FakeWorker> workers_{};
    std::unique_ptr<Observer> observer_{};
    Observer::Answer kept_{};
};

TEST_F(ObserverTest, PutsTogetherWhatAllWorkersSay) {
    make(2);
    auto seen = observe();
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_FALSE(is_there(seen));
        Worker::Figures figures = accepted(10 + i);
        figures.counters.routes.resize(2);
        figures.counters.routes[1].allowed = 3;
        figures.counters.unrouted.allowed = 1;
        figures.tokens = {.hits = 1, .misses = 2, .evictions = 3, .entries = 4, .waiting = 5};
        figures.idle_upstream_connections = 7;
        answer(i, std::move(figures));
    }
    const Seen all = await(std::move(seen));
    EXPECT_EQ(all->snapshot, snapshot_);
    EXPECT_EQ(all->counters.connections_accepted, 21U);
    EXPECT_EQ(all->counters.routes[1].allowed, 6U);
    EXPECT_EQ(all->counters.unrouted.allowed, 2U);
    EXPECT_EQ(all->tokens.hits, 2U);
    EXPECT_EQ(all->tokens.misses, 4U);
    EXPECT_EQ(all->tokens.evictions, 6U);
    EXPECT_EQ(all->tokens.entries, 8U);
    EXPECT_EQ(all->tokens.waiting, 10U);
    EXPECT_EQ(all->idle_upstream_connections, 14U);
    EXPECT_EQ(all->workers, 2U);
    EXPECT_EQ(all->silent_workers, 0U);
}

TEST_F(ObserverTest, AsksOnceForAllWhoWait) {
    make(1);
    auto first = observe();
    auto second = observe();
    EXPECT_EQ(asked(0), 1U);
    answer(0, accepted(5));
    EXPECT_EQ(await(std::move(first)), await(std::move(second)));

    auto third = observe();
    EXPECT_EQ(asked(0), 2U) << "whoever comes later gets to know what is new";
    answer(0, accepted(6));
    EXPECT_EQ(await(std::move(third))->counters.connections_accepted, 6U);
}

TEST_F(ObserverTest, OneWhoTakesMayAskAgain) {
    make(1);
    std::promise<Seen> again;
    loop_.on([&] {
        observer_->observe([&](const Seen&) {
            observer_->observe([&](Seen seen) { again.set_value(std::move(seen)); });
        });
    });
    answer(0, accepted(1));
    auto seen = again.get_future();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (asked(0) < 2 && std::chrono::steady_clock::now() < end) {
    }
    answer(0, accepted(2));
    EXPECT_EQ(await(std::move(seen))->counters.connections_accepted, 2U);
}

TEST_F(ObserverTest, AWorkerThatIsSilentIsWhatItSaidLast) {
    make(2, std::chrono::milliseconds(20));
    auto before = observe();
    answer(0, accepted(100));
    answer(1, accepted(10));
    await(std::move(before));

    for (std::uint64_t count : {11U, 12U, 13U}) {
        auto seen = observe();
        answer(1, accepted(count));
        const Seen all = await(std::move(seen));
        EXPECT_GE(all->counters.connections_accepted, 100 + 10U) << "no count ever falls";
        EXPECT_GE(all->silent_workers, 1U);
    }
    EXPECT_EQ(asked(0), 2U) << "questions must not pile up before it";

    answer(0, accepted(200));
    while (true) {
        auto seen = observe();
        answer(0, accepted(201));
        answer(1, accepted(14));
        const Seen all = await(std::move(seen));
        if (all->silent_workers == 0 && all->counters.connections_accepted == 215) break;
    }
}

TEST_F(ObserverTest, AWorkerThatNeverSpokeDelaysNobodyForEver) {
    make(1, std::chrono::milliseconds(5));
    const Seen all = await(observe());
    EXPECT_EQ(all->silent_workers, 1U);
    EXPECT_EQ(all->counters.routes.size(), 2U);
}

// The end of its time was on its way already when the last answer came.
TEST_F(ObserverTest, TimeThatIsOverForOneIsNotOverForTheNext) {
    constexpr std::chrono::milliseconds patience(50);
    make(1, patience);
    std::promise<std::chrono::steady_clock::duration> waited;
    loop_.on([&] {
        const auto began = std::chrono::steady_clock::now();
        observer_->observe([&](const Seen&) {
            const auto again = std::chrono::steady_clock::now();
            observer_->observe([&waited, again](const Seen&) {
                waited.set_value(std::chrono::steady_clock::now() - again);
            });
        });
        while (std::chrono::steady_clock::now() - began < 2 * patience) {
        }
        Worker::Figures figures = accepted(1);
        figures.snapshot = snapshot_;
        for (auto& question : std::exchange(workers_[0].questions, {})) question(figures);
    });
    EXPECT_GE(waited.get_future().get(), patience);
}

TEST_F(ObserverTest, AQuestionThatAWorkerForgetsIsOver) {
    make(1);
    auto seen = observe();
    loop_.on([this] { workers_[0].questions.clear(); });
    EXPECT_EQ(await(std::move(seen))->silent_workers, 0U);
    auto next = observe();
    EXPECT_EQ(asked(0), 2U);
    answer(0, accepted(1));
    EXPECT_EQ(await(std::move(next))->counters.connections_accepted, 1U);
}

TEST_F(ObserverTest, CountsByTheNamesOfTheConfigurationInUse) {
    make(2);
    auto seen = observe();
    const auto before = snapshot_of({"GET /gone", "GET /a"});
    Worker::Figures behind{.snapshot = before};  // has not heard of the reload yet
    behind.counters.routes.resize(2);
    behind.counters.routes[0].allowed = 1000;
    behind.counters.routes[1].allowed = 5;
    answer(0, behind);
    Worker::Figures current;
    current.counters.routes.resize(2);
    current.counters.routes[0].allowed = 2;
    current.counters.routes[1].allowed = 3;
    answer(1, current);
    const Seen all = await(std::move(seen));
    ASSERT_EQ(all->counters.routes.size(), 2U);
    EXPECT_EQ(all->counters.routes[0].allowed, 7U);
    EXPECT_EQ(all->counters.routes[1].allowed, 3U);
}

TEST_F(ObserverTest, OneTakersTroubleIsNotAnothers) {
    make(1);
    loop_.on(
        [this] { observer_->observe([](const Seen&) { throw std::runtime_error("no memory"); }); });
    auto seen = observe();
    answer(0, accepted(4));
    EXPECT_EQ(await(std::move(seen))->counters.connections_accepted, 4U);
}

TEST_F(ObserverTest, WhoCannotBeAnsweredDoesNotStandInTheWay) {
    loop_.on([this] {
        bool has_thrown = false;
        observer_ = std::make_unique<Observer>(
            loop_.io(),
            std::vector<Observer::Ask>{[has_thrown](const Observer::Answer& answer) mutable {
                if (!std::exchange(has_thrown, true)) throw std::runtime_error("no memory");
                answer({.snapshot = snapshot_of({}), .idle_upstream_connections = 1});
            }},
            [this](Observation& to) { to.snapshot = snapshot_; });
        EXPECT_THROW(observer_->observe([](const Seen&) {}), std::runtime_error);
    });
    loop_.on([] {});  // the question that was lost has been noted by now
    EXPECT_EQ(await(observe())->idle_upstream_connections, 1U);
}

TEST_F(ObserverTest, WhatCannotBeAskedIsNotWaitedForEither) {
    loop_.on([this] {
        bool has_thrown = false;
        observer_ = std::make_unique<Observer>(
            loop_.io(),
            std::vector<Observer::Ask>{[this, has_thrown](const Observer::Answer& answer) mutable {
                kept_ = answer;
                if (!std::exchange(has_thrown, true)) throw std::runtime_error("no memory");
            }},
            [this](Observation& to) { to.snapshot = snapshot_; }, std::chrono::milliseconds(5));
        EXPECT_THROW(observer_->observe([](const Seen&) {}), std::runtime_error);
    });
    EXPECT_EQ(await(observe())->silent_workers, 1U);
}

TEST_F(ObserverTest, WhoComesLaterKeepsNobodyWaitingLonger) {
    make(1, std::chrono::milliseconds(50));
    auto first = observe();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::vector<std::future<Seen>> others;
    while (!is_there(first) && std::chrono::steady_clock::now() < end) others.push_back(observe());
    EXPECT_TRUE(is_there(first));
}

TEST_F(ObserverTest, AnswersAfterItsEndAreDropped) {
    make(1);
    auto seen = observe();
    loop_.on([this] { observer_.reset(); });
    answer(0, accepted(1));
    EXPECT_THROW(seen.get(), std::future_error) << "nobody is there to keep the promise";
}

}  // namespace
}  // namespace bearergate::gateway
