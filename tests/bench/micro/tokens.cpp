// What a token costs: read, verified with each algorithm, and looked up by its digest.
#include <bearergate/core/token.hpp>
#include <bearergate/core/verifier.hpp>
#include <bearergate/gateway/token_cache.hpp>

#include "gateway/desk.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

using namespace bearergate;
using namespace bearergate::gateway;
using core::Algorithm;

// The shape of Logto's tokens, claim by claim.
constexpr std::string_view claims =
    R"({"client_id":"0zijz9uyrh5hqc1u02e7e","scope":"read:items write:items read:projects"})";

void parse(benchmark::State& state) {
    const std::string token = test::Issuer().token(claims);
    for (auto _ : state) benchmark::DoNotOptimize(core::UnverifiedToken::parse(token));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(token.size()));
}
BENCHMARK(parse)->Name("token: parse");

void examine(benchmark::State& state) {
    desk::Desk d;
    const std::string token = d.issuer.token(claims);
    for (auto _ : state) {
        benchmark::DoNotOptimize(core::examine(token, d.snapshot->policy, d.now));
    }
}
BENCHMARK(examine)->Name("token: checks 8 to 11");

void verify(benchmark::State& state, Algorithm algorithm) {
    const test::Issuer issuer("https://issuer.example/oidc", algorithm);
    const std::string text = issuer.token(claims);
    const auto token = core::UnverifiedToken::parse(text).value();
    const auto document = core::parse_key_set(issuer.jwks()).value();
    core::Verifier verifier(document.set.keys()[0], algorithm);
    for (auto _ : state) {
        if (!verifier.verify(token.signed_text(), token.signature())) {
            state.SkipWithError("a good signature was refused");
            break;
        }
    }
}
BENCHMARK_CAPTURE(verify, RS256, Algorithm::rs256)->Name("token: verify RS256");
BENCHMARK_CAPTURE(verify, PS256, Algorithm::ps256)->Name("token: verify PS256");
BENCHMARK_CAPTURE(verify, ES256, Algorithm::es256)->Name("token: verify ES256");
BENCHMARK_CAPTURE(verify, ES384, Algorithm::es384)->Name("token: verify ES384");
BENCHMARK_CAPTURE(verify, ES512, Algorithm::es512)->Name("token: verify ES512");
BENCHMARK_CAPTURE(verify, EdDSA, Algorithm::eddsa)->Name("token: verify EdDSA");

void digest(benchmark::State& state) {
    const std::string token = test::Issuer().token(claims);
    TokenHasher hash;
    for (auto _ : state) benchmark::DoNotOptimize(hash(token));
}
BENCHMARK(digest)->Name("token: digest");

// As many tokens as a warm worker knows, so that the table does not sit in the first-level cache.
void hit(benchmark::State& state) {
    constexpr std::size_t count = 1000;
    desk::Desk d(Algorithm::rs256, 1, 64, 10'000);
    d.use_issuers_keys();
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < count; ++i) {
        tokens.push_back(d.token(static_cast<int>(i)));
        if (d.outcome(tokens.back()) != "ok")
            return state.SkipWithError("a good token was refused");
    }
    desk::Client client;
    std::size_t next = 0;
    for (auto _ : state) {
        const auto verdict = d.authenticator->authenticate(tokens[next++ % count], d.snapshot,
                                                           d.now, d.steady, true, client.waiter);
        if (!verdict || !*verdict) return state.SkipWithError("a hit was refused");
    }
}
BENCHMARK(hit)->Name("authenticate: hit");

// Of algorithms that are verified on the worker.
void miss(benchmark::State& state, Algorithm algorithm) {
    desk::Desk d(algorithm, 1, 64, 0);
    d.use_issuers_keys();
    const std::string token = d.issuer.token(claims);
    for (auto _ : state) {
        if (d.outcome(token) != "ok") return state.SkipWithError("a good token was refused");
    }
}
BENCHMARK_CAPTURE(miss, RS256, Algorithm::rs256)->Name("authenticate: miss, RS256");
BENCHMARK_CAPTURE(miss, ES256, Algorithm::es256)->Name("authenticate: miss, ES256");
BENCHMARK_CAPTURE(miss, EdDSA, Algorithm::eddsa)->Name("authenticate: miss, EdDSA");

// What it costs to be sent tokens that nobody made: no signature is looked at.
void made_up_key_id(benchmark::State& state) {
    desk::Desk d;
    d.use_issuers_keys();
    d.authenticator->keys_answered(d.about(0), d.steady + std::chrono::hours(1));
    const std::string stranger = test::Issuer(d.issuer.issuer()).token(claims);
    for (auto _ : state) benchmark::DoNotOptimize(d.outcome(stranger));
}
BENCHMARK(made_up_key_id)->Name("authenticate: made-up key id");

}  // namespace
