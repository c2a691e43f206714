#pragma once

#include <bearergate/core/policy.hpp>
#include <bearergate/core/refusal.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace bearergate::gateway {

// Durations in powers of two from 64 µs to 67 s, beyond the longest that an upstream has by
// default; the last bucket is everything above.
struct Histogram {
    static constexpr std::size_t buckets = 22;
    std::array<std::uint64_t, buckets> counts{};
    std::uint64_t sum_microseconds = 0;
    void record(std::chrono::microseconds duration);
    // The longest duration that a bucket counts; of the last one it means nothing.
    static std::chrono::microseconds upper_bound(std::size_t bucket);
    Histogram& operator+=(const Histogram& other);
};

// One worker's plain integers, gathered by posting to the worker. Bounded by the configuration.
struct Counters {
    struct Route {
        std::uint64_t allowed = 0;
        std::array<std::uint64_t, core::reason_count> refused{};
        std::array<std::uint64_t, core::reason_count> would_deny{};
        std::array<std::uint64_t, 6> status_class{};  // 1xx … 5xx at 1 … 5; 0: no answer
    };
    std::vector<Route> routes{};  // by route index of the policy
    Route former{};               // of routes that were gone when their requests ended
    Route unrouted{};             // no route was found: not understood, not there, a preflight
    Histogram total{};
    Histogram upstream{};
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_open = 0;
    std::uint64_t requests_in_flight = 0;
    std::uint64_t upstream_connects = 0;
    std::uint64_t upstream_reused = 0;
    std::uint64_t upstream_errors = 0;
    std::uint64_t upstream_retries = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;

    // Of another worker under the same policy: route by route.
    Counters& operator+=(const Counters& other);
    // A reload moves routes about; their figures go with their names. Those of a route that is no
    // more are gone with it.
    void turn_to(const core::Policy& after, const core::Policy& before);
};

}  // namespace bearergate::gateway
