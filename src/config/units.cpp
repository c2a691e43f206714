#include <bearergate/config/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>
#include <optional>
#include <vector>

namespace bearergate::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array<Unit, 4> time_units{
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> size_units{
    {{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}, {"B", 1}}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::size_t digits(std::string_view text) {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                    text.begin());
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

core::Result<std::uint64_t, Fault> with_unit(std::string_view text, std::span<const Unit> units,
                                             std::string_view how) {
    const std::size_t length = digits(text);
    if (length == 0) return std::unexpected(Fault(how));
    const auto number = parse_whole_number(text.substr(0, length));
    if (!number) return std::unexpected(number.error());
    for (const Unit& unit : units) {
        if (text.substr(length) != unit.name) continue;
        if (*number > std::numeric_limits<std::uint64_t>::max() / unit.factor) {
            return std::unexpected("is too large a number");
        }
        return *number * unit.factor;
    }
    return std::unexpected(Fault(how));
}

std::string in_largest_unit(std::uint64_t value, std::span<const Unit> units) {
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0) {
            return fmt::format("{}{}", value / unit.factor, unit.name);
        }
    }
    return fmt::format("{}{}", value, units.back().name);
}

// RFC 8259 section 6, in its decimal part and with the optional fraction and exponent.
bool is_json_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const std::size_t whole = digits(text);
    if (whole == 0 || (whole > 1 && text.front() == '0')) return false;
    text.remove_prefix(whole);
    if (text.starts_with('.')) {
        const std::size_t fraction = digits(text.substr(1));
        if (fraction == 0) return false;
        text.remove_prefix(1 + fraction);
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        const std::size_t exponent = digits(text);
        if (exponent == 0) return false;
        text.remove_prefix(exponent);
    }
    return text.empty();
}

// Numbers of YAML 1.1 and 1.2 that JSON does not have.
bool is_yaml_number(std::string_view text) {
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (text.empty()) return false;
    const std::string folded = lowered(text);
    if (folded == ".inf" || folded == ".nan") return true;
    const auto all = [](std::string_view rest, std::string_view allowed) {
        return !rest.empty() && rest.find_first_not_of(allowed) == std::string_view::npos;
    };
    const std::string_view view = folded;
    if (view.starts_with("0x")) return all(view.substr(2), "0123456789abcdef_");
    if (view.starts_with("0o")) return all(view.substr(2), "01234567_");
    if (view.starts_with("0b")) return all(view.substr(2), "01_");
    const bool begins =
        is_digit(view.front()) || (view.size() > 1 && view.front() == '.' && is_digit(view[1]));
    return begins && all(view, "0123456789_.") && std::count(view.begin(), view.end(), '.') < 2;
}

// Letters put in, left out, replaced, or swapped with the next: how far two words are apart,
// whatever their case (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    const auto same = [&](std::size_t i, std::size_t j) { return lower(a[i]) == lower(b[j]); };
    for (std::size_t i = 0; i < a.size(); ++i) {
        before.swap(last);
        last.swap(row);
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            row[j + 1] = std::min({last[j] + (same(i, j) ? 0 : 1), row[j] + 1, last[j + 1] + 1});
            const bool is_swap = i > 0 && j > 0 && same(i, j - 1) && same(i - 1, j);
            if (is_swap) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
        }
    }
    return row.back();
}

}  // namespace

core::Result<std::uint64_t, Fault> parse_whole_number(std::string_view text) {
    if (text.empty() || digits(text) != text.size()) {
        return std::unexpected("must be a whole number in decimal digits");
    }
    if (text.size() > 1 && text.front() == '0') {
        return std::unexpected("looks octal: write it without leading zeros");
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::unexpected("is too large a number");
    return value;
}

core::Result<std::chrono::milliseconds, Fault> parse_duration(std::string_view text) {
    const auto count =
        with_unit(text, time_units, "must be a whole number with a unit: 500ms, 30s, 10m or 24h");
    if (!count) return std::unexpected(count.error());
    constexpr std::uint64_t most = 1'000'000ULL * 3'600'000ULL;
    if (*count > most) return std::unexpected("is too large a number");
    return std::chrono::milliseconds(static_cast<std::int64_t>(*count));
}

core::Result<std::uint64_t, Fault> parse_size(std::string_view text) {
    return with_unit(text, size_units,
                     "must be a whole number with a unit: 512B, 16KiB, 10MiB or 1GiB");
}

std::string duration_text(std::chrono::milliseconds duration) {
    if (duration.count() == 0) return "0s";
    return in_largest_unit(static_cast<std::uint64_t>(duration.count()), time_units);
}

std::string size_text(std::uint64_t bytes) {
    return in_largest_unit(bytes, size_units);
}

PlainKind plain_kind(std::string_view text) {
    if (text == "true" || text == "false") return PlainKind::boolean;
    if (is_json_number(text)) return PlainKind::number;
    constexpr std::array<std::string_view, 11> words{"true", "false", "yes",  "no", "on", "off",
                                                     "y",    "n",     "null", "~",  ""};
    const std::string folded = lowered(text);
    const bool is_word = std::find(words.begin(), words.end(), folded) != words.end();
    return is_word || is_yaml_number(text) ? PlainKind::lookalike : PlainKind::text;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    constexpr std::size_t longest = 64;
    if (word.empty() || word.size() > longest) return {};
    std::string_view best;
    std::size_t least = word.size() < 5 ? 2 : word.size() < 9 ? 3 : 4;  // one more than allowed
    for (const std::string_view candidate : candidates) {
        if (candidate.size() > longest) continue;
        const std::size_t off = distance(word, candidate);
        if (off < least) {
            least = off;
            best = candidate;
        }
    }
    return best;
}

}  // namespace bearergate::config
