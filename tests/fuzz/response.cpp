// The head of an upstream's answer, and of the one that is made of it for the client. Input: the
// request's method, a line; then the answer's bytes.
#include <bearergate/http/forward.hpp>
#include <bearergate/http/head.hpp>

#include "fuzz.hpp"
#include "http/reading.hpp"
#include "naive_http.hpp"

#include <string>

namespace bearergate::fuzz {

namespace {

using http::HeadScan;
using http::ResponseHead;
using Kind = http::BodyLength::Kind;

constexpr http::HeadLimits limits{.bytes = 1024, .fields = 20};
constexpr std::string_view our_cors = "Access-Control-Allow-Origin: https://app.test\r\n";

template <class Next>
core::Result<std::optional<std::size_t>, core::Reason> scan(std::string_view bytes, Next next) {
    HeadScan scanner(HeadScan::Kind::response, limits);
    core::Result<std::optional<std::size_t>, core::Reason> answer{};
    for (std::size_t size = 0; size < bytes.size() && answer && !*answer;) {
        size += next(bytes.size() - size);
        answer = scanner.feed(std::string(bytes.substr(0, size)));
    }
    return answer;
}

void require_head_is(const ResponseHead& head, const naive::Message& read,
                     std::string_view method) {
    require(read.start[0] == (head.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1"), "the version");
    require(
        read.start[1] == std::to_string(head.status) && head.status >= 100 && head.status <= 599,
        "the status");
    require(head.fields.size() == read.fields.size(), "the fields are the naive ones");
    for (std::size_t i = 0; i < head.fields.size(); ++i) {
        require(naive::lower(head.fields[i].name) == read.fields[i].name &&
                    head.fields[i].value == read.fields[i].value,
                "each field is the naive one");
    }
    require(naive::is_framed_well(read, read.start[0]), "one reading of its end");
    const bool bodiless =
        method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304;
    const bool is_chunked = !bodiless && read.has("transfer-encoding");
    const bool is_sized = !bodiless && read.has("content-length");
    require((head.body.kind == Kind::none) == bodiless || is_sized,
            "a body where there may be one");
    require((head.body.kind == Kind::chunked) == is_chunked, "chunked if it says so");
    require(!bodiless || head.body.kind == Kind::none, "and none where there is none");
    require(head.body.kind != Kind::sized ||
                head.body.bytes == naive::number(read.values("content-length").front()),
            "of just this size");
    require(head.body.kind != Kind::until_close || !head.keep_alive,
            "what ends with the connection leaves none behind");
}

// What the client gets says the same, delimited as we said it would be.
void try_reply(const ResponseHead& head, std::string_view method, int client_version,
               bool keep_alive) {
    std::string out;
    const bool is_upgrade = head.status == 101;
    http::write_response_head(out, head,
                              {.client_minor_version = client_version,
                               .keep_alive = keep_alive,
                               .is_upgrade = is_upgrade,
                               .request_id = "id-1",
                               .cors = our_cors,
                               .cors_configured = true,
                               .body = head.body});
    const auto read = naive::read_head(out);
    require(read && read->head_size == out.size(), "a reply is one head");
    ResponseHead again;
    require(http::test::read_response(out, method, again, {.bytes = 4096, .fields = 60}).accepted(),
            "a reply reads");
    require(again.status == head.status && again.reason == head.reason, "it says the same");
    require(!read->has("proxy-authenticate") && !read->has("keep-alive") && !read->has("trailer"),
            "nothing that is between us and the upstream");
    require(read->values("set-cookie").size() == head.count("Set-Cookie"), "every cookie is there");
    require(read->values("access-control-allow-origin").size() <= 1, "only our CORS fields");
    if (head.status < 200) return;
    require(read->values("x-request-id") == std::vector<std::string>{"id-1"}, "under our id");
    const auto body = http::reply_body(head.body, client_version);
    if (body.kind == Kind::none) {
        require(!read->has("transfer-encoding"), "without a body it announces none");
        return;
    }
    require(again.body.kind == body.kind && again.body.bytes == body.bytes, "its body ends there");
    require(
        again.keep_alive == (keep_alive && body.kind != Kind::until_close) || client_version == 0,
        "and so does the connection, or not");
}

}  // namespace

void try_input(std::string_view input) {
    const std::string method(take_line(input));
    const auto all = scan(input, [](std::size_t left) { return left; });
    const auto dribbled = scan(input, [](std::size_t) { return std::size_t{1}; });
    require(all == dribbled, "the same answer, however split");
    if (!all || !*all) return;
    const std::string bytes(input.substr(0, **all));
    const auto read = naive::read_head(bytes);
    require(read.has_value(), "what the scan passes is a head by the naive reading");
    http::ResponseParser parser;
    ResponseHead head;
    if (!parser.parse(bytes, method, head)) return;
    require_head_is(head, *read, method);
    for (const int version : {0, 1}) {
        try_reply(head, method, version, true);
        try_reply(head, method, version, false);
    }
}

}  // namespace bearergate::fuzz
