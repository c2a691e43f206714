#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// HTTP/1.1 messages read from RFC 9112's text, slowly, strictly and with nothing in common with our
// parsers: what the fuzz targets hold their output against.
namespace bearergate::fuzz::naive {

struct Field {
    std::string name{};   // lower case
    std::string value{};  // trimmed
};

struct Message {
    std::string start[3]{};  // method, target, version; or version, status, reason
    std::vector<Field> fields{};
    std::string body{};
    std::size_t head_size = 0;
    std::size_t size = 0;  // with the body; 0 where that is not whole
    bool is_plain = true;  // no chunk extensions, no trailers

    std::vector<std::string> values(std::string_view name) const {
        std::vector<std::string> found;
        for (const Field& field : fields) {
            if (field.name == name) found.push_back(field.value);
        }
        return found;
    }
    bool has(std::string_view name) const { return !values(name).empty(); }
};

inline std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

inline bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) ||
               std::string_view("!#$%&'*+-.^_`|~").contains(c);
    });
}

// A number of decimal digits and nothing else.
inline std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Words between single spaces; the third takes the rest.
inline bool split_start(std::string_view line, Message& message) {
    for (int i = 0; i < 2; ++i) {
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos) return false;
        message.start[i] = line.substr(0, space);
        line.remove_prefix(space + 1);
    }
    message.start[2] = line;
    return true;
}

inline bool read_field(std::string_view line, Message& message) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
    std::string_view value = line.substr(colon + 1);
    const auto is_fit = [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7F); };
    if (!std::all_of(value.begin(), value.end(), is_fit)) return false;
    while (!value.empty() && std::string_view(" \t").contains(value.front()))
        value.remove_prefix(1);
    while (!value.empty() && std::string_view(" \t").contains(value.back())) value.remove_suffix(1);
    message.fields.push_back({lower(line.substr(0, colon)), std::string(value)});
    return true;
}

// What is at the front of `bytes`, up to and with the empty line; nothing when it is not whole, or
// is no head by the grammar.
inline std::optional<Message> read_head(std::string_view bytes) {
    Message message;
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    message.head_size = end + 4;
    std::string_view rest = bytes.substr(0, end + 2);
    for (bool first = true; !rest.empty(); first = false) {
        const std::size_t line_end = rest.find("\r\n");
        const std::string_view line = rest.substr(0, line_end);
        rest.remove_prefix(line_end + 2);
        if (first ? !split_start(line, message) : !read_field(line, message)) return std::nullopt;
    }
    return message;
}

inline std::optional<std::string_view> line_at(std::string_view bytes, std::size_t at) {
    const std::size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) return std::nullopt;
    return bytes.substr(at, end - at);
}

struct Chunked {
    std::string data{};
    std::size_t size = 0;  // of the bytes that it took
    bool is_plain = true;  // no extensions, no trailers
};

// The whole chunked body at the front of `bytes`. Extensions and trailers are looked at only for
// their ends.
inline std::optional<Chunked> read_chunks(std::string_view bytes) {
    Chunked chunked;
    for (std::size_t size = 1; size != 0;) {
        const auto line = line_at(bytes, chunked.size);
        if (!line) return std::nullopt;
        const std::string digits(line->substr(0, line->find_first_of("; \t")));
        if (digits.empty() || digits.size() > 15 ||
            digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
            return std::nullopt;
        chunked.is_plain = chunked.is_plain && digits.size() == line->size();
        chunked.size += line->size() + 2;
        size = std::stoull(digits, nullptr, 16);
        if (size == 0) break;
        const std::string_view rest = bytes.substr(chunked.size);
        if (rest.size() < 2 || rest.size() - 2 < size || rest.substr(size, 2) != "\r\n")
            return std::nullopt;
        chunked.data.append(rest.substr(0, size));
        chunked.size += size + 2;
    }
    for (;;) {
        const auto line = line_at(bytes, chunked.size);
        if (!line) return std::nullopt;
        chunked.size += line->size() + 2;
        if (line->empty()) return chunked;
        chunked.is_plain = false;
    }
}

// Whether a message of this version says in exactly one way where it ends.
inline bool is_framed_well(const Message& message, std::string_view version) {
    const auto lengths = message.values("content-length");
    const auto codings = message.values("transfer-encoding");
    if (lengths.size() > 1 || codings.size() > 1 || lengths.size() + codings.size() > 1)
        return false;
    if (!codings.empty()) return lower(codings.front()) == "chunked" && version == "HTTP/1.1";
    return lengths.empty() || number(lengths.front());
}

inline bool is_request_head(const Message& head) {
    const auto& [method, target, version] = head.start;
    if (!is_token(method) || (version != "HTTP/1.1" && version != "HTTP/1.0")) return false;
    const auto is_visible = [](char c) { return c > 0x20 && c < 0x7F; };
    if (target.empty() || !std::all_of(target.begin(), target.end(), is_visible)) return false;
    const std::size_t hosts = head.values("host").size();
    return is_framed_well(head, version) && (hosts == 1 || (hosts == 0 && version == "HTTP/1.0"));
}

// Sets the size and body of a message whose head was read from the front of `bytes`, if they are
// all there.
inline void read_body(std::string_view bytes, Message& message) {
    const std::string_view rest = bytes.substr(message.head_size);
    if (message.has("transfer-encoding")) {
        auto chunked = read_chunks(rest);
        if (!chunked) return;
        message.body = std::move(chunked->data);
        message.size = message.head_size + chunked->size;
        message.is_plain = chunked->is_plain;
        return;
    }
    const auto lengths = message.values("content-length");
    const std::uint64_t length = lengths.empty() ? 0 : number(lengths.front()).value_or(0);
    if (rest.size() < length) return;
    message.body = rest.substr(0, length);
    message.size = message.head_size + length;
}

}  // namespace bearergate::fuzz::naive
