// The one reading of a request target. Servers differ in how they decode, merge and cut paths;
// what two of them could read in two ways is refused here, so that the path that was authorised is
// the path that every server behind us sees.
#include <bearergate/core/query.hpp>
#include <bearergate/core/target.hpp>

#include "ascii.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace bearergate::core {

namespace {

constexpr std::optional<unsigned> hex_value(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    return std::nullopt;
}

// The byte that the escape at the front of `text` stands for.
constexpr std::optional<unsigned> escaped_byte(std::string_view text) {
    if (text.size() < 3 || text[0] != '%') return std::nullopt;
    const auto high = hex_value(text[1]);
    const auto low = hex_value(text[2]);
    if (!high || !low) return std::nullopt;
    return *high * 16 + *low;
}

constexpr bool is_unreserved(unsigned byte) {
    const bool is_ascii = byte < 0x80;
    return (is_ascii && ascii::is_alphanumeric(static_cast<char>(byte))) || byte == '-' ||
           byte == '.' || byte == '_' || byte == '~';
}

constexpr bool is_control(unsigned byte) {
    return byte < 0x20 || byte == 0x7f;
}

// What a second decoding must not be able to bring out.
constexpr bool is_dangerous_decoded(unsigned byte, const TargetRules& rules) {
    return is_control(byte) || byte == '/' || byte == '\\' || byte == '.' || byte == '%' ||
           byte == '#' || (byte == ';' && !rules.semicolon_is_opaque);
}

// The length in characters of the one UTF-8 sequence, all escapes, at the front of `text`; 0 when
// it is overlong, a surrogate, beyond U+10FFFF, or not whole (Unicode 15, table 3-7).
std::size_t escaped_utf8(std::string_view text) {
    const unsigned lead = escaped_byte(text).value_or(0);
    unsigned low = 0x80;
    unsigned high = 0xBF;
    std::size_t bytes = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        bytes = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        bytes = 3;
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        bytes = 4;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
    } else {
        return 0;
    }
    for (std::size_t i = 1; i < bytes; ++i) {
        if (text.size() < 3 * i) return 0;
        const auto byte = escaped_byte(text.substr(3 * i));
        if (!byte || *byte < low || *byte > high) return 0;
        low = 0x80;
        high = 0xBF;
    }
    return 3 * bytes;
}

void append_upper(std::string& out, std::string_view escapes) {
    for (const char c : escapes) {
        out.push_back(c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c);
    }
}

// Appends one raw segment in its normal form. False when it has none.
bool append_decoded(std::string& out, std::string_view segment, const TargetRules& rules) {
    for (std::size_t i = 0; i < segment.size();) {
        const char c = segment[i];
        if (c != '%') {
            if (!ascii::is_visible(c) || c == '\\' || c == '#') return false;
            if (c == ';' && !rules.semicolon_is_opaque) return false;
            out.push_back(c);
            ++i;
            continue;
        }
        const auto byte = escaped_byte(segment.substr(i));
        if (!byte || is_control(*byte) || *byte == '/' || *byte == '\\') return false;
        if (*byte == ';' && !rules.semicolon_is_opaque) return false;
        if (is_unreserved(*byte)) {
            out.push_back(static_cast<char>(*byte));
            i += 3;
            continue;
        }
        const std::size_t length = *byte < 0x80 ? 3 : escaped_utf8(segment.substr(i));
        if (length == 0) return false;
        append_upper(out, segment.substr(i, length));
        i += length;
    }
    return true;
}

bool is_unicode_escape(std::string_view text) {  // "u002e", as after the `%` of old IIS
    return text.size() >= 5 && ascii::lower(text[0]) == 'u' &&
           std::all_of(text.begin() + 1, text.begin() + 5, [](char c) { return hex_value(c); });
}

// An escaped `%` before what would be a forbidden escape, had it been decoded once already.
bool is_encoded_twice(std::string_view segment, const TargetRules& rules) {
    constexpr std::string_view percent = "%25";
    for (std::size_t i = segment.find(percent); i != std::string_view::npos;
         i = segment.find(percent, i + percent.size())) {
        const std::string_view after = segment.substr(i + percent.size());
        if (is_unicode_escape(after)) return true;
        if (after.size() < 2) continue;
        const std::array<char, 3> inner{'%', after[0], after[1]};
        const auto byte = escaped_byte({inner.data(), inner.size()});
        if (byte && is_dangerous_decoded(*byte, rules)) return true;
    }
    return false;
}

