#pragma once

#include <bearergate/gateway/observation.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace bearergate::test {

// An observation in which nothing is zero that need not be: every metric there is comes of it.
inline gateway::Observation full_observation() {
    using gateway::Counters;
    using std::chrono::seconds;
    core::Policy policy;
    policy.routes.push_back({.text = "GET /orgs/{orgId}/projects"});
    policy.routes.push_back({.text = "/later", .mode = core::Mode::shadow});
    http::Hygiene hygiene = gateway::hygiene_of(policy);
    gateway::Snapshot snapshot{.config = {},
                               .policy = std::move(policy),
                               .hygiene = std::move(hygiene),
                               .version = "0123456789abcdef"};
    snapshot.config.key_sources = {{.name = "logto", .refresh = seconds(600)},
                                   {.name = "partner", .max_stale = seconds(3600)}};

    gateway::Observation all;
    all.snapshot = std::make_shared<const gateway::Snapshot>(std::move(snapshot));
    all.steady_at = net::SteadyTime(seconds(1000));
    all.started = core::WallTime(seconds(1'700'000'000));
    all.in_use_since = core::WallTime(seconds(1'700'000'500));
    all.process = {.open_descriptors = 31,
                   .descriptor_limit = 1024,
                   .resident_bytes = 12'000'000,
                   .cpu_time = std::chrono::milliseconds(1500)};
    all.reloads = 2;
    all.reload_failures = 3;
    all.counters.routes.resize(2);
    std::uint64_t count = 100;
    for (Counters::Route* route : {&all.counters.routes[0], &all.counters.routes[1],
                                   &all.counters.former, &all.counters.unrouted}) {
        route->allowed = ++count;
        for (auto& refused : route->refused) refused = ++count;
        for (auto& would_deny : route->would_deny) would_deny = ++count;
        for (auto& status_class : route->status_class) status_class = ++count;
    }
    for (gateway::Histogram* histogram : {&all.counters.total, &all.counters.upstream}) {
        histogram->record(std::chrono::microseconds(50));
        histogram->record(std::chrono::milliseconds(3));
        histogram->record(std::chrono::minutes(10));
    }
    all.counters.connections_accepted = 11;
    all.counters.connections_open = 12;
    all.counters.requests_in_flight = 13;
    all.counters.upstream_connects = 14;
    all.counters.upstream_reused = 15;
    all.counters.upstream_errors = 16;
    all.counters.upstream_retries = 17;
    all.counters.bytes_in = 18;
    all.counters.bytes_out = 19;
    all.tokens = {.hits = 21, .misses = 22, .evictions = 23, .entries = 24, .waiting = 25};
    all.idle_upstream_connections = 26;
    all.workers = 4;
    all.silent_workers = 1;
    all.connection_limit = 10'000;
    all.issuers.resize(2);
    all.issuers[0] = {.name = "logto",
                      .store = {.refreshes = 31,
                                .failures = 32,
                                .keys = 2,
                                .usable = true,
                                .first_fetch_pending = false,
                                .last_success = net::SteadyTime(seconds(940))},
                      .key_ids = {"a", "b"}};
    all.issuers[1] = {.name = "partner", .store = {.failures = 33, .first_fetch_pending = false}};
    all.queued_verifications = 41;
    all.dropped_log_lines = 42;
    return all;
}

}  // namespace bearergate::test
