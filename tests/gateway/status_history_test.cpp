#include <bearergate/gateway/status_history.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using core::Reason;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::shared_ptr<const Snapshot> snapshot_of(const std::vector<std::string>& routes) {
    core::Policy policy;
    for (const std::string& route : routes) policy.routes.push_back({.text = route});
    http::Hygiene hygiene = hygiene_of(policy);
    Snapshot snapshot{.config = {}, .policy = std::move(policy), .hygiene = std::move(hygiene)};
    return std::make_shared<const Snapshot>(std::move(snapshot));
}

class StatusHistoryTest : public testing::Test {
protected:
    StatusHistoryTest() { now_.counters.routes.resize(2); }

    void pass(milliseconds time) { now_.steady_at += time; }
    void observe() { history_.add(std::make_shared<const Observation>(now_)); }
    const StatusSample& last() const { return history_.samples().back(); }
    static std::size_t at(Reason reason) { return static_cast<std::size_t>(reason); }

    Observation now_{.snapshot = snapshot_of({"/a", "/b"})};
    StatusHistory history_{};
};

TEST_F(StatusHistoryTest, BeginsWithTheSecondObservation) {
    EXPECT_EQ(history_.latest(), nullptr);
    observe();
    EXPECT_NE(history_.latest(), nullptr);
    EXPECT_TRUE(history_.samples().empty());
    pass(seconds(1));
    observe();
    EXPECT_EQ(last().number, 1U);
    EXPECT_EQ(last().requests, 0);
    EXPECT_FALSE(last().total.p50);
}

TEST_F(StatusHistoryTest, CountsByTheSecond) {
    observe();
    pass(milliseconds(2000));
    for (int i = 0; i < 30; ++i) now_.counters.total.record(milliseconds(3));
    now_.counters.routes[0].allowed = 10;
    now_.counters.routes[1].allowed = 4;
    now_.counters.routes[1].refused[at(Reason::scope_missing)] = 5;
    now_.counters.unrouted.refused[at(Reason::no_route)] = 1;
    now_.counters.former.refused[at(Reason::upstream_timeout)] = 2;
    now_.counters.routes[0].would_deny[at(Reason::token_missing)] = 8;
    now_.counters.routes[0].status_class[5] = 6;
    now_.counters.former.status_class[5] = 2;
    now_.counters.requests_in_flight = 7;
    observe();
    EXPECT_EQ(last().requests, 15);
    EXPECT_EQ(last().allowed, 7);
    EXPECT_EQ(last().refused, 3);
    EXPECT_EQ(last().failed, 1);
    EXPECT_EQ(last().errors, 4);
    EXPECT_EQ(last().would_deny, 4);
    EXPECT_EQ(last().in_flight, 7U);
}

TEST_F(StatusHistoryTest, LatenciesAreThoseOfTheLastTenSeconds) {
    observe();
    for (int i = 0; i < 1000; ++i) now_.counters.total.record(seconds(2));
    now_.counters.upstream.record(seconds(1));
    pass(seconds(1));
    observe();
    EXPECT_GT(last().total.p50, seconds(1));
    for (int i = 0; i < 9; ++i) {
        now_.counters.total.record(milliseconds(1));
        pass(seconds(1));
        observe();
        EXPECT_GT(last().total.p50, seconds(1));
        EXPECT_TRUE(last().upstream.p99);
    }
    now_.counters.total.record(milliseconds(1));
    pass(seconds(1));
    observe();
    EXPECT_LT(last().total.p99, milliseconds(5)) << "what was slow is over";
    EXPECT_FALSE(last().upstream.p50);
}

TEST_F(StatusHistoryTest, ReachesBackFiveMinutesAndNoFurther) {
    observe();
    for (int i = 0; i < 1000; ++i) {
        pass(seconds(1));
        observe();
    }
    ASSERT_EQ(history_.samples().size(), StatusHistory::capacity);
    EXPECT_EQ(history_.samples().front().number, 701U);
    EXPECT_EQ(last().number, 1000U);
}

// Else every count of a route that is gone would seem to have been taken back.
TEST_F(StatusHistoryTest, AReloadDoesNotHideWhatHappened) {
    now_.counters.routes[0].allowed = 1'000'000;
    now_.counters.routes[1].allowed = 10;
    observe();
    pass(seconds(1));
    now_.snapshot = snapshot_of({"/b", "/c", "/d"});
    now_.counters.routes.assign(3, {});
    now_.counters.routes[0].allowed = 13;
    now_.counters.routes[2].allowed = 2;
    observe();
    EXPECT_EQ(last().allowed, 5);
}

TEST_F(StatusHistoryTest, NothingIsEverNegative) {
    now_.counters.routes[0].allowed = 10;
    observe();
    pass(seconds(1));
    now_.counters.routes[0].allowed = 3;
    observe();
    EXPECT_EQ(last().allowed, 0);
}

TEST_F(StatusHistoryTest, TwoObservationsOfOneMomentAreOne) {
    observe();
    observe();
    EXPECT_TRUE(history_.samples().empty());
    now_.counters.routes[0].allowed = 10;
    pass(milliseconds(1));
    observe();
    EXPECT_TRUE(history_.samples().empty()) << "that would be ten thousand a second";
    pass(milliseconds(999));
    observe();
    EXPECT_EQ(last().allowed, 10) << "and nothing was lost";
}

}  // namespace
}  // namespace bearergate::gateway