// Windows drops dots and spaces from the end of a name, and servers with path parameters cut a
// segment at `;`: both turn such a segment into another one. Three dots and more are a name.
bool ends_or_cuts_oddly(std::string_view segment) {
    if (segment.ends_with("%20")) return true;
    if (segment.ends_with('.')) return segment.find_first_not_of('.') != std::string_view::npos;
    const std::size_t name_end = std::min(segment.find(';'), segment.find("%3B"));
    if (name_end == std::string_view::npos) return false;
    const std::string_view name = segment.substr(0, name_end);
    return name == "." || name == "..";
}

// Writes the normal form of `path` to `out`. `out` ends in '/' whenever a segment begins.
bool normalise(std::string_view path, const TargetRules& rules, std::string& out) {
    out.clear();
    out.reserve(path.size());
    out.push_back('/');
    for (std::size_t begin = 1;;) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const bool is_last = end == path.size();
        if (begin == end && !is_last) return false;
        const std::size_t written = out.size();
        if (!append_decoded(out, path.substr(begin, end - begin), rules)) return false;
        const std::string_view segment = std::string_view(out).substr(written);
        if (segment == "." || segment == "..") {
            const bool climbs = segment == "..";
            out.resize(written);
            if (climbs) {
                if (out.size() == 1) return false;
                out.pop_back();
                out.resize(out.rfind('/') + 1);
            }
        } else {
            if (ends_or_cuts_oddly(segment) || is_encoded_twice(segment, rules)) return false;
            if (!is_last) out.push_back('/');
        }
        if (is_last) return true;
        begin = end + 1;
    }
}

// A path that normalise() would leave as it is, seen without copying. Says no to some of them.
bool is_plainly_normal(std::string_view path) {
    char before = '\0';
    for (const char c : path) {
        if (!ascii::is_visible(c) || c == '%' || c == '\\' || c == '#' || c == ';') return false;
        if (before == '/' && (c == '/' || c == '.')) return false;
        if (before == '.' && c == '/') return false;
        before = c;
    }
    return before != '.';
}

bool contains_method(std::string_view name) {
    constexpr std::string_view word = "method";
    const auto equal = [](char a, char b) { return ascii::lower(a) == b; };
    return std::search(name.begin(), name.end(), word.begin(), word.end(), equal) != name.end();
}

// Frameworks act on `?_method=DELETE` as on another request method than the one that was decided.
bool overrides_method(std::string_view query) {
    QueryReader reader(query, true);
    for (QueryReader::Parameter parameter; reader.next(parameter);) {
        const std::string_view name = parameter.name;
        if (name.find('%') == std::string_view::npos && !contains_method(name)) continue;
        if (may_mean(folded_parameter(form_decoded(name)), "_method")) return true;
    }
    return false;
}

bool is_usable_query(std::string_view query) {
    const auto is_fit = [](char c) { return ascii::is_visible(c) && c != '#'; };
    return std::all_of(query.begin(), query.end(), is_fit) && !overrides_method(query);
}

}  // namespace

Result<Target, Reason> Target::parse(std::string_view raw, const TargetRules& rules,
                                     std::string& scratch) {
    if (!raw.starts_with('/')) return std::unexpected(Reason::bad_target);
    const std::size_t path_end = std::min(raw.find('?'), raw.size());
    Target target;
    target.path_ = raw.substr(0, path_end);
    if (!is_plainly_normal(target.path_)) {
        if (!normalise(target.path_, rules, scratch)) return std::unexpected(Reason::bad_target);
        if (scratch != target.path_) target.path_ = scratch;
    }
    if (path_end < raw.size()) {
        target.query_ = raw.substr(path_end + 1);
        if (!is_usable_query(target.query_)) return std::unexpected(Reason::bad_target);
    }
    return target;
}

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = escaped_byte(text.substr(i));
        decoded.push_back(byte ? static_cast<char>(*byte) : text[i]);
        i += byte ? std::size_t{3} : std::size_t{1};
    }
    return decoded;
}

}  // namespace bearergate::core
