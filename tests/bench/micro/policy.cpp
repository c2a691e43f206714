// What a decision costs besides the token: the target, the route, the rule.
#include <bearergate/core/authorize.hpp>
#include <bearergate/core/route_table.hpp>
#include <bearergate/core/target.hpp>

#include <benchmark/benchmark.h>

#include <string>
#include <variant>
#include <vector>

namespace {

using namespace bearergate::core;

void parse_target(benchmark::State& state) {
    const std::string raw = "/orgs/acme/projects?page=2&sort=name";
    std::string scratch;
    for (auto _ : state) benchmark::DoNotOptimize(Target::parse(raw, {}, scratch));
}
BENCHMARK(parse_target)->Name("target: parse");

// As many routes as the argument, that share their first segments as an API's do.
void match(benchmark::State& state) {
    std::vector<RoutePattern> patterns;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        const std::string text = "GET /orgs/{orgId}/r" + std::to_string(i) + "/{id}";
        patterns.push_back(parse_route_pattern(text, {}).value());
    }
    std::vector<RouteConflict> conflicts;
    const RouteTable table = RouteTable::compile(patterns, {}, conflicts);
    const std::string path = "/orgs/acme/r" + std::to_string(state.range(0) / 2) + "/17";
    Match found;
    for (auto _ : state) {
        table.match("api.example", "GET", path, found);
        if (found.outcome != Match::Outcome::found) return state.SkipWithError("no route");
    }
}
BENCHMARK(match)->Name("route: match, among")->Arg(10)->Arg(10'000);

// Audience, organization out of the path, and two scopes.
void authorise(benchmark::State& state) {
    const Policy policy{
        .issuers = {Issuer{.name = "logto", .issuer = "https://logto.example/oidc"}}};
    const Rule rule{.access = Access::token,
                    .token = TokenKind::organization_api,
                    .audiences = {{"https://api.example"}},
                    .accepts_issuer = {true},
                    .organization = {.kind = OrganizationSource::Kind::capture, .text = "orgId"},
                    .scopes = {"read:items", "read:projects"}};
    VerifiedToken token;
    token.claims.audience = {"https://api.example"};
    token.claims.scopes = {"write:items", "read:items", "read:projects"};
    token.claims.organization = "acme";
    Captures captures;
    captures.add({.name = "orgId", .value = "acme"});
    std::string scratch;
    const auto target = Target::parse("/orgs/acme/projects", {}, scratch).value();
    const RequestView request{.method = "GET", .host = "api.example", .target = target};
    for (auto _ : state) {
        if (!std::holds_alternative<Allowed>(permit(rule, policy, captures, request, token))) {
            return state.SkipWithError("denied");
        }
    }
}
BENCHMARK(authorise)->Name("rule: permit");

}  // namespace
