#pragma once

#include <cstdint>
#include <string_view>

// What is known of a field by its name alone, in one look-up: the parsers, the hygiene of what is
// forwarded and the writers all ask this one table.
namespace bearergate::http {

enum class Name : std::uint8_t {
    other,
    access_control_request_method,
    authorization,
    connection,
    content_length,
    expect,
    forwarded,
    host,
    keep_alive,
    origin,
    sec_websocket_accept,
    sec_websocket_key,
    sec_websocket_version,
    traceparent,
    transfer_encoding,
    upgrade,
    x_forwarded_for,
    x_forwarded_host,
    x_forwarded_proto,
    x_request_id,
};

namespace trait {
inline constexpr std::uint8_t interpreted = 1;     // by us: its value must be ASCII
inline constexpr std::uint8_t hop_by_hop = 2;      // RFC 9110 section 7.6.1: ends here
inline constexpr std::uint8_t dropped = 4;         // of a request, whoever sent it
inline constexpr std::uint8_t forwarding = 8;      // believed from trusted proxies only
inline constexpr std::uint8_t kept_request = 16;   // Connection cannot nominate it away
inline constexpr std::uint8_t kept_response = 32;  // the same in a response
inline constexpr std::uint8_t cors = 64;           // Access-Control-*
}  // namespace trait

struct NameFacts {
    Name name = Name::other;
    std::uint8_t traits = 0;
    bool has(std::uint8_t which) const { return (traits & which) != 0; }
};

// Case does not matter.
NameFacts facts_of(std::string_view name);

// A spelling that a CGI-style backend may take for another name: one with `_`, or with another
// character than letters, digits and '-' that folds to a name with traits.
bool is_alias(std::string_view name);

}  // namespace bearergate::http
