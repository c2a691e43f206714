#include <bearergate/gateway/exposition.hpp>

#include "gateway/observed.hpp"
#include "support/metrics_text.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace bearergate::gateway {
namespace {

using test::MetricsText;

MetricsText text_of(const Observation& of) {
    return MetricsText(exposition(of));
}

TEST(Exposition, SaysEverythingThatWasObserved) {
    const MetricsText text = text_of(test::full_observation());
    const std::map<std::string, double> expected = {
        {"bearergate_shadow_routes", 1},
        {"bearergate_requests_in_flight", 13},
        {"bearergate_request_body_bytes_total", 18},
        {"bearergate_response_body_bytes_total", 19},
        {"bearergate_connections_accepted_total", 11},
        {"bearergate_connections_open", 12},
        {"bearergate_connections_limit", 10'000},
        {"bearergate_upstream_connects_total", 14},
        {"bearergate_upstream_connections_reused_total", 15},
        {"bearergate_upstream_connections_idle", 26},
        {"bearergate_upstream_errors_total", 16},
        {"bearergate_upstream_retries_total", 17},
        {"bearergate_token_cache_hits_total", 21},
        {"bearergate_token_cache_misses_total", 22},
        {"bearergate_token_cache_evictions_total", 23},
        {"bearergate_token_cache_entries", 24},
        {"bearergate_tokens_waiting", 25},
        {"bearergate_verification_queue_length", 41},
        {"bearergate_config_reloads_total", 2},
        {"bearergate_config_reload_failures_total", 3},
        {"bearergate_config_last_reload_successful", 1},
        {"bearergate_config_last_reload_success_timestamp_seconds", 1'700'000'500},
        {"bearergate_ready", 1},
        {"bearergate_draining", 0},
        {"bearergate_workers", 4},
        {"bearergate_workers_silent", 1},
        {"bearergate_log_lines_dropped_total", 42},
        {"process_start_time_seconds", 1'700'000'000},
        {"process_cpu_seconds_total", 1.5},
        {"process_resident_memory_bytes", 12'000'000},
        {"process_open_fds", 31},
        {"process_max_fds", 1024},
    };
    for (const auto& [name, value] : expected) {
        SCOPED_TRACE(name);
        EXPECT_EQ(text.value(name), value);
    }
    EXPECT_EQ(text.value("bearergate_config_info", {{"version", "0123456789abcdef"}}), 1);
    EXPECT_EQ(text.sum("bearergate_build_info"), 1);
}

TEST(Exposition, CountsRoutesByStatusAndReason) {
    Observation of = test::full_observation();
    Counters::Route counted;
    counted.allowed = 5;
    counted.status_class = {1, 2, 3, 4, 6, 7};
    counted.refused[static_cast<std::size_t>(core::Reason::scope_missing)] = 8;
    counted.would_deny[static_cast<std::size_t>(core::Reason::token_missing)] = 9;
    of.counters.routes[0] = counted;
    const MetricsText text = text_of(of);
    const std::string route = "GET /orgs/{orgId}/projects";
    const std::pair<const char*, double> classes[] = {{"none", 1}, {"1xx", 2}, {"2xx", 3},
                                                      {"3xx", 4},  {"4xx", 6}, {"5xx", 7}};
    for (const auto& [name, count] : classes) {
        EXPECT_EQ(text.value("bearergate_requests_total", {{"route", route}, {"status", name}}),
                  count);
    }
    EXPECT_EQ(text.value("bearergate_requests_allowed_total", {{"route", route}}), 5);
    EXPECT_EQ(text.value("bearergate_refusals_total",
                         {{"route", route}, {"reason", "scope_missing"}, {"status", "403"}}),
              8);
    EXPECT_EQ(text.sum("bearergate_refusals_total", {{"route", route}}), 8)
        << "what never happened is no series";
    EXPECT_EQ(text.value("bearergate_shadow_denials_total",
                         {{"route", route}, {"reason", "token_missing"}}),
              9);
    EXPECT_EQ(text.sum("bearergate_shadow_denials_total", {{"route", route}}), 9);
}

TEST(Exposition, RoutesThatAreNoneHaveNamesThatNoPatternCanHave) {
    const MetricsText text = text_of(test::full_observation());
    std::set<std::string> routes;
    for (const auto& family : text.families()) {
        for (const auto& sample : family.samples) {
            const auto route = sample.labels.find("route");
            if (route != sample.labels.end()) routes.insert(route->second);
        }
    }
    EXPECT_EQ(routes,
              (std::set<std::string>{"GET /orgs/{orgId}/projects", "/later", "former", "none"}));
    const Observation of = test::full_observation();
    EXPECT_EQ(text.value("bearergate_requests_allowed_total", {{"route", "former"}}),
              of.counters.former.allowed);
    EXPECT_EQ(text.value("bearergate_requests_allowed_total", {{"route", "none"}}),
              of.counters.unrouted.allowed);
}

TEST(Exposition, DurationsAreCumulativeSeconds) {
    Observation of = test::full_observation();
    of.counters.total = {};
    of.counters.total.record(std::chrono::microseconds(64));
    of.counters.total.record(std::chrono::microseconds(65));
    of.counters.total.record(std::chrono::milliseconds(1));
    of.counters.total.record(std::chrono::hours(1));
    const MetricsText text = text_of(of);
    const std::string name = "bearergate_request_duration_seconds";
    EXPECT_EQ(text.value(name + "_bucket", {{"le", "6.4e-05"}}), 1);
    EXPECT_EQ(text.value(name + "_bucket", {{"le", "0.000128"}}), 2);
    EXPECT_EQ(text.value(name + "_bucket", {{"le", "0.001024"}}), 3);
    EXPECT_EQ(text.value(name + "_bucket", {{"le", "67.108864"}}), 3);
    EXPECT_EQ(text.value(name + "_bucket", {{"le", "+Inf"}}), 4);
    EXPECT_EQ(text.value(name + "_count"), 4);
    EXPECT_DOUBLE_EQ(*text.value(name + "_sum"), 3600.001129);
    EXPECT_EQ(text.value("bearergate_upstream_duration_seconds_count"), 3);
}

TEST(Exposition, AnIssuersKeysHaveAnAgeOnceTheyWereFetched) {
    const MetricsText text = text_of(test::full_observation());
    const test::MetricLabels logto = {{"issuer", "logto"}};
    const test::MetricLabels partner = {{"issuer", "partner"}};
    EXPECT_EQ(text.value("bearergate_jwks_age_seconds", logto), 60);
    EXPECT_EQ(text.value("bearergate_jwks_age_seconds", partner), std::nullopt);
    EXPECT_EQ(text.value("bearergate_jwks_keys", logto), 2);
    EXPECT_EQ(text.value("bearergate_jwks_keys", partner), 0);
    EXPECT_EQ(text.value("bearergate_jwks_usable", logto), 1);
    EXPECT_EQ(text.value("bearergate_jwks_usable", partner), 0);
    EXPECT_EQ(text.value("bearergate_jwks_refreshes_total", logto), 31);
    EXPECT_EQ(text.value("bearergate_jwks_refresh_failures_total", logto), 32);
    EXPECT_EQ(text.value("bearergate_jwks_refresh_failures_total", partner), 33);
    EXPECT_EQ(text.value("bearergate_jwks_refresh_interval_seconds", logto), 600);
    EXPECT_EQ(text.value("bearergate_jwks_max_stale_seconds", partner), 3600);
}

TEST(Exposition, SaysWhenSomethingIsWrong) {
    Observation of = test::full_observation();
    of.readiness.issuers_without_keys = {"partner"};
    of.reload_errors = std::make_shared<const std::vector<config::Diagnostic>>();
    MetricsText text = text_of(of);
    EXPECT_EQ(text.value("bearergate_ready"), 0);
    EXPECT_EQ(text.value("bearergate_draining"), 0);
    EXPECT_EQ(text.value("bearergate_config_last_reload_successful"), 0);
    of.readiness = {.draining = true};
    text = text_of(of);
    EXPECT_EQ(text.value("bearergate_ready"), 0);
    EXPECT_EQ(text.value("bearergate_draining"), 1);
}

TEST(Exposition, NamesAreEscaped) {
    Observation of = test::full_observation();
    of.issuers[0].name = "a\"} 1\nb\\";
    EXPECT_EQ(text_of(of).value("bearergate_jwks_keys", {{"issuer", of.issuers[0].name}}), 2);
}

TEST(Exposition, IsWrittenOnceForAllWhoWaitForIt) {
    Exposition writes;
    Observation observation = test::full_observation();
    auto first = std::make_shared<const Observation>(observation);
    const std::string text = writes.text(first);
    EXPECT_EQ(text, exposition(observation));
    const char* const written = writes.text(first).data();
    EXPECT_EQ(writes.text(first).data(), written);

    observation.reloads = 77;
    const auto second = std::make_shared<const Observation>(observation);
    EXPECT_EQ(MetricsText(writes.text(second)).value("bearergate_config_reloads_total"), 77);
    EXPECT_EQ(writes.text(first), text);
    first.reset();
    EXPECT_EQ(MetricsText(writes.text(second)).value("bearergate_config_reloads_total"), 77);
}

}  // namespace
}  // namespace bearergate::gateway
