#include <bearergate/config/diagnostics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bearergate::config {
namespace {

constexpr std::size_t widest_line = 160;  // characters of a source line that are shown
constexpr std::size_t before_caret = 80;

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

void insert(std::vector<Diagnostic>& all, Diagnostic said) {
    const auto before = [](const Diagnostic& a, const Diagnostic& b) {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    };
    all.insert(std::upper_bound(all.begin(), all.end(), said, before), std::move(said));
}

std::string render(const Diagnostic& diagnostic, std::string_view file, std::string_view severity) {
    if (diagnostic.line < 1) return fmt::format("{}: {}: {}\n", file, severity, diagnostic.message);
    const std::string number = fmt::format("{}", diagnostic.line);
    return fmt::format("{}:{}:{}: {}: {}\n  {} | {}\n  {:{}} | {:>{}}\n", file, diagnostic.line,
                       diagnostic.column, severity, diagnostic.message, number,
                       diagnostic.source_line, "", number.size(), "^", diagnostic.caret);
}

}  // namespace bearergate::config
