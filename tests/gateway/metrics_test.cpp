#include <bearergate/gateway/metrics.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <string>

namespace bearergate::gateway {
namespace {

using std::chrono::microseconds;

TEST(Histogram, EachDurationIsCountedOnceInTheFirstBucketThatHoldsIt) {
    const struct {
        microseconds duration;
        std::size_t bucket;
    } cases[] = {
        {microseconds(-5), 0},  // a clock that stepped back
        {microseconds(0), 0},
        {microseconds(1), 0},
        {microseconds(64), 0},
        {microseconds(65), 1},
        {microseconds(128), 1},
        {microseconds(129), 2},
        {microseconds(1000), 4},
        {microseconds(1024), 4},
        {microseconds(1025), 5},
        {std::chrono::seconds(60), 20},  // upstreams[].timeouts.response
        {microseconds(64ll << 20), 20},
        {microseconds((64ll << 20) + 1), 21},
        {std::chrono::hours(24 * 365), 21},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.duration.count());
        Histogram histogram;
        histogram.record(c.duration);
        EXPECT_EQ(histogram.counts[c.bucket], 1U);
        EXPECT_EQ(std::accumulate(histogram.counts.begin(), histogram.counts.end(), 0ULL), 1U);
    }
}

TEST(Histogram, BoundsAgreeWithTheBuckets) {
    for (std::size_t bucket = 0; bucket + 1 < Histogram::buckets; ++bucket) {
        SCOPED_TRACE(bucket);
        Histogram histogram;
        histogram.record(Histogram::upper_bound(bucket));
        histogram.record(Histogram::upper_bound(bucket) + microseconds(1));
        EXPECT_EQ(histogram.counts[bucket], 1U);
        EXPECT_EQ(histogram.counts[bucket + 1], 1U);
    }
}

TEST(Histogram, SumsWhatItRecorded) {
    Histogram a;
    a.record(microseconds(100));
    Histogram b;
    b.record(microseconds(7));
    b.record(microseconds(-7));
    a += b;
    EXPECT_EQ(a.sum_microseconds, 107U);
    EXPECT_EQ(a.counts[0], 2U);
    EXPECT_EQ(a.counts[1], 1U);
}

TEST(Counters, AddUpRouteByRouteAndReasonByReason) {
    constexpr auto expired = static_cast<std::size_t>(core::Reason::token_expired);
    Counters sum;
    for (int worker = 0; worker < 3; ++worker) {
        Counters counters;
        counters.routes.resize(2);
        counters.routes[0].allowed = 2;
        counters.routes[1].refused[expired] = 5;
        counters.routes[1].would_deny[expired] = 1;
        counters.routes[1].status_class[4] = 6;
        counters.former.allowed = 1;
        counters.unrouted.status_class[0] = 4;
        counters.connections_accepted = 10;
        counters.bytes_out = 1000;
        counters.total.record(microseconds(1));
        sum += counters;
    }
    ASSERT_EQ(sum.routes.size(), 2U);
    EXPECT_EQ(sum.routes[0].allowed, 6U);
    EXPECT_EQ(sum.routes[0].refused[expired], 0U);
    EXPECT_EQ(sum.routes[1].refused[expired], 15U);
    EXPECT_EQ(sum.routes[1].would_deny[expired], 3U);
    EXPECT_EQ(sum.routes[1].status_class[4], 18U);
    EXPECT_EQ(sum.former.allowed, 3U);
    EXPECT_EQ(sum.unrouted.status_class[0], 12U);
    EXPECT_EQ(sum.connections_accepted, 30U);
    EXPECT_EQ(sum.bytes_out, 3000U);
    EXPECT_EQ(sum.total.counts[0], 3U);
}

core::Policy policy_of(const std::vector<std::string>& routes) {
    core::Policy policy;
    for (const std::string& route : routes) policy.routes.push_back({.text = route});
    return policy;
}

TEST(Counters, GoWithTheNamesOfRoutesThroughAReload) {
    Counters counters{.routes = std::vector<Counters::Route>(3), .connections_accepted = 7};
    for (std::size_t i = 0; i < 3; ++i) counters.routes[i].allowed = 10 + i;
    counters.former.allowed = 1;
    counters.unrouted.allowed = 2;
    counters.turn_to(policy_of({"GET /new", "GET /c", "GET /a", "/newer"}),
                     policy_of({"GET /a", "GET /b", "GET /c"}));
    ASSERT_EQ(counters.routes.size(), 4U);
    EXPECT_EQ(counters.routes[0].allowed, 0U);
    EXPECT_EQ(counters.routes[1].allowed, 12U);
    EXPECT_EQ(counters.routes[2].allowed, 10U);
    EXPECT_EQ(counters.routes[3].allowed, 0U);
    EXPECT_EQ(counters.former.allowed, 1U);
    EXPECT_EQ(counters.unrouted.allowed, 2U);
    EXPECT_EQ(counters.connections_accepted, 7U);
}

}  // namespace
}  // namespace bearergate::gateway
