#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// The character classes of RFC 9110 section 5, one table look-up each, and the two passes over
// bytes that every head pays for.
namespace bearergate::http {

namespace character {
inline constexpr std::uint8_t token = 1;    // tchar
inline constexpr std::uint8_t field = 2;    // HTAB, SP, VCHAR, obs-text
inline constexpr std::uint8_t visible = 4;  // VCHAR
inline constexpr std::uint8_t digit = 8;
inline constexpr std::uint8_t alphanumeric = 16;

inline constexpr std::array<std::uint8_t, 256> classes = [] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0; c < 256; ++c) {
        const bool is_digit = c >= '0' && c <= '9';
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        std::uint8_t bits = 0;
        if (is_digit) bits |= digit;
        if (is_digit || is_letter) bits |= alphanumeric | token;
        if (c > 0x20 && c < 0x7F) bits |= visible;
        if (c == '\t' || (c >= 0x20 && c != 0x7F)) bits |= field;
        table[c] = bits;
    }
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<std::uint8_t>(c)] |= token;
    return table;
}();
}  // namespace character

constexpr bool is_class(char c, std::uint8_t which) {
    return (character::classes[static_cast<std::uint8_t>(c)] & which) != 0;
}
constexpr bool is_token_char(char c) {
    return is_class(c, character::token);
}
constexpr bool is_field_char(char c) {
    return is_class(c, character::field);
}
constexpr bool is_visible_char(char c) {
    return is_class(c, character::visible);
}
constexpr bool is_digit(char c) {
    return is_class(c, character::digit);
}
constexpr bool is_alphanumeric(char c) {
    return is_class(c, character::alphanumeric);
}
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

constexpr bool same_but_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

// -1 for what is no hexadecimal digit.
constexpr int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// To the end whatever it finds: a few vector instructions.
constexpr bool is_alphanumeric_or_dash(std::string_view text) {
    std::uint8_t odd = 0;
    for (const char c : text) {
        const auto letter = static_cast<std::uint8_t>((c | 0x20) - 'a');
        const auto digit = static_cast<std::uint8_t>(c - '0');
        const bool is_one = letter < 26 || digit < 10 || c == '-';
        odd = static_cast<std::uint8_t>(odd | !is_one);
    }
    return odd == 0;
}

constexpr bool is_token(std::string_view text) {
    constexpr std::size_t worth_vectors = 16;  // an id of a request
    if (text.size() >= worth_vectors && is_alphanumeric_or_dash(text)) return true;
    for (const char c : text) {
        if (!is_token_char(c)) return false;
    }
    return !text.empty();
}

constexpr std::string_view trimmed(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

inline constexpr std::uint64_t every_byte = 0x0101010101010101;

inline std::uint64_t eight_bytes(const char* from) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    return word;
}

// Whether `name` is `known` but for case. `known` is in lower case, of letters, digits and '-':
// where it has a letter, which has the bit 0x40, the other may lack 0x20; nothing else may differ.
inline bool is_known(std::string_view name, std::string_view known) {
    if (name.size() != known.size()) return false;
    const auto differs = [](std::uint64_t a, std::uint64_t b) {
        return ((a ^ b) & ~((b & (every_byte * 0x40)) >> 1)) != 0;
    };
    std::size_t i = 0;
    for (; i + 8 <= known.size(); i += 8) {
        if (differs(eight_bytes(name.data() + i), eight_bytes(known.data() + i))) return false;
    }
    for (; i < known.size(); ++i) {
        if (differs(static_cast<std::uint8_t>(name[i]), static_cast<std::uint8_t>(known[i])))
            return false;
    }
    return true;
}

// Whether all bytes are from SP to '~': as a signed number, one more than these is above SP, and
// one more than any other is not.
template <std::size_t size>
bool is_printable(const char* bytes) {
    std::uint8_t odd = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const auto one_more = static_cast<std::int8_t>(static_cast<std::uint8_t>(bytes[i]) + 1);
        odd = static_cast<std::uint8_t>(odd | (one_more <= ' '));
    }
    return odd == 0;
}

// The first byte from `p` on that no field value may hold, or `last`. Values (a token, cookies) are
// most of a head: 64 or 32 bytes a step where that many are printable, which compilers turn into
// vector instructions, then eight.
inline const char* skip_field_chars(const char* p, const char* last) {
    constexpr std::uint64_t high_bits = every_byte * 0x80;
    while (last - p >= 64 && is_printable<64>(p)) p += 64;
    while (last - p >= 32 && is_printable<32>(p)) p += 32;
    while (last - p >= 8) {
        const std::uint64_t word = eight_bytes(p);
        const std::uint64_t deleted = word ^ (every_byte * 0x7F);
        // In each byte the top bit is set if it is below 0x20 or is DEL; a borrow may set it in
        // later bytes too, never in an earlier one.
        const std::uint64_t odd =
            (((word - every_byte * 0x20) & ~word) | ((deleted - every_byte) & ~deleted)) &
            high_bits;
        if (odd == 0) {
            p += 8;
            continue;
        }
        if constexpr (std::endian::native == std::endian::little) {
            p += std::countr_zero(odd) / 8;
        } else {
            while (is_field_char(*p)) ++p;
        }
        if (*p != '\t') return p;
        ++p;
    }
    while (p != last && is_field_char(*p)) ++p;
    return p;
}

// To the end whatever it finds: a few vector instructions.
inline bool is_ascii(std::string_view text) {
    std::uint8_t seen = 0;
    for (const char c : text) seen = static_cast<std::uint8_t>(seen | static_cast<std::uint8_t>(c));
    return seen < 0x80;
}

}  // namespace bearergate::http
