// The head scanner and the request parser: one answer however the bytes come, and what is accepted
// is one request by a naive reading too.
#include <bearergate/http/head.hpp>

#include "fuzz.hpp"
#include "http/reading.hpp"
#include "naive_http.hpp"

#include <string>

namespace bearergate::fuzz {

namespace {

using http::HeadLimits;
using http::HeadScan;
using http::RequestHead;
using Answer = core::Result<std::optional<std::size_t>, core::Reason>;

constexpr HeadLimits limits{.bytes = 1024, .fields = 20};

bool is_whole(const Answer& answer) {
    return answer && *answer;
}

// The scan of bytes that come in pieces, in a buffer of just their size: what it reads too far is
// seen by AddressSanitizer.
template <class Next>
Answer scan(std::string_view bytes, Next next) {
    HeadScan scanner(HeadScan::Kind::request, limits);
    Answer answer{};
    for (std::size_t size = 0; size < bytes.size() && answer && !*answer;) {
        size += next(bytes.size() - size);
        const std::string so_far(bytes.substr(0, size));
        answer = scanner.feed(so_far);
        require(scanner.feed(so_far) == answer, "an answer stays");
        require(!is_whole(answer) || **answer <= size, "a head lies in what was given");
    }
    return answer;
}

void require_head_is(const RequestHead& head, const naive::Message& read, std::string_view bytes) {
    require(head.size == bytes.size() && read.head_size == bytes.size(), "the head is all of it");
    require(naive::is_request_head(read), "what is accepted is a request by the naive reading");
    require(head.method == read.start[0] && head.method != "CONNECT" && head.method != "TRACE",
            "the method is the naive one");
    require(head.target == "/" ||
                (read.start[1].ends_with(head.target) && head.target.starts_with('/')),
            "the target is in origin-form, and the naive one's end");
    require(head.target == read.start[1] || naive::lower(read.start[1]).starts_with("http"),
            "only an absolute form loses its authority");
    require((head.minor_version == 1) == (read.start[2] == "HTTP/1.1"), "the version");
    require(head.fields.size() == read.fields.size() && head.fields.size() <= limits.fields,
            "the fields are the naive ones");
    for (std::size_t i = 0; i < head.fields.size(); ++i) {
        require(naive::lower(head.fields[i].name) == read.fields[i].name &&
                    head.fields[i].value == read.fields[i].value,
                "each field is the naive one");
    }
}

void require_facts_hold(const RequestHead& head, const naive::Message& read) {
    using Kind = http::BodyLength::Kind;
    const auto lengths = read.values("content-length");
    require((head.body.kind == Kind::chunked) == read.has("transfer-encoding"), "chunked");
    require((head.body.kind == Kind::sized) == !lengths.empty() || lengths.front() == "0",
            "sized by Content-Length");
    require(head.body.kind != Kind::sized || head.body.bytes == naive::number(lengths.front()),
            "of just this size");
    require(head.body.kind != Kind::until_close, "no request lasts until the close");
    require(head.authorization.size() == read.values("authorization").size(),
            "every Authorization is seen");
    const auto hosts = read.values("host");
    require(head.host_field == (hosts.empty() ? "" : hosts.front()), "the host is the field's");
    require(naive::lower(head.host_field).starts_with(naive::lower(head.host)),
            "less its port at most");
    require(hosts.empty() || !head.host.empty(), "and not empty");
    require(!head.upgrades_to_websocket || (head.method == "GET" && head.body.kind == Kind::none),
            "only a GET without body becomes a WebSocket");
}

}  // namespace

void try_input(std::string_view input) {
    const auto all = scan(input, [](std::size_t left) { return left; });
    const auto dribbled = scan(input, [](std::size_t) { return std::size_t{1}; });
    Cuts cuts(input);
    const auto cut = scan(input, [&](std::size_t left) { return cuts.next(left); });
    require(all == dribbled && all == cut, "the same answer, however split");
    if (!all) {
        require(all.error() == core::Reason::bad_request ||
                    all.error() == core::Reason::header_too_large,
                "a scan refuses for two reasons");
    }
    if (!is_whole(all)) return;

    const std::string bytes(input.substr(0, **all));
    require(bytes.size() <= limits.bytes && bytes.ends_with("\r\n\r\n"), "a head within limits");
    const auto read = naive::read_head(bytes);
    require(read.has_value(), "what the scan passes is a head by the naive reading");
    http::RequestParser parser;
    RequestHead head;
    if (const auto refusal = parser.parse(bytes, head)) {
        require(*refusal == core::Reason::bad_request || *refusal == core::Reason::bad_target ||
                    *refusal == core::Reason::expectation_unsupported ||
                    *refusal == core::Reason::method_not_allowed,
                "a parser refuses for four reasons");
        return;
    }
    require_head_is(head, *read, bytes);
    require_facts_hold(head, *read);

    RequestHead again;
    require(!parser.parse(bytes, again) && again.target == head.target &&
                again.body.bytes == head.body.bytes && again.fields.size() == head.fields.size(),
            "a parser's answer does not depend on what it parsed before");
}

}  // namespace bearergate::fuzz
