#include <bearergate/config/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace bearergate::config {
namespace {

bool continues(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// Of one whole character.
unsigned code_point(std::string_view character) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    if (character.size() == 1) return byte(0);
    unsigned value = byte(0) & (0x7FU >> character.size());
    for (std::size_t i = 1; i < character.size(); ++i) value = value << 6U | (byte(i) & 0x3FU);
    return value;
}

// What could end a line, drive a terminal or turn the text around.
bool is_unfit_to_show(unsigned c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || (c >= 0x200E && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const unsigned lead = byte(at);
    if (lead < 0x80U) return 1;
    const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
    if (lead < 0xC2U || lead > 0xF4U) return 0;
    // RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
    const unsigned lowest = lead == 0xE0U ? 0xA0U : lead == 0xF0U ? 0x90U : 0x80U;
    const unsigned highest = lead == 0xEDU ? 0x9FU : lead == 0xF4U ? 0x8FU : 0xBFU;
    if (byte(at + 1) < lowest || byte(at + 1) > highest) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if (byte(at + i) < 0x80U || byte(at + i) > 0xBFU) return 0;
    }
    return length;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::size_t byte_of(std::string_view text, std::size_t character) {
    std::size_t at = 0;
    while (at < text.size() && (character > 0 || continues(text[at]))) {
        if (!continues(text[at])) --character;
        ++at;
        while (at < text.size() && continues(text[at])) ++at;
    }
    return at;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(text, i);
        if (text[i] == '\t') {
            out += ' ';
        } else if (length == 0 || is_unfit_to_show(code_point(text.substr(i, length)))) {
            out += '?';
        } else {
            out += text.substr(i, length);
        }
        i += length == 0 ? 1 : length;
    }
    return out;
}

std::string shown(std::string_view text) {
    constexpr std::size_t longest = 60;
    const std::size_t end = byte_of(text, longest);
    return fmt::format("'{}{}'", printable(text.substr(0, end)), end < text.size() ? "..." : "");
}

}  // namespace bearergate::config
