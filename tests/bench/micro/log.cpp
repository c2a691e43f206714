// What a line of the access log costs the worker, and the thread that writes it.
#include <bearergate/gateway/access_log.hpp>
#include <bearergate/gateway/log_line.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

namespace {

using namespace bearergate;
using namespace bearergate::gateway;

const AccessRecord record{.time = std::chrono::system_clock::now(),
                          .request_id = "0a1b2c3d4e5f60718293a4b5",
                          .client = "192.0.2.17",
                          .method = "GET",
                          .path = "/orgs/acme/projects",
                          .route = "GET /orgs/{orgId}/projects",
                          .status = 200,
                          .subject = "0zijz9uyrh5hqc1u02e7e",
                          .client_id = "0zijz9uyrh5hqc1u02e7e",
                          .organization = "acme",
                          .issuer = "https://acme.logto.app/oidc",
                          .bytes_out = 1024};

void through_the_ring(benchmark::State& state) {
    AccessRing ring(1 << 20);
    for (auto _ : state) {
        ring.push(record);
        ring.pop(1, [](const AccessRecord&, void*) {}, nullptr);
    }
}
BENCHMARK(through_the_ring)->Name("access record: in and out of its ring");

void as_json(benchmark::State& state) {
    std::string line;
    for (auto _ : state) {
        line.clear();
        format_access(line, config::LogFormat::json, record);
        benchmark::DoNotOptimize(line.data());
    }
}
BENCHMARK(as_json)->Name("access record: to a JSON line");

}  // namespace
