#include <bearergate/gateway/exposition.hpp>

#include <openssl/crypto.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::gateway {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// Patterns of routes contain a slash: these are none.
constexpr const char* no_route = "none";
constexpr const char* former_route = "former";

template <class Clock, class Duration>
double seconds(const std::chrono::time_point<Clock, Duration>& when) {
    return std::chrono::duration<double>(when.time_since_epoch()).count();
}
template <class Representation, class Period>
double seconds(const std::chrono::duration<Representation, Period>& duration) {
    return std::chrono::duration<double>(duration).count();
}

// What is said, metric by metric.
class Families {
public:
    void begin(MetricType type, std::string name, std::string help) {
        auto& family = all_.emplace_back();
        family.name = std::move(name);
        family.help = std::move(help);
        family.type = type;
    }
    void add(double value, Labels labels = {}) {
        auto& metric = all_.back().metric.emplace_back();
        metric.label = std::move(labels);
        (all_.back().type == MetricType::Counter ? metric.counter.value : metric.gauge.value) =
            value;
    }
    void add(std::uint64_t value, Labels labels = {}) {
        add(static_cast<double>(value), std::move(labels));
    }
    void counter(std::string name, std::string help, std::uint64_t value) {
        begin(MetricType::Counter, std::move(name), std::move(help));
        add(value);
    }
    template <class Value>
    void gauge(std::string name, std::string help, Value value) {
        begin(MetricType::Gauge, std::move(name), std::move(help));
        add(static_cast<double>(value));
    }
    void histogram(std::string name, std::string help, const Histogram& histogram);

    std::string text() const {
        std::ostringstream out;
        prometheus::TextSerializer().Serialize(out, all_);
        return std::move(out).str();
    }

private:
    std::vector<prometheus::MetricFamily> all_{};
};

// The bucket for what is above all bounds, +Inf, comes from the serializer.
void Families::histogram(std::string name, std::string help, const Histogram& histogram) {
    begin(MetricType::Histogram, std::move(name), std::move(help));
    ClientMetric metric;
    for (std::size_t i = 0; i < Histogram::buckets; ++i) {
        metric.histogram.sample_count += histogram.counts[i];
        if (i + 1 == Histogram::buckets) break;
        metric.histogram.bucket.push_back({.cumulative_count = metric.histogram.sample_count,
                                           .upper_bound = seconds(Histogram::upper_bound(i))});
    }
    metric.histogram.sample_sum = static_cast<double>(histogram.sum_microseconds) / 1e6;
    all_.back().metric.push_back(std::move(metric));
}

// ---- Routes

template <class Add>
void each_route(const Observation& of, Add add) {
    const auto& routes = of.snapshot->policy.routes;
    for (std::size_t i = 0; i < routes.size(); ++i) add(routes[i].text, of.counters.routes[i]);
    add(former_route, of.counters.former);
    add(no_route, of.counters.unrouted);
}

// A series begins when its reason first occurs: most reasons never do on most routes.
template <class Add>
void each_reason(const std::array<std::uint64_t, core::reason_count>& counts, Add add) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] != 0) add(core::refusal(static_cast<core::Reason>(i)), counts[i]);
    }
}

