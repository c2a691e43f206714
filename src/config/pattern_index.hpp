#pragma once

#include <bearergate/core/policy.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace bearergate::config {

// Finds the routes whose requests are, but for the method, a trailing slash or the letters' case,
// also those of a given pattern; without trying each, for there may be ten thousand.
class PatternIndex {
public:
    explicit PatternIndex(std::span<const core::Route> routes);
    ~PatternIndex();

    using Visit = std::function<void(std::size_t route)>;
    void each_meeting(const core::RoutePattern& pattern, const Visit& visit) const;

private:
    struct Trees;
    std::unique_ptr<const Trees> trees_;
};

}  // namespace bearergate::config
