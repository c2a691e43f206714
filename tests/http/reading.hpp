#pragma once

#include <bearergate/http/head.hpp>
#include <bearergate/http/head_scan.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace bearergate::http::test {

// What the gateway does with the first bytes of a connection: the strict scan, then the parser.
struct Reading {
    bool whole = false;                     // the scan saw the end of the head
    std::size_t size = 0;                   // of the head, when whole
    std::optional<core::Reason> refusal{};  // of the scan or the parser

    bool accepted() const { return whole && !refusal; }
};

// Views in `head` go into `bytes`.
inline Reading read_request(std::string_view bytes, RequestHead& head, HeadLimits limits = {}) {
    HeadScan scan(HeadScan::Kind::request, limits);
    const auto size = scan.feed(bytes);
    if (!size) return {.refusal = size.error()};
    if (!*size) return {};
    RequestParser parser;
    return {.whole = true, .size = **size, .refusal = parser.parse(bytes.substr(0, **size), head)};
}

inline Reading read_response(std::string_view bytes, std::string_view request_method,
                             ResponseHead& head, HeadLimits limits = {}) {
    HeadScan scan(HeadScan::Kind::response, limits);
    const auto size = scan.feed(bytes);
    if (!size) return {.refusal = size.error()};
    if (!*size) return {};
    ResponseParser parser;
    const bool fine = parser.parse(bytes.substr(0, **size), request_method, head);
    return {.whole = true,
            .size = **size,
            .refusal = fine ? std::nullopt : std::optional(core::Reason::upstream_broken)};
}

// A request of HTTP/1.1 with a Host and these further field lines (each with its CRLF).
inline std::string request_with(std::string_view fields, std::string_view method = "GET") {
    return std::string(method) + " /a HTTP/1.1\r\nHost: gw.test\r\n" + std::string(fields) + "\r\n";
}

inline std::string response_with(std::string_view fields) {
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n";
}

// Bytes a person can read in a failure message.
inline std::string shown(std::string_view bytes) {
    std::string text;
    for (const char c : bytes.substr(0, 300)) {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F) {
            text += c;
        } else {
            text += "\\x";
            text += digits[byte / 16];
            text += digits[byte % 16];
        }
    }
    return text;
}

}  // namespace bearergate::http::test
