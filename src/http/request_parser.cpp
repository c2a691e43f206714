#include <bearergate/http/head.hpp>

#include "authority.hpp"
#include "characters.hpp"
#include "field_names.hpp"
#include "grammar.hpp"
#include "message_facts.hpp"

#include <algorithm>

namespace bearergate::http {

namespace {

using core::Reason;

// Fields of which a request may have one, and how many it had.
struct Seen {
    unsigned hosts = 0;
    unsigned expectations = 0;
    unsigned websocket_keys = 0;
    unsigned websocket_versions = 0;
    unsigned request_ids = 0;
    unsigned traceparents = 0;
    std::string_view expectation{};
    std::string_view websocket_version{};

    void take(Name name, std::string_view value, RequestHead& out) {
        switch (name) {
            case Name::host: ++hosts, out.host_field = value; break;
            case Name::authorization: out.authorization.push_back(value); break;
            case Name::expect: ++expectations, expectation = value; break;
            case Name::sec_websocket_key: ++websocket_keys, out.websocket_key = value; break;
            case Name::sec_websocket_version:
                ++websocket_versions, websocket_version = value;
                break;
            case Name::x_request_id: ++request_ids, out.request_id = value; break;
            case Name::traceparent: ++traceparents, out.traceparent = value; break;
            default: break;
        }
    }
};

// 16 bytes in base64: 22 characters that carry them, of which the last has four bits to spare
// that must be zero, and "==".
bool is_websocket_key(std::string_view key) {
    const auto in_alphabet = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
    return key.size() == 24 && key.ends_with("==") &&
           std::all_of(key.begin(), key.begin() + 22, in_alphabet) &&
           std::string_view("AQgw").find(key[21]) != std::string_view::npos;
}

bool take_host(unsigned hosts, RequestHead& out) {
    if (hosts == 0) return out.minor_version == 0;
    const auto host = host_of(out.host_field);
    if (hosts > 1 || !host) return false;
    out.host = *host;
    return true;
}

// False for an opening handshake that breaks RFC 6455 section 4.2.1. What asks for another
// protocol, or does not ask in Connection, is an ordinary request.
bool take_upgrade(const MessageFacts& facts, const Seen& seen, RequestHead& out) {
    const bool asked = facts.connection_upgrades() && facts.names_websocket();
    if (!asked) {
        out.websocket_key = {};
        return true;
    }
    out.upgrades_to_websocket = facts.only_websocket() && out.method == "GET" &&
                                out.minor_version == 1 && !facts.has_body() &&
                                seen.websocket_versions == 1 && seen.websocket_version == "13" &&
                                seen.websocket_keys == 1 && is_websocket_key(out.websocket_key);
    return out.upgrades_to_websocket;
}

// A 1.0 client cannot have meant an expectation (RFC 9110 section 10.1.1).
bool take_expectation(const Seen& seen, RequestHead& out) {
    if (seen.expectations == 0 || out.minor_version == 0) return true;
    out.expects_continue =
        seen.expectations == 1 && same_but_case(seen.expectation, "100-continue");
    return out.expects_continue;
}

// A fragment is never sent (RFC 9112 section 3.2): who does may mean another request than it says.
bool take_target(RequestHead& out) {
    if (out.target.find('#') != std::string_view::npos) return false;
    if (out.target.starts_with('/')) return true;
    const auto origin = origin_form(out.target, out.host_field);
    if (!origin) return false;
    // RFC 9112 section 3.2.4: the last proxy makes "*" of it, which we do not take either.
    if (out.method == "OPTIONS" && !out.target.ends_with(*origin)) return false;
    out.target = *origin;
    return true;
}

void clear(RequestHead& out) {
    std::vector<Field> fields = std::move(out.fields);
    std::vector<std::string_view> authorization = std::move(out.authorization);
    std::vector<std::string_view> connection_names = std::move(out.connection_names);
    fields.clear();
    authorization.clear();
    connection_names.clear();
    out = RequestHead{.fields = std::move(fields),
                      .authorization = std::move(authorization),
                      .connection_names = std::move(connection_names)};
}

}  // namespace

std::optional<Reason> RequestParser::parse(std::string_view head, RequestHead& out) {
    clear(out);
    StartLine line;
    if (!read_request_grammar(head, line, out.fields)) return Reason::bad_request;
    out.method = line.method;
    out.target = line.target;
    out.minor_version = line.minor_version;
    out.size = head.size();

    MessageFacts facts;
    Seen seen;
    for (const Field& field : out.fields) {
        const NameFacts known = facts_of(field.name);
        if (known.has(trait::interpreted) && !is_ascii(field.value)) return Reason::bad_request;
        if (!facts.take(known.name, field.value, out.connection_names)) return Reason::bad_request;
        seen.take(known.name, field.value, out);
    }
    if (seen.request_ids > 1) out.request_id = {};
    if (seen.traceparents > 1) out.traceparent = {};
    out.body = facts.length();
    out.keep_alive = facts.keeps_alive(out.minor_version);

    if (!facts.agree(out.minor_version) || !take_host(seen.hosts, out) ||
        !take_upgrade(facts, seen, out)) {
        return Reason::bad_request;
    }
    if (!take_expectation(seen, out)) return Reason::expectation_unsupported;
    const bool has_target = take_target(out);
    if (out.method == "CONNECT" || out.method == "TRACE") return Reason::method_not_allowed;
    if (!has_target) return Reason::bad_target;
    return std::nullopt;
}

}  // namespace bearergate::http
