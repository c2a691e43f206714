#include <bearergate/gateway/log_line.hpp>
#include <bearergate/gateway/trace_parent.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace bearergate::gateway {

namespace {

constexpr std::size_t longest_value = 2048;

// One UTF-8 sequence (RFC 3629): its length and code point; length 0 when it is not valid.
struct CodePoint {
    std::size_t length = 0;
    std::uint32_t value = 0;
};
CodePoint first_code_point(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {1, lead};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
    std::uint32_t value = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {};
        value = value << 6 | (byte(i) & 0x3FU);
    }
    const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < smallest[length] || value > 0x10FFFF || is_surrogate) return {};
    return {length, value};
}

// What could end a line, drive a terminal or turn the text around.
bool must_be_escaped(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == '"' || c == '\\' || c == 0x061C ||
           (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

bool is_plain(char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

// The highest bit of some of eight characters, if not all of them are plain.
std::uint64_t odd_among(const char* eight) {
    constexpr std::uint64_t each = 0x0101010101010101;
    constexpr std::uint64_t highest = 0x80 * each;
    std::uint64_t word = 0;
    std::memcpy(&word, eight, sizeof word);
    // Of one that is less, taking it away sets the highest bit, which it had not.
    const auto below = [](std::uint64_t text, std::uint64_t least) {
        return (text - least * each) & ~text & highest;
    };
    return (word & highest) | below(word, ' ') | below(word ^ ('"' * each), 1) |
           below(word ^ ('\\' * each), 1) | below(word ^ (0x7F * each), 1);
}

bool is_all_plain(std::string_view text) {
    constexpr std::size_t step = sizeof(std::uint64_t);
    if (text.size() < step) return std::ranges::all_of(text, is_plain);
    std::uint64_t odd = odd_among(text.data() + text.size() - step);
    for (std::size_t i = 0; i + step < text.size(); i += step) odd |= odd_among(text.data() + i);
    return odd == 0;
}

void append_escaped(std::string& out, std::string_view text) {
    text = text.substr(0, longest_value);
    if (is_all_plain(text)) {
        out += text;
        return;
    }
    while (true) {
        const auto special = std::ranges::find_if_not(text, is_plain);
        const auto plain = static_cast<std::size_t>(special - text.begin());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) return;
        const CodePoint c = first_code_point(text);
        if (c.length == 0) {
            out += "\\ufffd";
        } else if (c.value == '"' || c.value == '\\') {
            out += '\\';
            out += static_cast<char>(c.value);
        } else if (must_be_escaped(c.value)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", c.value);
        } else {
            out += text.substr(0, c.length);
        }
        text.remove_prefix(std::max<std::size_t>(c.length, 1));
    }
}

bool needs_quotes(std::string_view text) {
    return text.empty() || std::ranges::any_of(text, [](char c) {
               return c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=';
           });
}

std::string_view name_of(config::LogLevel level) {
    switch (level) {
        case config::LogLevel::debug: return "debug";
        case config::LogLevel::info: return "info";
        case config::LogLevel::warning: return "warning";
        case config::LogLevel::error: return "error";
    }
    return "error";
}

class Line {
public:
    Line(std::string& out, config::LogFormat format)
        : out_(out), is_json_(format == config::LogFormat::json) {}
    void end() {
        if (is_json_) out_ += '}';
    }

    void text(std::string_view name, std::string_view value) {
        if (is_json_ && value.size() <= longest_value && is_all_plain(value)) {
            return plain_member(name, value);
        }
        begin(name);
        const bool quoted = is_json_ || needs_quotes(value);
        if (quoted) out_ += '"';
        append_escaped(out_, value);
        if (quoted) out_ += '"';
    }
    void text_if_any(std::string_view name, std::string_view value) {
        if (!value.empty()) text(name, value);
    }
    void number(std::string_view name, std::uint64_t value) {
        begin(name);
        std::array<char, 20> digits;
        const char* const end = std::to_chars(digits.begin(), digits.end(), value).ptr;
        out_.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
    }
    void duration(std::string_view name, std::chrono::microseconds value) {
        number(name, static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0)));
    }
    // RFC 3339, in UTC.
    void time(std::chrono::system_clock::time_point when) {
        const auto second = std::chrono::floor<std::chrono::seconds>(when);
        const auto rest = std::chrono::floor<std::chrono::milliseconds>(when - second);
        const auto digit = [&rest](int unit) {
            return static_cast<char>('0' + rest.count() / unit % 10);
        };
        begin("time");
        if (is_json_) out_ += '"';
        out_ += text_of(second);
        out_ += {'.', digit(100), digit(10), digit(1), 'Z'};
        if (is_json_) out_ += '"';
    }

private:
    // Made anew once a second, and not for each of its lines.
    static std::string_view text_of(std::chrono::sys_seconds second) {
        thread_local std::chrono::sys_seconds last = std::chrono::sys_seconds::max();
        thread_local std::string text;
        if (second != last) {
            text = fmt::format("{:%Y-%m-%dT%H:%M:%S}",
                               fmt::gmtime(std::chrono::system_clock::to_time_t(second)));
            last = second;
        }
        return text;
    }

    // Nearly every member of nearly every line, in one piece: appended one by one, what stands
    // around a name costs as much as the rest.
    void plain_member(std::string_view name, std::string_view value) {
        constexpr std::string_view around = R"(,"":"")";
        const std::size_t before = out_.size();
        const std::size_t whole = before + name.size() + value.size() + around.size();
        out_.resize_and_overwrite(whole, [&](char* text, std::size_t) {
            char* end = text + before;
            *end++ = is_first_ ? '{' : ',';
            *end++ = '"';
            end = std::ranges::copy(name, end).out;
            *end++ = '"';
            *end++ = ':';
            *end++ = '"';
            end = std::ranges::copy(value, end).out;
            *end = '"';
            return whole;
        });
        is_first_ = false;
    }
    // Names are ours, and need no escape.
    void begin(std::string_view name) {
        if (is_json_) {
            out_ += is_first_ ? "{\"" : ",\"";
        } else if (!is_first_) {
            out_ += ' ';
        }
        is_first_ = false;
        out_ += name;
        out_ += is_json_ ? "\":" : "=";
    }

    std::string& out_;
    bool is_json_;
    bool is_first_ = true;
};

