#pragma once

#include <bearergate/core/policy.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::config {

// Asks a compiled table who takes the most general requests that a pattern covers: those with
// segments, labels and hosts that no literal equals. What no route takes away from it there, none
// takes away at all.
class RouteProbe {
public:
    RouteProbe(const core::Policy& policy, const core::MatchRules& rules);

    // The route that takes what `route` seems to cover, when it can never match itself.
    std::optional<std::size_t> taken_by(std::size_t route) const;

    // Who takes a request that differs from one of `route` in its spelling alone, and how it
    // differs. Until `visit` says that it knows enough.
    using Visit = std::function<bool(std::size_t winner, std::string_view how)>;
    void other_spellings(std::size_t route, const Visit& visit) const;

private:
    struct Request {
        std::string host{};
        std::string method{};
        std::string path{};
    };
    std::optional<std::size_t> winner(const Request& request) const;
    std::vector<std::string> paths(const core::RoutePattern& pattern) const;
    std::vector<std::string> respelled_paths(const core::RoutePattern& pattern) const;

    const core::Policy& policy_;
    core::MatchRules rules_;
    std::size_t longest_ = 0;
};

}  // namespace bearergate::config
