#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace bench {

// Durations in nanoseconds, all of them kept: a benchmark's worst ones are what it is about.
class Latencies {
public:
    void add(std::uint64_t nanoseconds) { all_.push_back(nanoseconds); }
    std::size_t count() const { return all_.size(); }

    // "p50 p90 p99 p99.9 max" in microseconds.
    void print() {
        std::ranges::sort(all_);
        for (const double share : {0.5, 0.9, 0.99, 0.999, 1.0}) {
            std::printf(" %.1f", static_cast<double>(at(share)) / 1000);
        }
    }

private:
    std::uint64_t at(double share) const {
        if (all_.empty()) return 0;
        const auto rank = static_cast<std::size_t>(share * static_cast<double>(all_.size()));
        return all_[std::min(rank, all_.size() - 1)];
    }

    std::vector<std::uint64_t> all_{};
};

}  // namespace bench
