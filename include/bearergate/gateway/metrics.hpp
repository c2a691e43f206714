#pragma once

#include <bearergate/core/refusal.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace bearergate::gateway {

// Durations in powers of two from 64 µs; the last bucket is everything above.
struct Histogram {
    static constexpr std::size_t buckets = 20;
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
    std::vector<Route> routes{};  // by route index of the snapshot; the last: no route matched
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

    // Of another worker of the same generation: route by route.
    Counters& operator+=(const Counters& other);
};

}  // namespace bearergate::gateway
