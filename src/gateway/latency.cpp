#include <bearergate/gateway/latency.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bearergate::gateway {

namespace {

std::uint64_t difference(std::uint64_t now, std::uint64_t before) {
    return now > before ? now - before : 0;
}

}  // namespace

Histogram since(const Histogram& before, const Histogram& now) {
    Histogram recorded;
    std::ranges::transform(now.counts, before.counts, recorded.counts.begin(), difference);
    recorded.sum_microseconds = difference(now.sum_microseconds, before.sum_microseconds);
    return recorded;
}

std::optional<std::chrono::microseconds> quantile(const Histogram& recorded, double part) {
    const auto all =
        std::accumulate(recorded.counts.begin(), recorded.counts.end(), std::uint64_t{0});
    if (all == 0) return std::nullopt;
    double wanted = part * static_cast<double>(all);
    for (std::size_t i = 0; i < Histogram::buckets; ++i) {
        const auto held = static_cast<double>(recorded.counts[i]);
        if (held == 0 || wanted > held) {
            wanted -= held;
            continue;
        }
        const auto from = i == 0 ? std::chrono::microseconds(0) : Histogram::upper_bound(i - 1);
        // The last bucket has no end: what is in it took at least so long.
        const auto to = i + 1 == Histogram::buckets ? from : Histogram::upper_bound(i);
        const double offset = static_cast<double>((to - from).count()) * wanted / held;
        return from + std::chrono::microseconds(std::llround(offset));
    }
    return Histogram::upper_bound(Histogram::buckets - 2);  // for want of precision
}

}  // namespace bearergate::gateway
