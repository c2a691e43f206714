#include <bearergate/http/head.hpp>

#include "characters.hpp"
#include "field_names.hpp"
#include "grammar.hpp"
#include "message_facts.hpp"

#include <algorithm>
#include <charconv>

namespace bearergate::http {

namespace {

bool never_has_body(unsigned status, std::string_view request_method) {
    return status < 200 || status == 204 || status == 304 || request_method == "HEAD";
}

// The `timeout` parameter of a Keep-Alive field. It only shortens how long a connection is kept,
// so one that cannot be read is passed over.
std::optional<unsigned> timeout_of(std::string_view value) {
    while (!value.empty()) {
        const std::size_t comma = std::min(value.find(','), value.size());
        const std::string_view parameter = trimmed(value.substr(0, comma));
        value.remove_prefix(std::min(comma + 1, value.size()));
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        if (!same_but_case(trimmed(parameter.substr(0, equals)), "timeout")) continue;
        const std::string_view text =
            trimmed(parameter.substr(std::min(equals + 1, parameter.size())));
        unsigned seconds = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (error == std::errc{} && end == text.data() + text.size()) return seconds;
    }
    return std::nullopt;
}

void clear(ResponseHead& out) {
    std::vector<Field> fields = std::move(out.fields);
    std::vector<std::string_view> connection_names = std::move(out.connection_names);
    fields.clear();
    connection_names.clear();
    out =
        ResponseHead{.fields = std::move(fields), .connection_names = std::move(connection_names)};
}

// Where the body ends, and whether another response can follow on the connection. False for a
// body where RFC 9112 section 6.3 has none and the next response must begin: an interim one.
bool take_body(const MessageFacts& facts, std::string_view request_method, ResponseHead& out) {
    out.keep_alive = facts.keeps_alive(out.minor_version);
    if (never_has_body(out.status, request_method)) {
        // A 204 that announces a body is an upstream not to be trusted with another request; for
        // HEAD and 304 the length is that of what was not sent.
        if (out.status == 204 && facts.has_body()) out.keep_alive = false;
        return out.status >= 200 || !facts.has_body();
    }
    out.body = facts.length();
    if (out.body.kind == BodyLength::Kind::none) {
        out.body.kind = BodyLength::Kind::until_close;
        out.keep_alive = false;
    }
    return true;
}

}  // namespace

bool ResponseParser::parse(std::string_view head, std::string_view request_method,
                           ResponseHead& out) {
    clear(out);
    StartLine line;
    if (!read_response_grammar(head, line, out.fields)) return false;
    if (line.status < 100 || line.status > 599) return false;
    out.status = line.status;
    out.reason = line.reason;
    out.minor_version = line.minor_version;
    out.size = head.size();

    MessageFacts facts;
    unsigned accepts = 0;
    std::string_view accept;
    for (const Field& field : out.fields) {
        const Name name = facts_of(field.name).name;
        if (!facts.take(name, field.value, out.connection_names)) return false;
        if (name == Name::sec_websocket_accept) ++accepts, accept = field.value;
        if (name == Name::keep_alive && !out.keep_alive_timeout)
            out.keep_alive_timeout = timeout_of(field.value);
    }
    if (!facts.agree(out.minor_version)) return false;
    if (facts.connection_upgrades() && facts.only_websocket() && accepts == 1)
        out.websocket_accept = accept;
    return take_body(facts, request_method, out);
}

}  // namespace bearergate::http
