#pragma once

#include <bearergate/core/claims.hpp>
#include <bearergate/core/identity.hpp>
#include <bearergate/core/route_table.hpp>
#include <bearergate/core/rule.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bearergate::core {

// One trusted issuer, as far as a decision depends on it.
struct Issuer {
    std::string name{};    // in the configuration file
    std::string issuer{};  // compared byte for byte with `iss`
    AlgorithmSet algorithms = AlgorithmSet::all();
    std::optional<std::string> token_type = "at+jwt";  // none: any
    TimeRules times{};
    ClaimNames claims{};
    std::string organization_audience = "urn:logto:organization:";
};

enum class Mode : std::uint8_t { enforce, shadow };

struct Route {
    std::string text{};  // the pattern as written; the route's name in logs and metrics
    int line = 0;        // in the configuration file
    RoutePattern pattern{};
    Rule rule{};
    Mode mode = Mode::enforce;
    std::size_t upstream = 0;    // index, opaque to core
    std::string strip_prefix{};  // "" or "/api"
    std::optional<std::chrono::milliseconds> response_timeout{};
    std::optional<std::uint64_t> body_bytes{};  // limit
};

// Everything a decision depends on besides the request, the keys and the clock. Immutable; a
// reload builds another.
struct Policy {
    std::vector<Issuer> issuers{};
    std::vector<Route> routes{};
    RouteTable table{};  // indexes `routes`
    TargetRules target{};
    std::size_t token_bytes = 8UL * 1024;
    std::vector<IdentityHeader> identity{};

    // The index of the issuer with exactly this `iss`.
    std::optional<std::size_t> find_issuer(std::string_view issuer) const;
};

// The Allow field's value for a method that no route may have (TRACE, CONNECT) and that is refused
// before anything else: what the target's routes answer, "" where it has none.
std::string allowed_methods(const Policy& policy, std::string_view host, std::string_view target);

}  // namespace bearergate::core
