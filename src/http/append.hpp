#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// How heads are written: appended to a buffer that is kept from message to message.
namespace bearergate::http {

inline void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

inline void append_number(std::string& out, std::uint64_t number) {
    char digits[20];
    const char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(digits, static_cast<std::size_t>(end - digits));
}

// The Connection field of our answer, where the client's version does not say the same by itself.
inline void append_persistence(std::string& out, int client_minor_version, bool keep_alive) {
    if (!keep_alive) {
        out.append("Connection: close\r\n");
    } else if (client_minor_version == 0) {
        out.append("Connection: keep-alive\r\n");
    }
}

// What may stand in a value that we make: printable ASCII without a space at either end. Asked
// where a value comes from far away, so that no mistake there can become a second header.
inline bool is_printable(std::string_view value) {
    std::uint8_t odd = 0;
    for (const char c : value) {
        const auto above_space = static_cast<std::uint8_t>(static_cast<std::uint8_t>(c) - 0x20);
        odd = static_cast<std::uint8_t>(odd | (above_space > 0x7e - 0x20));
    }
    return odd == 0 && !value.starts_with(' ') && !value.ends_with(' ');
}

}  // namespace bearergate::http
