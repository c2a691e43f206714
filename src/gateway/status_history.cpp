#include <bearergate/gateway/latency.hpp>
#include <bearergate/gateway/status_history.hpp>

#include <numeric>
#include <utility>

namespace bearergate::gateway {

namespace {

constexpr std::chrono::seconds latency_window{10};
// What comes sooner is not a new one: no rate could be made of it.
constexpr std::chrono::milliseconds shortest_interval{100};

struct Sums {
    std::uint64_t requests = 0, allowed = 0, refused = 0, failed = 0, errors = 0, would_deny = 0;
};

void add(Sums& to, const Counters::Route& route) {
    to.allowed += route.allowed;
    to.errors += route.status_class[5];
    for (std::size_t i = 0; i < core::reason_count; ++i) {
        const bool is_failure = core::refusal(static_cast<core::Reason>(i)).status >= 500;
        (is_failure ? to.failed : to.refused) += route.refused[i];
        to.would_deny += route.would_deny[i];
    }
}

Sums sums_of(const Counters& counters) {
    Sums sums;
    for (const Counters::Route& route : counters.routes) add(sums, route);
    add(sums, counters.former);
    add(sums, counters.unrouted);
    const auto& counts = counters.total.counts;
    sums.requests = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    return sums;
}

// A reload takes the counts of routes away that are no more: then what was before is put in the
// order of now, or all of it would seem to have been undone.
Sums sums_before(const Observation& before, const Observation& now) {
    if (before.snapshot == now.snapshot) return sums_of(before.counters);
    Counters counters = before.counters;
    counters.turn_to(now.snapshot->policy, before.snapshot->policy);
    return sums_of(counters);
}

StatusSample::Latency latency_of(const Histogram& recorded) {
    return {.p50 = quantile(recorded, 0.5),
            .p90 = quantile(recorded, 0.9),
            .p99 = quantile(recorded, 0.99)};
}

StatusSample sample_of(const Observation& before, const Observation& now) {
    const double seconds = std::chrono::duration<double>(now.steady_at - before.steady_at).count();
    const Sums from = sums_before(before, now);
    const Sums to = sums_of(now.counters);
    const auto rate = [&](std::uint64_t Sums::* what) {
        return to.*what > from.*what ? static_cast<double>(to.*what - from.*what) / seconds : 0.0;
    };
    return {.requests = rate(&Sums::requests),
            .allowed = rate(&Sums::allowed),
            .refused = rate(&Sums::refused),
            .failed = rate(&Sums::failed),
            .errors = rate(&Sums::errors),
            .would_deny = rate(&Sums::would_deny),
            .in_flight = now.counters.requests_in_flight};
}

}  // namespace

void StatusHistory::add(std::shared_ptr<const Observation> now) {
    if (latest_ && now->steady_at - latest_->steady_at < shortest_interval) return;
    const auto before = std::exchange(latest_, std::move(now));
    const Counters& counters = latest_->counters;
    recorded_.push_back(
        {.at = latest_->steady_at, .total = counters.total, .upstream = counters.upstream});
    while (recorded_.size() > 2 && recorded_[1].at + latency_window <= latest_->steady_at) {
        recorded_.pop_front();
    }
    if (!before) return;
    StatusSample sample = sample_of(*before, *latest_);
    sample.number = ++number_;
    sample.total = latency_of(since(recorded_.front().total, counters.total));
    sample.upstream = latency_of(since(recorded_.front().upstream, counters.upstream));
    samples_.push_back(sample);
    if (samples_.size() > capacity) samples_.pop_front();
}

void StatusHistory::forget() noexcept {
    latest_ = nullptr;
    samples_.clear();
    recorded_.clear();
    number_ = 0;
}

}  // namespace bearergate::gateway
