#include <bearergate/gateway/explain.hpp>
#include <bearergate/gateway/status_json.hpp>

#include "json_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace bearergate::gateway {

namespace {

constexpr std::size_t most_routes = 1000;
constexpr std::size_t most_refusals = 100;
// How far back an update reaches: who missed a few has lost nothing.
constexpr std::size_t samples_in_update = 10;
constexpr std::chrono::seconds refusals_in_update{15};

template <class Clock, class Duration>
double seconds(const std::chrono::time_point<Clock, Duration>& when) {
    const double exact = std::chrono::duration<double>(when.time_since_epoch()).count();
    return std::round(exact * 1000) / 1000;
}
double rounded(double rate) {
    return std::round(rate * 100) / 100;
}
// What came out of a variable of the environment is shown by its name.
std::string as_written(const config::Config& config, const std::string& value) {
    const auto found = config.as_written.find(value);
    return found == config.as_written.end() ? value : found->second;
}

JsonText diagnoses_json(const Diagnoses& all) {
    JsonText list = JsonText::array();
    if (!all) return list;
    for (const config::Diagnostic& one : *all) {
        list.push_back({{"line", one.line}, {"column", one.column}, {"message", one.message}});
    }
    return list;
}

JsonText gateway_json(const Observation& of) {
    const Readiness& readiness = of.readiness;
    return {{"version", BEARERGATE_VERSION},
            {"started", seconds(of.started)},
            {"state", readiness.draining  ? "draining"
                      : readiness.ready() ? "ready"
                                          : "not ready"},
            {"issuers_without_keys", readiness.issuers_without_keys},
            {"workers", of.workers},
            {"silent_workers", of.silent_workers},
            {"descriptors", of.process.open_descriptors},
            {"descriptor_limit", of.process.descriptor_limit},
            {"resident_bytes", of.process.resident_bytes},
            {"cpu_seconds", rounded(std::chrono::duration<double>(of.process.cpu_time).count())},
            {"dropped_log_lines", of.dropped_log_lines}};
}

JsonText configuration_json(const Observation& of) {
    const auto& routes = of.snapshot->policy.routes;
    return {{"file", of.snapshot->config.file},
            {"version", of.snapshot->version},
            {"in_use_since", seconds(of.in_use_since)},
            {"reloads", of.reloads},
            {"reload_failures", of.reload_failures},
            {"last_reload_failed", of.reload_errors != nullptr},
            {"reload_errors", diagnoses_json(of.reload_errors)},
            {"warnings", diagnoses_json(of.warnings)},
            {"awaiting_restart", of.awaiting_restart},
            {"shadow_routes", std::ranges::count(routes, core::Mode::shadow, &core::Route::mode)}};
}

JsonText now_json(const Observation& of) {
    const Counters& counters = of.counters;
    return {{"in_flight", counters.requests_in_flight},
            {"connections", counters.connections_open},
            {"connection_limit", of.connection_limit},
            {"connections_accepted", counters.connections_accepted},
            {"idle_upstream_connections", of.idle_upstream_connections},
            {"upstream_connects", counters.upstream_connects},
            {"upstream_reused", counters.upstream_reused},
            {"upstream_errors", counters.upstream_errors},
            {"upstream_retries", counters.upstream_retries},
            {"bytes_in", counters.bytes_in},
            {"bytes_out", counters.bytes_out},
            {"cached_tokens", of.tokens.entries},
            {"cache_hits", of.tokens.hits},
            {"cache_misses", of.tokens.misses},
            {"waiting_for_verdict", of.tokens.waiting},
            {"queued_verifications", of.queued_verifications}};
}

void add(JsonText& to, const StatusSample::Latency& latency) {
    for (const auto& one : {latency.p50, latency.p90, latency.p99}) {
        to.push_back(one ? JsonText(one->count()) : JsonText());
    }
}

// Rows of numbers, in the order of StatusSample.
JsonText samples_json(const StatusHistory& history, bool whole) {
    JsonText list = JsonText::array();
    const auto& samples = history.samples();
    const std::size_t count = whole ? samples.size() : std::min(samples.size(), samples_in_update);
    for (std::size_t i = samples.size() - count; i < samples.size(); ++i) {
        const StatusSample& sample = samples[i];
        JsonText row = JsonText::array();
        row.push_back(sample.number);
        for (const double rate : {sample.requests, sample.allowed, sample.refused, sample.failed,
                                  sample.errors, sample.would_deny}) {
            row.push_back(rounded(rate));
        }
        row.push_back(sample.in_flight);
        add(row, sample.total);
        add(row, sample.upstream);
        list.push_back(row);
    }
    return list;
}

JsonText reasons_json(const std::array<std::uint64_t, core::reason_count>& counts) {
    JsonText reasons = JsonText::object();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] == 0) continue;
        reasons.add(core::name_of(static_cast<core::Reason>(i)), counts[i]);
    }
    return reasons;
}

// `failed`: those of the refusals that are no refusal but a failure, with a status from 500.
JsonText counts_json(const Counters::Route& counted) {
    std::uint64_t failed = 0;
    for (std::size_t i = 0; i < counted.refused.size(); ++i) {
        if (core::refusal(static_cast<core::Reason>(i)).status >= 500) failed += counted.refused[i];
    }
    return {{"allowed", counted.allowed},
            {"refused", reasons_json(counted.refused)},
            {"failed", failed},
            {"would_deny", reasons_json(counted.would_deny)},
            {"errors", counted.status_class[5]}};
}

