#include <bearergate/gateway/metrics.hpp>

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace bearergate::gateway {
namespace {

constexpr unsigned first_bound_bits = 6;  // 64 µs

template <std::size_t size>
void add(std::array<std::uint64_t, size>& to, const std::array<std::uint64_t, size>& from) {
    std::ranges::transform(to, from, to.begin(), std::plus<>());
}

void add(Counters::Route& to, const Counters::Route& from) {
    to.allowed += from.allowed;
    add(to.refused, from.refused);
    add(to.would_deny, from.would_deny);
    add(to.status_class, from.status_class);
}

}  // namespace

void Histogram::record(std::chrono::microseconds duration) {
    const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    // Bounds are inclusive: exactly 64 µs is still of the first bucket.
    const std::uint64_t above = count == 0 ? 0 : (count - 1) >> first_bound_bits;
    const auto bucket = static_cast<std::size_t>(std::bit_width(above));
    ++counts[std::min(bucket, buckets - 1)];
    sum_microseconds += count;
}

std::chrono::microseconds Histogram::upper_bound(std::size_t bucket) {
    return std::chrono::microseconds(std::int64_t{1} << (first_bound_bits + bucket));
}

Histogram& Histogram::operator+=(const Histogram& other) {
    add(counts, other.counts);
    sum_microseconds += other.sum_microseconds;
    return *this;
}

Counters& Counters::operator+=(const Counters& other) {
    routes.resize(std::max(routes.size(), other.routes.size()));
    for (std::size_t i = 0; i < other.routes.size(); ++i) add(routes[i], other.routes[i]);
    add(former, other.former);
    add(unrouted, other.unrouted);
    total += other.total;
    upstream += other.upstream;
    connections_accepted += other.connections_accepted;
    connections_open += other.connections_open;
    requests_in_flight += other.requests_in_flight;
    upstream_connects += other.upstream_connects;
    upstream_reused += other.upstream_reused;
    upstream_errors += other.upstream_errors;
    upstream_retries += other.upstream_retries;
    bytes_in += other.bytes_in;
    bytes_out += other.bytes_out;
    return *this;
}

void Counters::turn_to(const core::Policy& after, const core::Policy& before) {
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < std::min(before.routes.size(), routes.size()); ++i) {
        places.emplace(before.routes[i].text, i);
    }
    std::vector<Route> moved(after.routes.size());
    for (std::size_t i = 0; i < moved.size(); ++i) {
        const auto place = places.find(after.routes[i].text);
        if (place != places.end()) moved[i] = routes[place->second];
    }
    routes = std::move(moved);
}

}  // namespace bearergate::gateway
