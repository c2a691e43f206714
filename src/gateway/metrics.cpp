#include <bearergate/gateway/metrics.hpp>

#include <algorithm>
#include <bit>

namespace bearergate::gateway {
namespace {

constexpr unsigned first_bound_bits = 6;  // 64 µs

template <std::size_t size>
void add(std::array<std::uint64_t, size>& to, const std::array<std::uint64_t, size>& from) {
    std::ranges::transform(to, from, to.begin(), std::plus<>());
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
    for (std::size_t i = 0; i < other.routes.size(); ++i) {
        routes[i].allowed += other.routes[i].allowed;
        add(routes[i].refused, other.routes[i].refused);
        add(routes[i].would_deny, other.routes[i].would_deny);
        add(routes[i].status_class, other.routes[i].status_class);
    }
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

}  // namespace bearergate::gateway
