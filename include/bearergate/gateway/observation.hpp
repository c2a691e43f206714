#pragma once

#include <bearergate/gateway/authenticator.hpp>
#include <bearergate/gateway/key_keeper.hpp>
#include <bearergate/gateway/metrics.hpp>
#include <bearergate/gateway/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace bearergate::gateway {

// What the whole gateway has done and how it stands: what the admin listener's pages are made of.
struct Observation {
    core::WallTime at{};
    net::SteadyTime steady_at{};  // to measure the issuers' times against
    core::WallTime started{};
    bool draining = false;

    // The configuration in use. Its policy names the routes of the counters.
    std::shared_ptr<const Snapshot> snapshot{};
    core::WallTime in_use_since{};
    std::uint64_t reloads = 0;
    std::uint64_t reload_failures = 0;

    // Of all workers. From one that does not answer: what it said last.
    Counters counters{};
    Authenticator::Figures tokens{};
    std::size_t idle_upstream_connections = 0;
    std::size_t workers = 0;
    std::size_t silent_workers = 0;

    std::vector<KeyKeeper::Figures> issuers{};  // by issuer index
    std::size_t queued_verifications = 0;
    std::uint64_t dropped_log_lines = 0;
};

// Gives an observation later, on the same thread; never, when the gateway ends meanwhile.
using TakeObservation = std::move_only_function<void(std::shared_ptr<const Observation>)>;
using Observe = std::function<void(TakeObservation)>;

}  // namespace bearergate::gateway
