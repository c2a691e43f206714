#include <bearergate/gateway/latency.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace bearergate::gateway {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

Histogram of(const std::vector<microseconds>& durations) {
    Histogram histogram;
    for (const microseconds duration : durations) histogram.record(duration);
    return histogram;
}

TEST(Since, IsWhatWasRecordedInBetween) {
    Histogram before = of({microseconds(10), milliseconds(3)});
    Histogram now = before;
    now.record(milliseconds(3));
    now.record(milliseconds(500));
    EXPECT_EQ(since(before, now).counts, of({milliseconds(3), milliseconds(500)}).counts);
    EXPECT_EQ(since(before, now).sum_microseconds, 503'000U);
    EXPECT_EQ(since(before, before).counts, Histogram{}.counts);
}

TEST(Since, IsNothingWhereACountFell) {
    EXPECT_EQ(since(of({milliseconds(1)}), Histogram{}).counts, Histogram{}.counts);
}

TEST(Quantile, OfNothingIsNone) {
    EXPECT_FALSE(quantile(Histogram{}, 0.5));
}

TEST(Quantile, IsTakenFromWithinABucket) {
    const Histogram histogram = of(std::vector(100, microseconds(100)));  // in 64 to 128
    EXPECT_EQ(quantile(histogram, 0.5), microseconds(96));
    EXPECT_EQ(quantile(histogram, 1), microseconds(128));
    EXPECT_EQ(quantile(of({microseconds(1)}), 0.5), microseconds(32));
}

TEST(Quantile, FindsTheBucketOfItsPart) {
    Histogram histogram;
    for (int i = 0; i < 90; ++i) histogram.record(microseconds(100));
    for (int i = 0; i < 9; ++i) histogram.record(milliseconds(10));
    histogram.record(std::chrono::seconds(1));
    EXPECT_LE(quantile(histogram, 0.5), microseconds(128));
    EXPECT_GT(quantile(histogram, 0.95), milliseconds(8));
    EXPECT_LE(quantile(histogram, 0.99), milliseconds(17));
    EXPECT_GT(quantile(histogram, 0.995), milliseconds(500));
}

TEST(Quantile, BeyondTheLastBoundIsThatBound) {
    const Histogram histogram = of({std::chrono::minutes(10), std::chrono::hours(1)});
    EXPECT_EQ(quantile(histogram, 0.99), Histogram::upper_bound(Histogram::buckets - 2));
}

TEST(Quantile, NeverFallsAsItsPartGrows) {
    Histogram histogram;
    std::uint64_t seed = 7;
    for (int i = 0; i < 500; ++i) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        histogram.record(microseconds(seed >> (40 + seed % 16)));
    }
    microseconds last{0};
    for (int part = 0; part <= 1000; ++part) {
        const auto now = quantile(histogram, part / 1000.0);
        ASSERT_TRUE(now);
        ASSERT_GE(*now, last);
        last = *now;
    }
}

}  // namespace
}  // namespace bearergate::gateway
