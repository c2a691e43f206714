#include <bearergate/config/diagnostics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bearergate::config {
namespace {

constexpr std::size_t widest_line = 160;  // characters of a source line that are shown
constexpr std::size_t before_caret = 80;

bool continues(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

// The byte at which the character of this number (from 0) begins.
std::size_t byte_of(std::string_view text, std::size_t character) {
    std::size_t at = 0;
    while (at < text.size() && (character > 0 || continues(text[at]))) {
        if (!continues(text[at])) --character;
        ++at;
        while (at < text.size() && continues(text[at])) ++at;
    }
    return at;
}

// Nothing but whole characters reaches a terminal: no C0, DEL or C1 (U+0080 ... U+009F) controls.
std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(text, i);
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 =
            length == 2 && byte == 0xC2U && static_cast<unsigned char>(text[i + 1]) < 0xA0U;
        if (byte == '\t') {
            out += ' ';
        } else if (length == 0 || byte < 0x20U || byte == 0x7FU || c1) {
            out += '?';
        } else {
            out += text.substr(i, length);
        }
        i += length == 0 ? 1 : length;
    }
    return out;
}

// Keeps `all` in the order of the file, and of telling within one place.
void insert(std::vector<Diagnostic>& all, Diagnostic said) {
    const auto before = [](const Diagnostic& a, const Diagnostic& b) {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    };
    all.insert(std::upper_bound(all.begin(), all.end(), said, before), std::move(said));
}

std::vector<Diagnostic> with_rest(std::vector<Diagnostic> all, std::size_t left_out,
                                  std::string_view what) {
    if (left_out > 0) {
        all.push_back({.message = fmt::format("{} more {} are not shown", left_out, what)});
    }
    return all;
}

}  // namespace

Diagnostics::Diagnostics(std::string_view text) : text_(text) {
    line_starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') line_starts_.push_back(i + 1);
    }
}

std::string_view Diagnostics::line(int number) const {
    if (number < 1 || static_cast<std::size_t>(number) > line_starts_.size()) return {};
    std::string_view rest = text_.substr(line_starts_[static_cast<std::size_t>(number) - 1]);
    rest = rest.substr(0, rest.find('\n'));
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    return rest;
}

Diagnostic Diagnostics::describe(Place place, std::string_view message) const {
    Diagnostic said{.line = place.line, .message = printable(message)};
    if (place.line < 1) return said;
    const std::string_view whole = line(place.line);
    const std::size_t byte = static_cast<std::size_t>(std::max(place.byte, 1)) - 1;
    const std::size_t character = characters(whole.substr(0, std::min(byte, whole.size())));
    const std::size_t first = character > before_caret ? character - before_caret : 0;
    const std::string_view from = whole.substr(byte_of(whole, first));
    said.column = static_cast<int>(character) + 1;
    said.source_line = printable(from.substr(0, byte_of(from, widest_line)));
    said.caret = static_cast<int>(character - first) + 1;
    return said;
}

void Diagnostics::error(Place place, std::string_view message) {
    if (errors_.size() < capacity) {
        insert(errors_, describe(place, message));
    } else {
        ++errors_left_out_;
    }
}

void Diagnostics::warn(Place place, std::string_view message) {
    if (warnings_.size() < capacity) {
        insert(warnings_, describe(place, message));
    } else {
        ++warnings_left_out_;
    }
}

bool Diagnostics::has_error_on(int line) const {
    return std::any_of(errors_.begin(), errors_.end(),
                       [line](const Diagnostic& said) { return said.line == line; });
}

std::vector<Diagnostic> Diagnostics::errors() const {
    return with_rest(errors_, errors_left_out_, "errors");
}

std::vector<Diagnostic> Diagnostics::warnings() const {
    return with_rest(warnings_, warnings_left_out_, "warnings");
}

std::string render(const Diagnostic& diagnostic, std::string_view file, std::string_view severity) {
    if (diagnostic.line < 1) return fmt::format("{}: {}: {}\n", file, severity, diagnostic.message);
    const std::string number = fmt::format("{}", diagnostic.line);
    return fmt::format("{}:{}:{}: {}: {}\n  {} | {}\n  {:{}} | {:>{}}\n", file, diagnostic.line,
                       diagnostic.column, severity, diagnostic.message, number,
                       diagnostic.source_line, "", number.size(), "^", diagnostic.caret);
}

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

std::string shown(std::string_view text) {
    constexpr std::size_t longest = 60;
    const std::size_t end = byte_of(text, longest);
    return fmt::format("'{}{}'", printable(text.substr(0, end)), end < text.size() ? "..." : "");
}

}  // namespace bearergate::config
