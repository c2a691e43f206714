// `bearergate test`: one case after another, decided by what decides live requests.
#include <bearergate/cli/policy_test.hpp>
#include <bearergate/core/base64url.hpp>
#include <bearergate/http/head.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace bearergate::cli {
namespace {

using config::Expectation;
using config::TestCase;
using config::TestToken;

constexpr int claims_depth = 16;  // of a token; loading has checked it

std::int64_t seconds_of(core::WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// The header of a token that its issuer would sign. One of nobody we know borrows an algorithm that
// passes, to be refused for whom it names.
std::string header_of(const core::Policy& policy, std::optional<std::string_view> iss) {
    const auto index = iss ? policy.find_issuer(*iss) : std::nullopt;
    if (policy.issuers.empty()) return "{}";
    const core::Issuer& issuer = policy.issuers[index.value_or(0)];
    core::Algorithm algorithm = core::Algorithm::es384;
    for (int i = 0; i <= static_cast<int>(core::Algorithm::eddsa); ++i) {
        const auto one = static_cast<core::Algorithm>(i);
        if (issuer.algorithms.contains(one)) algorithm = one;
    }
    return fmt::format(R"({{"alg":"{}","typ":"{}"}})", core::name_of(algorithm),
                       issuer.token_type.value_or("JWT"));
}

// Claims as a compact JWS with a signature that proves nothing.
std::string token_of(const TestToken& token, const core::Policy& policy, core::WallTime now) {
    std::string payload = token.claims;
    const auto claims = core::Json::parse(payload, claims_depth).value_or(core::Json());
    const auto add = [&](std::string_view name, const std::string& value) {
        if (claims.at(name).type() != core::Json::Type::invalid) return;
        payload.pop_back();
        payload += fmt::format("{}\"{}\":{}}}", payload.size() > 1 ? "," : "", name, value);
    };
    auto iss = claims.at("iss").string();
    if (policy.issuers.size() == 1) {
        const std::string& only = policy.issuers.front().issuer;
        if (claims.at("iss").type() == core::Json::Type::invalid) iss = only;
        add("iss", nlohmann::json(only).dump());
    }
    add("iat", std::to_string(seconds_of(now)));
    add("exp", std::to_string(seconds_of(now) + 3600));
    return core::encode_base64url(header_of(policy, iss)) + "." + core::encode_base64url(payload) +
           "." + core::encode_base64url("not signed");
}

Usable<std::optional<std::string>> token_text(const TestCase& test, const core::Policy& policy,
                                              core::WallTime now) {
    switch (test.token.kind) {
        case TestToken::Kind::none: return std::nullopt;
        case TestToken::Kind::claims: return token_of(test.token, policy, now);
        case TestToken::Kind::file: return read_token_file(test.token.file);
    }
    return std::nullopt;
}

std::string url_of(const TestCase& test) {
    if (test.host.empty()) return test.target;
    const bool is_ipv6 = test.host.contains(':');
    return "http://" + (is_ipv6 ? "[" + test.host + "]" : test.host) + test.target;
}

std::string refused(std::optional<unsigned> status, std::optional<core::Reason> reason) {
    std::string text = "refused:";
    if (status) text += fmt::format(" {}", *status);
    if (reason) text += fmt::format(" {}", core::name_of(*reason));
    return text;
}

// The refusal that a decision is; none when it lets the request pass.
std::optional<core::Reason> refusal_of(const Explanation& explanation) {
    if (explanation.is_preflight || explanation.is_allowed()) return std::nullopt;
    const auto* const denied = std::get_if<core::Denied>(&explanation.decision);
    return denied ? denied->reason : core::Reason::keys_unavailable;
}

std::string actual_answer(const Explanation& explanation) {
    if (explanation.is_preflight) return "allowed: a preflight, answered by the gateway itself";
    const auto reason = refusal_of(explanation);
    if (!reason) return "allowed";
    std::string text = refused(core::refusal(*reason).status, reason);
    if (explanation.is_forwarded) text += ", which a route in shadow mode records and forwards";
    return text;
}

void compare_decision(TriedCase& tried) {
    const Expectation& expect = tried.test.expect;
    const auto reason = refusal_of(tried.explanation);
    const bool same_reason = !expect.reason || expect.reason == reason;
    const bool same_status =
        !expect.status || (reason && core::refusal(*reason).status == *expect.status);
    if (expect.allowed ? !reason : reason && same_reason && same_status) return;
    tried.mismatches.push_back(
        {.expected = expect.allowed ? "allowed" : refused(expect.status, expect.reason),
         .actual = actual_answer(tried.explanation)});
}

// A preflight has no route: it goes nowhere.
void compare_upstream(TriedCase& tried, const config::Loaded& loaded) {
    const auto& wanted = tried.test.expect.upstream;
    if (!wanted) return;
    const auto& index = tried.explanation.index;
    const auto actual = index ? std::optional(loaded.policy.routes[*index].upstream) : std::nullopt;
    if (actual == wanted) return;
    const auto said = [&](std::optional<std::size_t> upstream) {
        return upstream ? "upstream " + shown(loaded.config.upstreams.at(*upstream).name)
                        : "no upstream";
    };
    tried.mismatches.push_back({.expected = said(wanted), .actual = said(actual)});
}

void compare_identity(TriedCase& tried) {
    for (const auto& [name, wanted] : tried.test.expect.headers) {
        const auto& identity = tried.explanation.identity;
        const auto found = std::ranges::find_if(identity, [&](const auto& one) {
            return core::folded(one.first) == core::folded(name);
        });
        const bool is_there = found != identity.end();
        if (wanted ? is_there && found->second == *wanted : !is_there) continue;
        const auto said = [&](bool there, const std::string& value) {
            return there ? name + ": " + shown(value) : "no " + name;
        };
        tried.mismatches.push_back({.expected = said(wanted.has_value(), wanted.value_or("")),
                                    .actual = said(is_there, is_there ? found->second : "")});
    }
}

}  // namespace

bool brings_a_signature(const config::TestCase& test) {
    const auto is_authorization = [](const auto& field) {
        return http::equals_ignoring_case(field.first, "authorization");
    };
    return test.token.kind == TestToken::Kind::file ||
           std::ranges::any_of(test.headers, is_authorization);
}

Usable<TriedCase> try_case(const config::Loaded& loaded, const config::TestCase& test,
                           const std::string& file, const core::KeyRing& keys, core::WallTime now) {
    const auto fail = [&](const std::string& why) {
        return std::unexpected(fmt::format("{}:{}: {}", file, test.line, why));
    };
    const auto token = token_text(test, loaded.policy, now);
    if (!token) return fail(token.error());
    std::vector<std::string> fields;
    fields.reserve(test.headers.size());
    for (const auto& [name, value] : test.headers) {
        fields.push_back(fmt::format("{}: {}", name, value));
    }
    const auto head = gateway::request_head(test.method, url_of(test), fields, *token);
    if (!head) return fail(head.error());

    const bool is_signed = test.token.kind != TestToken::Kind::claims;
    TriedCase tried{.test = test, .file = file};
    tried.explanation =
        gateway::explain(loaded.config, loaded.policy, *head, is_signed ? &keys : nullptr, now);
    compare_decision(tried);
    if (!tried.passed() || !test.expect.allowed) return tried;
    compare_upstream(tried, loaded);
    compare_identity(tried);
    return tried;
}

std::vector<const core::Route*> untested_routes(const config::Loaded& loaded,
                                                std::span<const TriedCase> tried) {
    std::vector<bool> is_tested(loaded.policy.routes.size());
    for (const TriedCase& one : tried) {
        if (one.explanation.index) is_tested[*one.explanation.index] = true;
    }
    std::vector<const core::Route*> untested;
    for (std::size_t i = 0; i < is_tested.size(); ++i) {
        if (!is_tested[i]) untested.push_back(&loaded.policy.routes[i]);
    }
    return untested;
}

}  // namespace bearergate::cli
