// Our own answers, written whole: status line, fields, and a problem document (RFC 9457).
#include <bearergate/http/respond.hpp>

#include "append.hpp"
#include "characters.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace bearergate::http {

namespace {

// What is worth waiting for is there again in about a second: keys are refetched that soon, and a
// verification queue drains in less.
constexpr std::string_view retry_after = "1";

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            out.append("\\u00");
            out += digits[byte / 16];
            out += digits[byte % 16];
        } else {
            out += c;
        }
    }
    out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, value);
}

void append_list(std::string& out, std::string_view name, const std::vector<std::string>& items) {
    if (items.empty()) return;
    out.append(",\"").append(name).append("\":");
    char before = '[';
    for (const std::string& item : items) {
        out += before;
        append_json_string(out, item);
        before = ',';
    }
    out += ']';
}

std::string problem(const core::Refusal& refusal, const core::Rule* rule,
                    std::string_view request_id) {
    std::string body;
    body.reserve(512);
    body.append("{\"type\":\"about:blank\"");
    append_member(body, "title", status_text(refusal.status));
    body.append(",\"status\":");
    append_number(body, refusal.status);
    if (refusal.error != core::OAuthError::none)
        append_member(body, "error", core::name_of(refusal.error));
    append_member(body, "error_description", refusal.description);
    append_member(body, "reason", refusal.name);
    if (rule != nullptr) {
        append_list(body, "required_scopes", rule->scopes);
        append_list(body, "required_any_scope", rule->any_scope);
    }
    if (!request_id.empty()) append_member(body, "request_id", request_id);
    body.append("}\n");
    return body;
}

// RFC 6749 section 3.3: a name with other characters has no place in the attribute.
bool is_scope_token(std::string_view name) {
    const auto fits = [](char c) { return is_visible_char(c) && c != '"' && c != '\\'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

void append_scope(std::string& out, const core::Rule& rule) {
    std::string names;
    for (const auto* list : {&rule.scopes, &rule.any_scope}) {
        for (const std::string& name : *list) {
            if (!is_scope_token(name)) continue;
            if (!names.empty()) names += ' ';
            names += name;
        }
    }
    if (!names.empty()) out.append(", scope=\"").append(names).append("\"");
}

// RFC 6750 section 3.
void append_challenge(std::string& out, const core::Refusal& refusal, const core::Rule* rule) {
    out.append("WWW-Authenticate: Bearer realm=\"bearergate\"");
    if (refusal.error != core::OAuthError::none) {
        out.append(", error=\"").append(core::name_of(refusal.error));
        out.append("\", error_description=\"").append(refusal.description).append("\"");
        if (rule != nullptr) append_scope(out, *rule);
    }
    out.append("\r\n");
}

void append_two(DateText& date, std::size_t at, unsigned number) {
    date.text[at] = static_cast<char>('0' + number / 10 % 10);
    date.text[at + 1] = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string_view status_text(unsigned status) {
    switch (status) {
        case 100: return "Continue";
        case 204: return "No Content";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 413: return "Content Too Large";
        case 417: return "Expectation Failed";
        case 431: return "Request Header Fields Too Large";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "";
    }
}

void write_refusal(std::string& out, core::Reason reason, const RefusalFacts& facts) {
    const core::Refusal& refusal = core::refusal(reason);
    const core::Rule* const rule = reason == core::Reason::scope_missing ? facts.rule : nullptr;
    const std::string body = problem(refusal, rule, facts.request_id);

    out.append("HTTP/1.1 ");
    append_number(out, refusal.status);
    out.append(" ").append(status_text(refusal.status)).append("\r\n");
    if (!facts.date.empty()) append_field(out, "Date", facts.date);
    append_field(out, "Content-Type", "application/problem+json");
    out.append("Content-Length: ");
    append_number(out, body.size());
    out.append("\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    if (refusal.challenge) append_challenge(out, refusal, rule);
    if (reason == core::Reason::method_not_allowed) append_field(out, "Allow", facts.allow);
    if (refusal.status == 503) append_field(out, "Retry-After", retry_after);
    if (is_token(facts.request_id)) append_field(out, "X-Request-Id", facts.request_id);
    append_persistence(out, facts.minor_version, facts.keep_alive);
    out.append(facts.cors).append("\r\n");
    if (!facts.head_request) out.append(body);
}

void write_continue(std::string& out) {
    out.append("HTTP/1.1 100 Continue\r\n\r\n");
}

DateText date_text(std::chrono::sys_seconds time) {
    constexpr std::string_view days = "SunMonTueWedThuFriSat";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const auto month = static_cast<unsigned>(date.month());
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

    DateText result;
    constexpr std::string_view shape = "Sun, 00 Jan 0000 00:00:00 GMT";
    shape.copy(result.text.data(), shape.size());
    days.copy(result.text.data(), 3, std::chrono::weekday(day).c_encoding() * 3);
    months.copy(result.text.data() + 8, 3, (month - 1) * 3);
    append_two(result, 5, static_cast<unsigned>(date.day()));
    append_two(result, 12, year / 100);
    append_two(result, 14, year);
    append_two(result, 17, static_cast<unsigned>(clock.hours().count()));
    append_two(result, 20, static_cast<unsigned>(clock.minutes().count()));
    append_two(result, 23, static_cast<unsigned>(clock.seconds().count()));
    return result;
}

}  // namespace bearergate::http