void add_routes(Families& to, const Observation& of) {
    to.begin(MetricType::Counter, "bearergate_requests_total",
             "Requests that have ended, by route and class of status.");
    each_route(of, [&to](const std::string& route, const Counters::Route& counted) {
        static constexpr const char* classes[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
        for (std::size_t i = 0; i < counted.status_class.size(); ++i) {
            to.add(counted.status_class[i], {{"route", route}, {"status", classes[i]}});
        }
    });
    to.begin(MetricType::Counter, "bearergate_requests_allowed_total",
             "Requests that passed every check and were forwarded or answered.");
    each_route(of, [&to](const std::string& route, const Counters::Route& counted) {
        to.add(counted.allowed, {{"route", route}});
    });
    to.begin(MetricType::Counter, "bearergate_refusals_total",
             "Requests that the gateway refused, by route, reason and status.");
    each_route(of, [&to](const std::string& route, const Counters::Route& counted) {
        each_reason(counted.refused, [&](const core::Refusal& refusal, std::uint64_t count) {
            to.add(count, {{"route", route},
                           {"reason", std::string(refusal.name)},
                           {"status", std::to_string(refusal.status)}});
        });
    });
    to.begin(MetricType::Counter, "bearergate_shadow_denials_total",
             "Requests that a route in shadow mode let pass and would have refused.");
    each_route(of, [&to](const std::string& route, const Counters::Route& counted) {
        each_reason(counted.would_deny, [&](const core::Refusal& refusal, std::uint64_t count) {
            to.add(count, {{"route", route}, {"reason", std::string(refusal.name)}});
        });
    });
    to.gauge(
        "bearergate_shadow_routes", "Routes in shadow mode, which refuse nobody.",
        std::ranges::count(of.snapshot->policy.routes, core::Mode::shadow, &core::Route::mode));
}

// ---- Requests, connections, upstreams

void add_traffic(Families& to, const Counters& counted) {
    to.gauge("bearergate_requests_in_flight", "Requests that have begun and not ended.",
             counted.requests_in_flight);
    to.histogram("bearergate_request_duration_seconds",
                 "From a request's first byte to the end of its answer.", counted.total);
    to.histogram("bearergate_upstream_duration_seconds",
                 "From the permission of a request to the head of its upstream's response.",
                 counted.upstream);
    to.counter("bearergate_request_body_bytes_total", "Bytes of request bodies received.",
               counted.bytes_in);
    to.counter("bearergate_response_body_bytes_total", "Bytes of response bodies passed on.",
               counted.bytes_out);
}

void add_connections(Families& to, const Observation& of) {
    const Counters& counted = of.counters;
    to.counter("bearergate_connections_accepted_total", "Connections accepted from clients.",
               counted.connections_accepted);
    to.gauge("bearergate_connections_open", "Connections of clients that are open.",
             counted.connections_open);
    to.gauge("bearergate_connections_limit",
             "Connections of clients that may be open; at the limit, idle ones make room.",
             of.connection_limit);
    to.counter("bearergate_upstream_connects_total", "Connections to upstreams attempted.",
               counted.upstream_connects);
    to.counter("bearergate_upstream_connections_reused_total",
               "Requests that were sent on an upstream connection that was open already.",
               counted.upstream_reused);
    to.gauge("bearergate_upstream_connections_idle",
             "Connections to upstreams kept open for the next request.",
             of.idle_upstream_connections);
    to.counter("bearergate_upstream_errors_total",
               "Requests that failed because of their upstream.", counted.upstream_errors);
    to.counter("bearergate_upstream_retries_total",
               "Requests sent once more because a kept connection had been closed.",
               counted.upstream_retries);
}

// ---- Tokens and keys

void add_tokens(Families& to, const Observation& of) {
    to.counter("bearergate_token_cache_hits_total", "Tokens found among those verified before.",
               of.tokens.hits);
    to.counter("bearergate_token_cache_misses_total",
               "Tokens that had to be looked at from the beginning.", of.tokens.misses);
    to.counter("bearergate_token_cache_evictions_total",
               "Verified tokens forgotten to make room for others.", of.tokens.evictions);
    to.gauge("bearergate_token_cache_entries", "Verified tokens that are remembered.",
             of.tokens.entries);
    to.gauge("bearergate_tokens_waiting", "Requests that wait for keys or for a verification.",
             of.tokens.waiting);
    to.gauge("bearergate_verification_queue_length",
             "Expensive signatures that wait for a thread to verify them.",
             of.queued_verifications);
}

// The key sources of the configuration and the issuers' figures are in the same order.
template <class Value>
void add_by_issuer(Families& to, const Observation& of, MetricType type, const char* name,
                   const char* help, Value value) {
    to.begin(type, name, help);
    for (std::size_t i = 0; i < of.issuers.size(); ++i) {
        if (const std::optional<double> known = value(i)) {
            to.add(*known, {{"issuer", of.issuers[i].name}});
        }
    }
}

void add_issuers(Families& to, const Observation& of) {
    const auto store = [&of](std::size_t i) { return of.issuers[i].store; };
    const auto source = [&of](std::size_t i) { return of.snapshot->config.key_sources[i]; };
    using Known = std::optional<double>;
    add_by_issuer(to, of, MetricType::Gauge, "bearergate_jwks_keys", "Keys in an issuer's set.",
                  [&](std::size_t i) { return Known(store(i).keys); });
    add_by_issuer(to, of, MetricType::Gauge, "bearergate_jwks_usable",
                  "Whether there are keys to verify an issuer's tokens with: 1 or 0.",
                  [&](std::size_t i) { return Known(store(i).usable ? 1 : 0); });
    add_by_issuer(to, of, MetricType::Gauge, "bearergate_jwks_age_seconds",
                  "Since an issuer's keys were last fetched; absent while they never were.",
                  [&](std::size_t i) {
                      const auto last = store(i).last_success;
                      return last ? Known(seconds(of.steady_at - *last)) : std::nullopt;
                  });
    add_by_issuer(to, of, MetricType::Gauge, "bearergate_jwks_refresh_interval_seconds",
                  "The configured time between two fetches of an issuer's keys.",
                  [&](std::size_t i) { return Known(seconds(source(i).refresh)); });
    add_by_issuer(to, of, MetricType::Gauge, "bearergate_jwks_max_stale_seconds",
                  "The configured age at which an issuer's keys are no longer used.",
                  [&](std::size_t i) { return Known(seconds(source(i).max_stale)); });
    add_by_issuer(to, of, MetricType::Counter, "bearergate_jwks_refreshes_total",
                  "Fetches of an issuer's keys that succeeded.",
                  [&](std::size_t i) { return Known(store(i).refreshes); });
    add_by_issuer(to, of, MetricType::Counter, "bearergate_jwks_refresh_failures_total",
                  "Fetches of an issuer's keys that failed.",
                  [&](std::size_t i) { return Known(store(i).failures); });
}

// ---- The gateway itself

void add_configuration(Families& to, const Observation& of) {
    to.begin(MetricType::Gauge, "bearergate_config_info",
             "Always 1; the label is the digest of the configuration file in use.");
    to.add(1.0, {{"version", of.snapshot->version}});
    to.counter("bearergate_config_reloads_total", "Reloads of the configuration that succeeded.",
               of.reloads);
    to.counter("bearergate_config_reload_failures_total",
               "Reloads that failed: the configuration before stayed in use.", of.reload_failures);
    to.gauge("bearergate_config_last_reload_successful",
             "Whether the newest reload succeeded: 1 or 0. 1 before the first one.",
             of.reload_errors ? 0 : 1);
    to.gauge("bearergate_config_last_reload_success_timestamp_seconds",
             "When the configuration in use was taken into use, in Unix time.",
             seconds(of.in_use_since));
}

void add_gateway(Families& to, const Observation& of) {
    to.begin(MetricType::Gauge, "bearergate_build_info",
             "Always 1; the labels say what is running.");
    to.add(1.0,
           {{"version", BEARERGATE_VERSION}, {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)}});
    to.gauge("bearergate_ready", "Whether /readyz says so: 1 or 0.", of.readiness.ready() ? 1 : 0);
    to.gauge("bearergate_draining", "Whether the gateway is shutting down: 1 or 0.",
             of.readiness.draining ? 1 : 0);
    to.gauge("bearergate_workers", "Threads that serve requests.", of.workers);
    to.gauge("bearergate_workers_silent",
             "Workers that did not answer this scrape in time: what they said last is counted.",
             of.silent_workers);
    to.counter("bearergate_log_lines_dropped_total",
               "Lines of the log that were lost because nobody took them in time.",
               of.dropped_log_lines);
}

// The names that every Prometheus client gives these.
void add_process(Families& to, const Observation& of) {
    to.gauge("process_start_time_seconds", "When the process began, in Unix time.",
             seconds(of.started));
    to.begin(MetricType::Counter, "process_cpu_seconds_total",
             "User and system time of all threads.");
    to.add(seconds(of.process.cpu_time));
    to.gauge("process_resident_memory_bytes", "Memory that is resident.",
             of.process.resident_bytes);
    to.gauge("process_open_fds", "File descriptors that are open.", of.process.open_descriptors);
    to.gauge("process_max_fds", "File descriptors that may be open.", of.process.descriptor_limit);
}

}  // namespace

std::string exposition(const Observation& of) {
    Families all;
    add_routes(all, of);
    add_traffic(all, of.counters);
    add_connections(all, of);
    add_tokens(all, of);
    add_issuers(all, of);
    add_configuration(all, of);
    add_gateway(all, of);
    add_process(all, of);
    return all.text();
}

const std::string& Exposition::text(const std::shared_ptr<const Observation>& of) {
    if (of_.lock() != of) {
        text_ = exposition(*of);
        of_ = of;
    }
    return text_;
}

}  // namespace bearergate::gateway
