#pragma once

#include <bearergate/gateway/observation.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

namespace bearergate::gateway {

// What went on between two observations, a second apart or so.
struct StatusSample {
    struct Latency {
        std::optional<std::chrono::microseconds> p50{}, p90{}, p99{};  // of the last ten seconds
    };
    std::uint64_t number = 0;  // from 1
    // A second, on average.
    double requests = 0;
    double allowed = 0;
    double refused = 0;     // with a status below 500
    double failed = 0;      // by the gateway itself, with one from 500
    double errors = 0;      // all answers from 500, the upstreams' own among them
    double would_deny = 0;  // by shadow mode
    std::uint64_t in_flight = 0;
    Latency total{};
    Latency upstream{};
};

// What the status page draws: the last five minutes. Pure; the clock is the observations'.
class StatusHistory {
public:
    static constexpr std::size_t capacity = 300;

    void add(std::shared_ptr<const Observation> now);
    void forget() noexcept;  // all of it: the next one is the first again
    const std::deque<StatusSample>& samples() const { return samples_; }  // the oldest first
    const std::shared_ptr<const Observation>& latest() const { return latest_; }  // null: none yet

private:
    struct Recorded {
        net::SteadyTime at{};
        Histogram total{};
        Histogram upstream{};
    };
    std::shared_ptr<const Observation> latest_{};
    std::deque<StatusSample> samples_{};
    std::deque<Recorded> recorded_{};  // as far back as latencies reach
    std::uint64_t number_ = 0;
};

}  // namespace bearergate::gateway
