#include <bearergate/http/cors.hpp>

#include "append.hpp"
#include "characters.hpp"

#include <algorithm>

namespace bearergate::http {

namespace {

std::optional<std::string_view> only_value(const RequestHead& head, std::string_view name) {
    if (head.count(name) != 1) return std::nullopt;
    return head.value(name);
}

// What Access-Control-Allow-Origin says to this request: "*", the request's origin, or nothing.
// Origins are compared as they stand: a browser sends them serialised in one way.
std::optional<std::string_view> allowed_origin(const Cors& cors, const RequestHead& head) {
    const auto origin = only_value(head, "Origin");
    if (!origin) return std::nullopt;
    const auto& origins = cors.origins;
    if (origins.size() == 1 && origins.front() == "*" && !cors.credentials) return "*";
    if (std::find(origins.begin(), origins.end(), *origin) == origins.end()) return std::nullopt;
    return origin;
}

void append_origin(std::string& out, const Cors& cors, std::string_view origin) {
    append_field(out, "Access-Control-Allow-Origin", origin);
    if (cors.credentials) append_field(out, "Access-Control-Allow-Credentials", "true");
}

void append_names(std::string& out, std::string_view field, const std::vector<std::string>& names) {
    if (names.empty()) return;
    out.append(field).append(": ").append(names.front());
    for (std::size_t i = 1; i < names.size(); ++i) out.append(", ").append(names[i]);
    out.append("\r\n");
}

}  // namespace

std::optional<std::string_view> preflight_method(const RequestHead& head) {
    const bool has_body = head.body.kind == BodyLength::Kind::chunked || head.body.bytes > 0;
    if (head.method != "OPTIONS" || has_body || !only_value(head, "Origin")) {
        return std::nullopt;
    }
    const auto method = only_value(head, "Access-Control-Request-Method");
    if (!method || !is_token(*method)) return std::nullopt;
    return method;
}

std::string cors_lines(const Cors& cors, const RequestHead& head) {
    std::string lines;
    if (const auto origin = allowed_origin(cors, head)) append_origin(lines, cors, *origin);
    append_field(lines, "Vary", "Origin");
    return lines;
}

void write_preflight(std::string& out, const Cors& cors, const RequestHead& head,
                     std::string_view request_id, bool keep_alive, std::string_view date) {
    out.append("HTTP/1.1 204 No Content\r\n");
    if (!date.empty()) append_field(out, "Date", date);
    if (const auto origin = allowed_origin(cors, head)) {
        append_origin(out, cors, *origin);
        append_names(out, "Access-Control-Allow-Methods", cors.methods);
        append_names(out, "Access-Control-Allow-Headers", cors.headers);
        out.append("Access-Control-Max-Age: ");
        append_number(out,
                      static_cast<std::uint64_t>(std::max<std::int64_t>(cors.max_age.count(), 0)));
        out.append("\r\n");
    }
    append_field(out, "Vary",
                 "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    if (is_token(request_id)) append_field(out, "X-Request-Id", request_id);
    append_persistence(out, head.minor_version, keep_alive);
    out.append("\r\n");
}

}  // namespace bearergate::http
