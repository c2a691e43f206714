#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bearergate::core {

// RFC 4648 section 5 without padding, strictly: one text for one sequence of bytes. Unused bits
// that are not zero, padding and foreign characters are refused.
std::optional<std::string> decode_base64url(std::string_view text);
std::string encode_base64url(std::string_view bytes);

}  // namespace bearergate::core
