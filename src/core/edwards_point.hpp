#pragma once

#include <cstdint>
#include <string_view>

namespace bearergate::core {

enum class EdwardsCurve : std::uint8_t { ed25519, ed448 };

// Whether the bytes are the one encoding (RFC 8032 sections 5.1.2 and 5.2.2) of a point on the
// curve whose order is not small. OpenSSL takes any bytes for a public key, and a point of small
// order verifies signatures that nobody made.
bool is_sound_point(EdwardsCurve curve, std::string_view encoded);

}  // namespace bearergate::core
