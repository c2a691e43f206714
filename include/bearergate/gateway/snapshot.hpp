#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/policy.hpp>
#include <bearergate/http/cors.hpp>
#include <bearergate/http/forward.hpp>
#include <bearergate/net/tls.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bearergate::config {
struct Loaded;
}

namespace bearergate::gateway {

// One configuration, compiled for the data path. Immutable; a reload makes another, and every
// request sees exactly one from its first check to its last byte.
struct Snapshot {
    config::Config config;
    core::Policy policy;
    http::Hygiene hygiene;
    std::optional<http::Cors> cors{};
    net::TlsContext server_tls{};                 // null: plain HTTP
    std::vector<net::TlsContext> upstream_tls{};  // by upstream; null: plain
    std::string version{};                        // digest of the file
    std::uint64_t generation = 0;                 // of the policy: a cached token is valid for one
};

// The hygiene of every request under this policy.
http::Hygiene hygiene_of(const core::Policy& policy);
// Whether the upstream of a route gets the client's Authorization as it came.
bool keeps_authorization(const core::Route& route, const config::Config& config);
// How large a request's body may be on a route; none: as large as it likes.
std::optional<std::uint64_t> body_limit(const core::Route& route, const config::Config& config);
// Whether anybody may get to see recent refusals: else none are kept.
bool shows_refusals(const config::Config& config);

// Compiles a loaded configuration. Throws std::runtime_error naming a TLS file that is unusable.
std::shared_ptr<const Snapshot> make_snapshot(config::Loaded loaded, std::uint64_t generation);

}  // namespace bearergate::gateway
