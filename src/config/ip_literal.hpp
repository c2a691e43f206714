#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace bearergate::config {

// The 4 or 16 bytes of an IP address in its textual form (RFC 6943 strict form, RFC 4291), without
// brackets and zone.
std::optional<std::vector<std::uint8_t>> ip_bytes(std::string_view text);
// Decimal digits of 0 … 65535 without leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text);

}  // namespace bearergate::config
