#include <bearergate/core/base64url.hpp>

#include <array>
#include <cstdint>

namespace bearergate::core {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t foreign = 0xff;

constexpr std::array<std::uint8_t, 256> sextets = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(foreign);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return table;
}();

}  // namespace

std::optional<std::string> decode_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const std::uint8_t sextet = sextets[static_cast<unsigned char>(c)];
        if (sextet == foreign) return std::nullopt;
        bits = (bits << 6U) | sextet;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes.push_back(static_cast<char>((bits >> held) & 0xffU));
        }
    }
    // Two texts would mean the same bytes if the bits left over did not have to be zero.
    if ((bits & ((1U << held) - 1U)) != 0) return std::nullopt;
    return bytes;
}

std::string encode_base64url(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : bytes) {
        bits = (bits << 8U) | static_cast<unsigned char>(c);
        for (held += 8; held >= 6; held -= 6) {
            text.push_back(alphabet[(bits >> (held - 6)) & 63U]);
        }
    }
    if (held > 0) text.push_back(alphabet[(bits << (6 - held)) & 63U]);
    return text;
}

}  // namespace bearergate::core
