#pragma once

#include <bearergate/gateway/metrics.hpp>

#include <chrono>
#include <optional>

namespace bearergate::gateway {

// What was recorded after `before`, an earlier state of the same histogram.
Histogram since(const Histogram& before, const Histogram& now);

// The duration that this part of all recorded ones stay within; none where nothing was recorded. An
// estimate: of each only the bucket is known, and they are taken as spread evenly over it.
std::optional<std::chrono::microseconds> quantile(const Histogram& recorded, double part);

}  // namespace bearergate::gateway
