#pragma once

#include <bearergate/config/diagnostics.hpp>
#include <bearergate/gateway/authenticator.hpp>
#include <bearergate/gateway/key_keeper.hpp>
#include <bearergate/gateway/metrics.hpp>
#include <bearergate/gateway/process.hpp>
#include <bearergate/gateway/recent_refusals.hpp>
#include <bearergate/gateway/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {

// Whether requests should be sent here, and if not, why.
struct Readiness {
    bool draining = false;
    // Of those that some route accepts: never had a usable key set, or have none now.
    std::vector<std::string> issuers_without_keys{};
    bool ready() const { return !draining && issuers_without_keys.empty(); }
};

// What there is to say about a configuration; null for nothing.
using Diagnoses = std::shared_ptr<const std::vector<config::Diagnostic>>;

// What the whole gateway has done and how it stands: what the admin listener's pages are made of.
struct Observation {
    core::WallTime at{};
    net::SteadyTime steady_at{};  // to measure the issuers' times against
    core::WallTime started{};
    Readiness readiness{};
    ProcessFigures process{};

    // The configuration in use. Its policy names the routes of the counters.
    std::shared_ptr<const Snapshot> snapshot{};
    core::WallTime in_use_since{};
    std::uint64_t reloads = 0;
    std::uint64_t reload_failures = 0;
    Diagnoses warnings{};            // of the configuration in use
    Diagnoses reload_errors{};       // of the last reload, if that failed
    std::string awaiting_restart{};  // settings of it that take effect at the next start

    // Of all workers. From one that does not answer: what it said last.
    Counters counters{};
    Authenticator::Figures tokens{};
    std::size_t idle_upstream_connections = 0;
    std::size_t workers = 0;
    std::size_t silent_workers = 0;
    std::size_t connection_limit = 0;
    std::vector<RefusalList> refusals{};  // by worker; null where there are none

    std::vector<KeyKeeper::Figures> issuers{};  // by issuer index
    std::size_t queued_verifications = 0;
    std::uint64_t dropped_log_lines = 0;
};

// Gives an observation later, on the same thread; never, when the gateway ends meanwhile.
using TakeObservation = std::move_only_function<void(std::shared_ptr<const Observation>)>;
using Observe = std::function<void(TakeObservation)>;

}  // namespace bearergate::gateway
