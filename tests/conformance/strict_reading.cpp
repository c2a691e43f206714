#include "strict_reading.hpp"

#include <strings.h>

#include <algorithm>
#include <cstdint>

namespace bearergate::test {

namespace {

struct Incomplete {};
struct Malformed {};

bool is_token_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
}
bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_value_char(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7F);
}
bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}
std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
}

void demand(bool so) {
    if (!so) throw Malformed{};
}

// Takes one message after the other off the front.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    bool at_end() const { return rest_.empty(); }
    std::string first_word() const { return std::string(rest_.substr(0, rest_.find(' '))); }

    Message message() {
        Message message;
        start_line(message);
        for (auto text = line(); !text.empty(); text = line()) field(text, message.fields);
        const auto hosts = count_of(message.fields, "Host");
        demand(hosts == 1 || (hosts == 0 && message.minor_version == 0));
        body(message);
        return message;
    }

private:
    // Up to the next CRLF, which is the only thing that ends a line.
    std::string_view line() {
        const auto end = rest_.find_first_of("\r\n");
        if (end == rest_.npos) throw Incomplete{};
        demand(rest_[end] == '\r');
        if (end + 1 == rest_.size()) throw Incomplete{};
        demand(rest_[end + 1] == '\n');
        const auto text = rest_.substr(0, end);
        rest_.remove_prefix(end + 2);
        return text;
    }

    void start_line(Message& message) {
        const auto text = line();
        const auto first = text.find(' ');
        demand(first != text.npos);
        const auto second = text.find(' ', first + 1);
        demand(second != text.npos);
        message.method = text.substr(0, first);
        message.target = text.substr(first + 1, second - first - 1);
        const auto version = text.substr(second + 1);
        demand(version == "HTTP/1.1" || version == "HTTP/1.0");
        message.minor_version = version.back() - '0';
        const auto is_visible = [](char c) { return c > 0x20 && c < 0x7F; };
        demand(is_token(message.method) && !message.target.empty() &&
               std::ranges::all_of(message.target, is_visible));
    }

    static void field(std::string_view text, Headers& fields) {
        const auto colon = text.find(':');
        demand(colon != text.npos && is_token(text.substr(0, colon)));
        const auto value = trimmed(text.substr(colon + 1));
        demand(std::ranges::all_of(value, is_value_char));
        fields.emplace_back(text.substr(0, colon), value);
    }

    void body(Message& message) {
        const auto lengths = count_of(message.fields, "Content-Length");
        const auto codings = count_of(message.fields, "Transfer-Encoding");
        if (lengths + codings == 0) return;
        demand(lengths + codings == 1);
        if (codings == 1) {
            demand(message.minor_version == 1);
            demand(same(header_of(message.fields, "Transfer-Encoding"), "chunked"));
            chunks(message.body);
            return;
        }
        const auto length = header_of(message.fields, "Content-Length");
        demand(!length.empty() && std::ranges::all_of(length, is_digit));
        message.body = exactly(number(length, 10));
    }

    void chunks(std::string& body) {
        for (;;) {
            const auto text = line();
            const auto end = std::min(text.find(';'), text.size());
            const auto size = number(text.substr(0, end), 16);
            extensions(text.substr(end));
            if (size == 0) break;
            body.append(exactly(size));
            demand(line().empty());
        }
        Headers trailers;
        for (auto text = line(); !text.empty(); text = line()) field(text, trailers);
    }

    // *( ";" token [ "=" ( token / quoted-string ) ] ), without bad whitespace.
    static void extensions(std::string_view text) {
        while (!text.empty()) {
            demand(text.starts_with(';'));
            text.remove_prefix(1);
            take_token(text);
            if (!text.starts_with('=')) continue;
            text.remove_prefix(1);
            if (text.starts_with('"')) {
                take_quoted(text);
            } else {
                take_token(text);
            }
        }
    }
    static void take_token(std::string_view& text) {
        const auto size =
            static_cast<std::size_t>(std::ranges::find_if_not(text, is_token_char) - text.begin());
        demand(size > 0);
        text.remove_prefix(size);
    }
    static void take_quoted(std::string_view& text) {
        for (text.remove_prefix(1);; text.remove_prefix(1)) {
            demand(!text.empty() && is_value_char(text.front()));
            if (text.front() == '"') break;
            if (text.front() != '\\') continue;
            text.remove_prefix(1);
            demand(!text.empty() && is_value_char(text.front()));
        }
        text.remove_prefix(1);
    }

    // Bytes that a sum of 2^63 and more announces never come.
    static std::uint64_t number(std::string_view digits, unsigned base) {
        demand(!digits.empty());
        std::uint64_t value = 0;
        for (const char c : digits) {
            const std::string_view all = "0123456789abcdef";
            const auto digit = all.find(static_cast<char>(is_digit(c) ? c : c | 0x20));
            demand(digit < base && (is_digit(c) || (c | 0x20) >= 'a'));
            demand(value < (std::uint64_t{1} << 58U));
            value = value * base + digit;
        }
        return value;
    }

    std::string exactly(std::uint64_t size) {
        if (rest_.size() < size) throw Incomplete{};
        const std::string bytes(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return bytes;
    }

    std::string_view rest_;
};

bool asks_to_close(const Message& message) {
    bool keeps = message.minor_version == 1;
    for (const auto& [name, value] : message.fields) {
        if (!same(name, "Connection")) continue;
        for (std::string_view rest = value; !rest.empty();) {
            const auto comma = std::min(rest.find(','), rest.size());
            const auto option = trimmed(rest.substr(0, comma));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            if (same(option, "close")) return true;
            if (same(option, "keep-alive")) keeps = true;
        }
    }
    return !keeps;
}

}  // namespace

Reading read_strictly(std::string_view bytes) {
    Reading reading;
    Reader reader(bytes);
    try {
        while (!reader.at_end()) {
            reading.methods.push_back(reader.first_word());
            reading.whole.push_back(reader.message());
            if (asks_to_close(reading.whole.back())) break;
        }
    } catch (const Incomplete&) {
        reading.end = Reading::End::incomplete;
    } catch (const Malformed&) {
        reading.end = Reading::End::malformed;
    }
    return reading;
}

}  // namespace bearergate::test
