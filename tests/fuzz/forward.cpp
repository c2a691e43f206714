// The request head that goes upstream: whatever the client wrote, it reads as the one request that
// was decided on, and who asks is said by us alone. Input: a line of letters that choose the facts;
// then the client's head.
#include <bearergate/http/forward.hpp>

#include "fuzz.hpp"
#include "http/reading.hpp"
#include "naive_http.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

namespace bearergate::fuzz {

namespace {

using http::RequestHead;
using Source = core::IdentityHeader::Source;

// An extra identity header has a name of no known prefix.
const std::vector<core::IdentityHeader>& identity_headers() {
    static const std::vector<core::IdentityHeader> headers{
        {.name = "X-Auth-Subject", .source = Source::subject},
        {.name = "X-Auth-Org", .source = Source::organization},
        {.name = "Tenant-Role", .source = Source::claim, .claim = {"role"}},
    };
    return headers;
}

// As CGI, WSGI and PHP backends file a field: letters and digits in lower case, the rest the same.
std::string filed(std::string_view name) {
    std::string text = naive::lower(name);
    for (char& c : text) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return text;
}

bool is_identity(std::string_view filed_name) {
    return filed_name.starts_with("x_auth_") || filed_name == "tenant_role";
}

using Names = std::initializer_list<std::string_view>;

constexpr Names never_sent{"connection",
                           "expect",
                           "http2-settings",
                           "keep-alive",
                           "proxy",
                           "proxy-connection",
                           "te",
                           "trailer",
                           "upgrade",
                           "x-envoy-internal",
                           "x-host",
                           "x-http-method",
                           "x-original-uri",
                           "x-original-url",
                           "x-rewrite-url",
                           "x-real-ip",
                           "x-envoy-peer",
                           "x-method-override",
                           "x-http-method-override",
                           "proxy-authorization",
                           "x-middleware-subrequest"};

// They tell an address, and so are believed of a trusted proxy alone.
constexpr Names strangers_never_tell{"cf-connecting-ip", "true-client-ip",      "x-client-ip",
                                     "x-forwarded",      "x-cluster-client-ip", "x-forwarded-port"};

bool is_one_of(std::string_view name, Names names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void require_identity(const naive::Message& sent, const http::ForwardFacts& facts) {
    std::vector<std::string> seen;
    for (const naive::Field& field : sent.fields) {
        if (!is_identity(filed(field.name))) continue;
        const auto& headers = identity_headers();
        const auto ours = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
            return naive::lower(header.name) == field.name;
        });
        require(ours != headers.end() && facts.identity != nullptr, "no identity but ours");
        const auto index = static_cast<std::size_t>(ours - headers.begin());
        const bool is_organization = ours->source == Source::organization && facts.organization;
        require(field.value == (is_organization ? *facts.organization : (*facts.identity)[index]),
                "with our value");
        seen.push_back(field.name);
    }
    std::sort(seen.begin(), seen.end());
    require(std::adjacent_find(seen.begin(), seen.end()) == seen.end(), "each once");
    const std::size_t ours = facts.identity ? facts.identity->size() : 0;
    require(seen.size() == ours, "and all of them");
}

void require_clean(const naive::Message& sent, const RequestHead& head,
                   const http::ForwardFacts& facts) {
    for (const naive::Field& field : sent.fields) {
        require(!field.name.contains('_'), "no name that reads as another one");
        const bool is_upgrade =
            head.upgrades_to_websocket && (field.name == "connection" || field.name == "upgrade");
        require(is_upgrade || !is_one_of(field.name, never_sent), "no field that stops here");
        require(facts.client_is_trusted_proxy || !is_one_of(field.name, strangers_never_tell),
                "no address that a stranger tells");
    }
    const auto count = [&](std::string_view name) { return sent.values(name).size(); };
    require(count("host") == 1, "one host");
    require(count("x-request-id") == 1, "one id");
    require(count("x-forwarded-for") <= 1 && count("x-forwarded-proto") == 1 &&
                count("x-forwarded-host") <= 1 && count("forwarded") == 1,
            "each forwarding field once");
    if (!facts.client_is_trusted_proxy) {
        require(sent.values("x-forwarded-for") == std::vector<std::string>{"192.0.2.7"},
                "the client's address is the connection's");
        require(sent.values("x-forwarded-proto") == std::vector<std::string>{"https"}, "ours");
    } else if (count("x-forwarded-for") == 1) {
        require(sent.values("x-forwarded-for").front().ends_with("192.0.2.7"), "ours is the last");
    }
    require(count("authorization") == (facts.keep_authorization ? head.authorization.size() : 0),
            "the token goes on where that is said");
    require(count("cookie") == head.count("Cookie"), "no nomination takes away a cookie");
}

// "/api" of "/api/items".
std::string first_segment(std::string_view path) {
    return std::string(path.substr(0, path.find('/', 1)));
}

void try_facts(const RequestHead& head, const core::Target& target,
               const http::ForwardFacts& facts) {
    static const http::Hygiene hygiene(identity_headers(), {"X-Org"});
    std::string out;
    http::write_request_head(out, head, target, hygiene, facts);
    const auto sent = naive::read_head(out);
    require(sent && sent->head_size == out.size(), "what is sent is one head");
    require(naive::is_request_head(*sent) && sent->start[2] == "HTTP/1.1", "of a request");

    std::string wanted(target.path());
    if (!facts.strip_prefix.empty()) {
        wanted.erase(0, first_segment(wanted).size());
        if (wanted.empty()) wanted = "/";
    }
    if (target.has_query()) wanted.append("?").append(target.query());
    require(sent->start[0] == head.method && sent->start[1] == wanted, "the one decided on");

    RequestHead again;
    require(http::test::read_request(out, again, {.bytes = 8192, .fields = 200}).accepted(),
            "what is sent reads");
    require(again.body.kind == head.body.kind && again.body.bytes == head.body.bytes,
            "its body ends where the client's does");
    require(again.upgrades_to_websocket == head.upgrades_to_websocket, "an upgrade stays one");
    require_identity(*sent, facts);
    require_clean(*sent, head, facts);
    require(sent->values("x-org").size() == head.count("X-Org"), "what a route reads stays");
}

}  // namespace

void try_input(std::string_view input) {
    const std::string_view choices = take_line(input);
    const std::string bytes(input);
    RequestHead head;
    if (!http::test::read_request(bytes, head, {.bytes = 2048, .fields = 40}).accepted()) return;
    std::string scratch;
    const auto target = core::Target::parse(head.target, {}, scratch);
    if (!target) return;
    static const core::IdentityLines lines(identity_headers(), {"ada", "org1", "admin"});
    // A route with this prefix has matched, in one spelling or another.
    const bool is_api =
        naive::lower(core::percent_decoded(first_segment(target->path()))) == "/api";
    http::ForwardFacts facts{.client_address = "192.0.2.7",
                             .client_is_trusted_proxy = choices.contains('t'),
                             .scheme = "https",
                             .request_id = "id-1",
                             .strip_prefix = choices.contains('s') && is_api ? "/api" : "",
                             .host = choices.contains('h') ? "up.test:81" : "",
                             .keep_authorization = choices.contains('a')};
    // A request of HTTP/1.0 may name no host; then there is one to give it.
    if (head.host_field.empty() && facts.host.empty()) facts.host = "up.test:81";
    if (choices.contains('i')) {
        facts.identity_headers = identity_headers();
        facts.identity = &lines;
    }
    if (choices.contains('o')) facts.organization = "org2";
    try_facts(head, *target, facts);
}

}  // namespace bearergate::fuzz
