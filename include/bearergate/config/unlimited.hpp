#pragma once

#include <cstdint>
#include <limits>

namespace bearergate::config {

// What a route's limit for bodies is that lifts the server's: `body_bytes: none`.
inline constexpr std::uint64_t unlimited_body = std::numeric_limits<std::uint64_t>::max();

}  // namespace bearergate::config
