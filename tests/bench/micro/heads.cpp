// What a message's head costs: scanned, parsed, and written anew for the other side.
#include <bearergate/http/forward.hpp>
#include <bearergate/http/head.hpp>
#include <bearergate/http/head_scan.hpp>

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

using namespace bearergate;
using namespace bearergate::http;

// What a browser sends, with a token of the size of Logto's.
const std::string request =
    "GET /orgs/acme/projects?page=2 HTTP/1.1\r\nHost: api.acme.example\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: application/json\r\nAccept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAuthorization: Bearer " +
    std::string(676, 'a') +
    "\r\nReferer: https://app.acme.example/\r\nOrigin: https://app.acme.example\r\n"
    "Connection: keep-alive\r\n\r\n";
const std::string response =
    "HTTP/1.1 200 OK\r\nDate: Wed, 25 Nov 2026 06:30:00 GMT\r\nServer: backend\r\n"
    "Content-Type: application/json; charset=utf-8\r\nContent-Length: 1024\r\n"
    "Cache-Control: private, max-age=0\r\nETag: W/\"400-kf0\"\r\nVary: Accept-Encoding\r\n\r\n";

template <HeadScan::Kind kind>
void scan(benchmark::State& state, const std::string& bytes) {
    HeadScan scanner(kind, {});
    for (auto _ : state) {
        scanner.reset();
        benchmark::DoNotOptimize(scanner.feed(bytes));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void scan_request(benchmark::State& state) {
    scan<HeadScan::Kind::request>(state, request);
}
BENCHMARK(scan_request)->Name("request head: scan");

void parse_request(benchmark::State& state) {
    RequestHead head;
    RequestParser parser;
    for (auto _ : state) {
        if (parser.parse(request, head)) return state.SkipWithError("refused");
    }
}
BENCHMARK(parse_request)->Name("request head: parse");

void rewrite_request(benchmark::State& state) {
    const auto identity = core::default_identity_headers();
    const Hygiene hygiene(identity, {});
    const core::IdentityLines lines(
        identity, {"0zijz9uyrh5hqc1u02e7e", "app-of-acme", "acme", "read:items read:projects",
                   "https://api.acme.example", "https://acme.logto.app/oidc"});
    RequestHead head;
    RequestParser parser;
    if (parser.parse(request, head)) return state.SkipWithError("refused");
    std::string scratch;
    const auto target = core::Target::parse(head.target, {}, scratch).value();
    const ForwardFacts facts{.client_address = "192.0.2.7",
                             .scheme = "https",
                             .request_id = "0a1b2c3d4e5f60718293a4b5",
                             .identity_headers = identity,
                             .identity = &lines};
    std::string out;
    for (auto _ : state) {
        out.clear();
        write_request_head(out, head, target, hygiene, facts);
        benchmark::DoNotOptimize(out.data());
    }
}
BENCHMARK(rewrite_request)->Name("request head: rewrite");

void scan_response(benchmark::State& state) {
    scan<HeadScan::Kind::response>(state, response);
}
BENCHMARK(scan_response)->Name("response head: scan");

void parse_response(benchmark::State& state) {
    ResponseHead head;
    ResponseParser parser;
    for (auto _ : state) {
        if (!parser.parse(response, "GET", head)) return state.SkipWithError("refused");
    }
}
BENCHMARK(parse_response)->Name("response head: parse");

void rewrite_response(benchmark::State& state) {
    ResponseHead head;
    ResponseParser parser;
    if (!parser.parse(response, "GET", head)) return state.SkipWithError("refused");
    std::string out;
    for (auto _ : state) {
        out.clear();
        write_response_head(out, head,
                            {.request_id = "0a1b2c3d4e5f60718293a4b5", .body = head.body});
        benchmark::DoNotOptimize(out.data());
    }
}
BENCHMARK(rewrite_response)->Name("response head: rewrite");

}  // namespace
