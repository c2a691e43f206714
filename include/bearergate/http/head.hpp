#pragma once

#include <bearergate/core/refusal.hpp>
#include <bearergate/core/request.hpp>
#include <bearergate/core/result.hpp>
#include <bearergate/http/head_scan.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bearergate::http {

using core::Field;

// How a message's body is delimited (RFC 9112 section 6.3), after every ambiguity was refused.
struct BodyLength {
    enum class Kind : std::uint8_t { none, sized, chunked, until_close };
    Kind kind = Kind::none;
    std::uint64_t bytes = 0;  // when sized
    // Whether the head alone says so: where the length is not known yet, nothing is too much yet.
    bool says_more_than(std::uint64_t limit) const { return kind == Kind::sized && bytes > limit; }
};

// An index of views into the buffer that holds a request's head. Reused from request to request so
// that it allocates only until it has seen its largest head.
struct RequestHead {
    std::string_view method{};
    std::string_view target{};  // origin-form: an accepted absolute-form has lost its authority
    int minor_version = 1;      // of HTTP/1.x
    std::vector<Field> fields{};
    std::size_t size = 0;  // bytes of the head in the buffer

    // Facts that a parse finds on the way.
    std::string_view host{};        // lower or upper case as sent, port removed; "" if absent (1.0)
    std::string_view host_field{};  // as sent
    BodyLength body{};
    bool keep_alive = true;
    bool expects_continue = false;
    bool upgrades_to_websocket = false;  // a well-formed opening handshake (RFC 6455 section 4.2.1)
    std::string_view websocket_key{};
    std::vector<std::string_view> authorization{};  // every Authorization field's value
    std::string_view request_id{};                  // X-Request-Id; "" if absent or given twice
    std::string_view traceparent{};
    std::vector<std::string_view> connection_names{};  // what Connection nominates

    std::size_t count(std::string_view name) const;  // fields of this name, case folded
    std::optional<std::string_view> value(std::string_view name) const;  // of the first such field
};

// Reads the head that HeadScan found whole: bytes.substr(0, head length). bad_request,
// expectation_unsupported, method_not_allowed (CONNECT, TRACE: close), bad_target. After all but
// the first `out` is whole, the target in the form it came in.
// The grammar is boost::beast::http::basic_parser's, between our stricter checks.
class RequestParser {
public:
    std::optional<core::Reason> parse(std::string_view head, RequestHead& out);
};

struct ResponseHead {
    unsigned status = 0;
    std::string_view reason{};
    int minor_version = 1;
    std::vector<Field> fields{};
    std::size_t size = 0;

    BodyLength body{};       // for the request's method, 1xx, 204 and 304 considered
    bool keep_alive = true;  // the connection may carry another request
    std::optional<unsigned> keep_alive_timeout{};  // seconds of `Keep-Alive: timeout=`
    std::string_view websocket_accept{};           // Sec-WebSocket-Accept, if Upgrade is websocket
    std::vector<std::string_view> connection_names{};

    std::size_t count(std::string_view name) const;
    std::optional<std::string_view> value(std::string_view name) const;
};

// The same for an upstream's answer to `request_method`. False: the answer breaks the rules that
// requests are held to, and is 502.
class ResponseParser {
public:
    bool parse(std::string_view head, std::string_view request_method, ResponseHead& out);
};

bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace bearergate::http
