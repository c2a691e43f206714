#include <bearergate/core/case_folding.hpp>

#include "ascii.hpp"

#include <algorithm>
#include <array>

namespace bearergate::core {

namespace {

struct Lookalike {
    std::string_view utf8{};
    std::string_view letters{};
};

constexpr std::array lookalikes{
    Lookalike{"\xC3\x9F", "ss"},       // U+00DF sharp s
    Lookalike{"\xC4\xB0", "i"},        // U+0130 I with a dot
    Lookalike{"\xC4\xB1", "i"},        // U+0131 i without one
    Lookalike{"\xC5\xBF", "s"},        // U+017F long s
    Lookalike{"\xE1\xBA\x9E", "ss"},   // U+1E9E capital sharp s
    Lookalike{"\xE2\x84\xAA", "k"},    // U+212A Kelvin
    Lookalike{"\xEF\xAC\x80", "ff"},   // U+FB00 to U+FB06, ligatures
    Lookalike{"\xEF\xAC\x81", "fi"},   //
    Lookalike{"\xEF\xAC\x82", "fl"},   //
    Lookalike{"\xEF\xAC\x83", "ffi"},  //
    Lookalike{"\xEF\xAC\x84", "ffl"},  //
    Lookalike{"\xEF\xAC\x85", "st"},   //
    Lookalike{"\xEF\xAC\x86", "st"},   //
};

// First and last bytes, in UTF-8, of the blocks that hold no letter with a case.
struct Caseless {
    std::string_view first{};
    std::string_view last{};
};

constexpr std::array caseless{
    Caseless{"\xD6\x90", "\xDF\xBF"},                  // U+0590 to U+07FF: Hebrew to NKo
    Caseless{"\xE0\xA0\x80", "\xE1\x82\x9F"},          // U+0800 to U+109F: Samaritan to Myanmar
    Caseless{"\xE1\x84\x80", "\xE1\x8E\x9F"},          // U+1100 to U+139F: Hangul, Ethiopic
    Caseless{"\xE3\x80\x80", "\xEA\x98\xBF"},          // U+3000 to U+A63F: kana, Han, Yi, Vai
    Caseless{"\xEA\xB0\x80", "\xED\x9F\xBF"},          // U+AC00 to U+D7FF: Hangul
    Caseless{"\xF0\xA0\x80\x80", "\xF0\xBF\xBF\xBF"},  // U+20000 to U+3FFFF: Han
};

// Of the character that begins with this byte; 0 for none.
constexpr std::size_t length_of(char first) {
    const auto byte = static_cast<unsigned char>(first);
    if (byte < 0x80) return 1;
    if (byte >= 0xC2 && byte < 0xE0) return 2;
    if (byte >= 0xE0 && byte < 0xF0) return 3;
    return byte >= 0xF0 && byte < 0xF5 ? 4 : 0;
}

constexpr bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
}

bool has_no_case(std::string_view character) {
    return std::ranges::any_of(caseless, [&](const Caseless& block) {
        return character.size() == block.first.size() && character >= block.first &&
               character <= block.last;
    });
}

}  // namespace

bool may_have_case_beyond_ascii(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = length_of(text.front());
        if (length == 0 || length > text.size()) return true;
        const std::string_view character = text.substr(0, length);
        text.remove_prefix(length);
        if (length == 1) continue;
        if (!std::ranges::all_of(character.substr(1), continues)) return true;
        if (!has_no_case(character)) return true;
    }
    return false;
}

std::string case_folded(std::string_view text) {
    std::string folded;
    folded.reserve(text.size());
    while (!text.empty()) {
        const auto begins_text = [&](const Lookalike& known) {
            return text.starts_with(known.utf8);
        };
        const auto* const found = std::ranges::find_if(lookalikes, begins_text);
        if (found == lookalikes.end()) {
            folded.push_back(ascii::lower(text.front()));
            text.remove_prefix(1);
        } else {
            folded.append(found->letters);
            text.remove_prefix(found->utf8.size());
        }
    }
    return folded;
}

}  // namespace bearergate::core
