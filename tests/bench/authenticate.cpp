// What deciding about a token costs on one worker, piece by piece, in nanoseconds: the best of
// several rounds, since whatever else the machine does only adds to a round.
#include <bearergate/gateway/access_log.hpp>
#include <bearergate/gateway/log_line.hpp>
#include <bearergate/gateway/token_cache.hpp>

#include "../gateway/desk.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace bearergate;
using namespace bearergate::gateway;

template <class What>
void measure(const char* name, int count, What what) {
    double best = std::numeric_limits<double>::max();
    for (int round = 0; round < 15; ++round) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < count; ++i) what(i);
        const std::chrono::duration<double, std::nano> time =
            std::chrono::steady_clock::now() - start;
        best = std::min(best, time.count() / count);
    }
    std::printf("%-44s %9.0f ns\n", name, best);
}

// As many tokens as a warm worker knows, so that the table does not sit in the first-level cache.
void hits() {
    constexpr int count = 1000;
    desk::Desk d(core::Algorithm::rs256, 1, 64, 10'000);
    d.use_issuers_keys();
    std::vector<std::string> tokens;
    for (int i = 0; i < count; ++i) {
        tokens.push_back(d.token(i));
        if (d.outcome(tokens.back()) != "ok") std::puts("a good token was refused");
    }
    std::printf("a token has %zu bytes\n", tokens[0].size());
    desk::Client client;
    const auto authenticate = [&](int i) {
        const auto& token = tokens[static_cast<std::size_t>(i)];
        const auto verdict =
            d.authenticator->authenticate(token, d.snapshot, d.now, d.steady, true, client.waiter);
        if (!verdict || !*verdict) std::puts("a hit was refused");
    };
    TokenHasher hash;
    unsigned sum = 0;
    measure("digest of a token", count,
            [&](int i) { sum += hash(tokens[static_cast<std::size_t>(i)])[0]; });
    measure("authenticate(), hit", count, authenticate);
    if (sum == 0) std::puts("");
}

void misses() {
    for (const auto algorithm : {core::Algorithm::rs256, core::Algorithm::ps256,
                                 core::Algorithm::es256, core::Algorithm::eddsa}) {
        desk::Desk d(algorithm, 1, 64, 0);
        d.use_issuers_keys();
        const std::string token = d.issuer.token();
        const std::string name = "authenticate(), miss, " + std::string(core::name_of(algorithm));
        measure(name.c_str(), 100, [&](int) {
            if (d.outcome(token) != "ok") std::puts("a good token was refused");
        });
    }
    desk::Desk d;
    d.use_issuers_keys();
    d.authenticator->keys_answered(d.about(0), d.steady + std::chrono::hours(1));
    const std::string stranger = test::Issuer(d.issuer.issuer()).token();
    measure("authenticate(), made-up key id", 1000, [&](int) { d.outcome(stranger); });
}

void log() {
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
    AccessRing ring(1 << 20);
    measure("access record into its ring", 1000, [&](int) { ring.push(record); });
    std::string line;
    measure("access record to a JSON line", 1000, [&](int) {
        line.clear();
        format_access(line, config::LogFormat::json, record);
    });
    AccessRing through(1 << 20);
    measure("access record, in and out of the ring", 1000, [&](int) {
        through.push(record);
        through.pop([](const AccessRecord&, void*) {}, nullptr);
    });
}

}  // namespace

int main() {
    hits();
    misses();
    log();
}