void add_trace(Line& line, std::string_view text) {
    const auto parent = parse_trace_parent(text);
    if (!parent) return;
    line.text("trace_id", parent->trace_id);
    line.text("span_id", parent->span_id);
}

}  // namespace

void format_access(std::string& out, config::LogFormat format, const AccessRecord& record) {
    Line line(out, format);
    line.time(record.time);
    line.text("level", "info");
    line.text("message", "request");
    line.text_if_any("request_id", record.request_id);
    line.text_if_any("client_request_id", record.client_request_id);
    add_trace(line, record.trace_parent);
    line.text_if_any("client", record.client);
    line.text_if_any("method", record.method);
    line.text_if_any("path", record.path);
    line.text_if_any("route", record.route);
    line.number("status", record.status);
    if (record.reason) line.text("reason", core::name_of(*record.reason));
    if (record.would_deny) line.text("would_deny", core::name_of(*record.would_deny));
    line.text_if_any("subject", record.subject);
    line.text_if_any("client_id", record.client_id);
    line.text_if_any("organization", record.organization);
    line.text_if_any("issuer", record.issuer);
    line.number("bytes_in", record.bytes_in);
    line.number("bytes_out", record.bytes_out);
    line.duration("duration_us", record.duration);
    if (record.upstream_duration) line.duration("upstream_duration_us", *record.upstream_duration);
    line.text_if_any("note", record.note);
    line.end();
}

void format_event(std::string& out, config::LogFormat format,
                  std::chrono::system_clock::time_point time, config::LogLevel level,
                  std::string_view message, std::span<const LogField> fields) {
    Line line(out, format);
    line.time(time);
    line.text("level", name_of(level));
    line.text("message", message);
    for (const LogField& field : fields) line.text(field.name, field.value);
    line.end();
}

}  // namespace bearergate::gateway