std::uint64_t activity(const Counters::Route& counted) {
    return std::accumulate(counted.refused.begin(), counted.refused.end(), counted.allowed);
}

// The busiest routes, in the order of the file.
std::vector<std::size_t> shown_routes(const Observation& of) {
    const auto& counted = of.counters.routes;
    std::vector<std::size_t> places(std::min(of.snapshot->policy.routes.size(), counted.size()));
    std::iota(places.begin(), places.end(), std::size_t{0});
    if (places.size() <= most_routes) return places;
    const auto last = places.begin() + static_cast<std::ptrdiff_t>(most_routes);
    std::ranges::nth_element(places, last, std::ranges::greater(),
                             [&](std::size_t place) { return activity(counted[place]); });
    places.resize(most_routes);
    std::ranges::sort(places);
    return places;
}

JsonText routes_json(const Observation& of, const std::vector<std::size_t>& places) {
    JsonText list = JsonText::array();
    for (const std::size_t place : places) {
        const core::Route& route = of.snapshot->policy.routes[place];
        JsonText row = {{"pattern", route.text},
                        {"line", route.line},
                        {"access", core::name_of(route.rule.access)},
                        {"shadow", route.mode == core::Mode::shadow}};
        row.add(counts_json(of.counters.routes[place]));
        list.push_back(row);
    }
    return list;
}

JsonText age_json(const std::optional<net::SteadyTime>& when, net::SteadyTime now) {
    if (!when) return {};
    return rounded(std::chrono::duration<double>(now - *when).count());
}

JsonText issuers_json(const Observation& of) {
    JsonText list = JsonText::array();
    const auto& sources = of.snapshot->config.key_sources;
    for (std::size_t i = 0; i < std::min(sources.size(), of.issuers.size()); ++i) {
        const KeyKeeper::Figures& figures = of.issuers[i];
        JsonText ids = JsonText::array();
        for (const std::string& id : figures.key_ids) ids.push_back(shown(id));
        list.push_back({{"name", sources[i].name},
                        {"issuer", as_written(of.snapshot->config, sources[i].issuer)},
                        {"usable", figures.store.usable},
                        {"pending", figures.store.first_fetch_pending},
                        {"keys", figures.store.keys},
                        {"key_ids", std::move(ids)},
                        {"age", age_json(figures.store.last_success, of.steady_at)},
                        {"failed_ago", age_json(figures.store.last_failure, of.steady_at)},
                        {"refresh", sources[i].refresh.count()},
                        {"max_stale", sources[i].max_stale.count()},
                        {"refreshes", figures.store.refreshes},
                        {"failures", figures.store.failures}});
    }
    return list;
}

struct Numbered {
    std::size_t worker = 0;
    const RecentRefusal* refusal = nullptr;
};

// Of all workers, the newest first.
std::vector<Numbered> shown_refusals(const Observation& of, bool whole) {
    std::vector<Numbered> all;
    for (std::size_t worker = 0; worker < of.refusals.size(); ++worker) {
        if (!of.refusals[worker]) continue;
        for (const RecentRefusal& refusal : *of.refusals[worker]) {
            if (whole || refusal.ended + refusals_in_update >= of.steady_at) {
                all.push_back({worker, &refusal});
            }
        }
    }
    std::ranges::sort(all, std::ranges::greater(),
                      [](const Numbered& one) { return one.refusal->ended; });
    if (all.size() > most_refusals) all.resize(most_refusals);
    return all;
}

JsonText refusals_json(const Observation& of, bool whole) {
    JsonText list = JsonText::array();
    for (const auto& [worker, refusal] : shown_refusals(of, whole)) {
        list.push_back({{"key", std::to_string(worker) + "-" + std::to_string(refusal->number)},
                        {"time", seconds(refusal->time)},
                        {"method", refusal->method},
                        {"path", refusal->path},
                        {"route", refusal->route},
                        {"status", refusal->status},
                        {"reason", core::name_of(refusal->reason)},
                        {"shadow", refusal->is_shadow},
                        {"request_id", refusal->request_id},
                        {"organization", shown(refusal->organization)}});
    }
    return list;
}

}  // namespace

std::string status_json(const StatusHistory& history, bool whole) {
    const Observation& of = *history.latest();
    const auto places = shown_routes(of);
    JsonText status = {{"whole", whole},
                       {"at", seconds(of.at)},
                       {"gateway", gateway_json(of)},
                       {"configuration", configuration_json(of)},
                       {"now", now_json(of)},
                       {"samples", samples_json(history, whole)},
                       {"routes", routes_json(of, places)},
                       {"routes_left_out", of.counters.routes.size() - places.size()},
                       {"unrouted", counts_json(of.counters.unrouted)},
                       {"former", counts_json(of.counters.former)},
                       {"issuers", issuers_json(of)},
                       {"refusals", refusals_json(of, whole)}};
    return std::move(status).text();
}

}  // namespace bearergate::gateway
