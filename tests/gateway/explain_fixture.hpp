#pragma once

#include <bearergate/config/load.hpp>
#include <bearergate/gateway/explain.hpp>

#include "support/authenticate.hpp"
#include "support/test_issuer.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// Requests to be explained under a configuration with a route of every kind.
namespace bearergate::gateway::explained {

using test::at;
using test::Issuer;

inline config::Loaded loaded(const std::string& text) {
    auto result = config::load(
        text, "bearergate.yaml", {.environment = [](const std::string& name) {
            return name == "SECRET_AUDIENCE" ? std::optional<std::string>("https://hidden.example")
                                             : std::nullopt;
        }});
    for (const auto& error : result.errors) ADD_FAILURE() << error.line << ": " << error.message;
    if (!result.loaded) throw std::runtime_error("no configuration");
    return std::move(*result.loaded);
}

inline constexpr std::string_view example = R"(
issuer: https://issuer.example/oidc
audience: https://api.example
upstream: http://127.0.0.1:3000
identity: { headers: { X-Auth-Subject: sub, X-Auth-Organization-Id: organization } }
routes:
  GET /healthz: public
  /closed: deny
  GET /feed: { access: optional }
  GET /items: { scopes: [read:items] }
  GET /api/{id}: { strip_prefix: /api, any_scope: [a, b], claims: { role: admin } }
  GET /orgs/{orgId}/projects: { organization: "{orgId}", scopes: [read:projects] }
  GET /orgs/{orgId}/members: { token: organization, organization: "{orgId}" }
  GET /reports: { organization: "header:X-Org" }
  GET /trial: { mode: shadow, scopes: [never] }
)";

inline std::string word(const Explanation& explanation) {
    if (const auto* denied = std::get_if<core::Denied>(&explanation.decision))
        return std::string(core::name_of(denied->reason));
    return explanation.is_allowed() ? "allowed" : "needs keys";
}

inline std::string all_compared(const Explanation& explanation) {
    std::string text;
    for (const ExplainedCheck& check : explanation.checks) {
        for (const std::string& line : check.compared) text += line + "\n";
    }
    return text;
}
inline std::string all_answered(const Explanation& explanation) {
    std::string text;
    for (const std::string& line : explanation.answer) text += line + "\n";
    return text;
}

class ExplainFixture : public testing::Test {
protected:
    Explanation ask(std::string_view method, std::string_view url,
                    std::optional<std::string_view> token = std::nullopt,
                    const std::vector<std::string>& fields = {}) {
        const auto head = request_head(method, url, fields, token);
        if (!head) throw std::runtime_error(head.error());
        return explain(config_.config, config_.policy, *head, offline_ ? nullptr : &keys_,
                       at(now_));
    }

    Issuer issuer_{};
    config::Loaded config_ = loaded(std::string(example));
    core::KeyRing keys_{test::keys_of(issuer_.jwks())};
    double now_ = Issuer::issued_at + 60;
    bool offline_ = false;
};

inline std::string everything(const Explanation& explanation) {
    return all_compared(explanation) + explanation.route + "\n" + verdict(explanation) + "\n" +
           all_answered(explanation);
}

}  // namespace bearergate::gateway::explained
