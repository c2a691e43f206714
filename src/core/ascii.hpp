#pragma once

#include <string>
#include <string_view>

// Letters and digits as protocols mean them: ASCII, whatever the locale.
namespace bearergate::core::ascii {

constexpr bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_alphanumeric(char c) {
    return is_lower(c) || is_upper(c) || is_digit(c);
}
constexpr bool is_visible(char c) {  // RFC 5234's VCHAR
    return c > 0x20 && c < 0x7f;
}
constexpr bool is_control(char c) {
    return (c >= 0 && c < 0x20) || c == 0x7f;
}
constexpr char lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
inline std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = lower(c);
    return out;
}
constexpr bool same_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

}  // namespace bearergate::core::ascii
