#pragma once

#include "support/files.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::test {

// `bearergate test` as people and CI run it: the real binary on real files.
class TestCommand : public testing::Test {
protected:
    static constexpr std::string_view policy = R"(
issuer: https://issuer.example/oidc
audience: https://api.example
upstreams: { app: { url: "http://127.0.0.1:3000" }, other: { url: "http://127.0.0.1:3001" } }
defaults: { upstream: app }
routes:
  GET /healthz: public
  GET /items: { scopes: [read:items] }
  POST /items: { scopes: [write:items], upstream: other }
  GET /orgs/{orgId}/projects: { organization: "{orgId}" }
  GET /orgs/{orgId}/members: { token: organization, organization: "{orgId}" }
  GET /trial: { mode: shadow, scopes: [never] }
  GET /open: { access: optional }
  /closed: deny
)";

    TestCommand() : config_(folder_.write("bearergate.yaml", policy)) {}

    // The binary on the policy and the files named.
    Outcome test(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {BEARERGATE_BINARY, "test", "-c", config_});
        return run(arguments);
    }
    // On cases written as the items of `tests:`.
    Outcome try_cases(const std::string& cases, std::vector<std::string> options = {}) const {
        options.push_back(folder_.write("cases.yaml", "tests:\n" + cases));
        return test(std::move(options));
    }
    Outcome try_case(const std::string& request, const std::string& claims,
                     const std::string& expect, std::vector<std::string> options = {}) const {
        return try_cases("  - name: one\n    request: " + request +
                             (claims.empty() ? "" : "\n    token: { claims: " + claims + " }") +
                             "\n    expect: " + expect + "\n",
                         std::move(options));
    }
    static std::string claims(const std::string& more) {
        return "{ sub: ada, aud: https://api.example, " + more + " }";
    }

    TemporaryFolder folder_{};
    std::string config_{};
    const std::string reader_ = claims("scope: read:items");
};

}  // namespace bearergate::test
