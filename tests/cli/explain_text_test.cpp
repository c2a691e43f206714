#include <bearergate/cli/explain_text.hpp>
#include <bearergate/config/load.hpp>

#include "support/authenticate.hpp"
#include "support/test_issuer.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bearergate::cli {
namespace {

constexpr std::string_view example = R"(issuer: https://issuer.example/oidc
audience: https://api.example
upstream: http://127.0.0.1:3000
routes:
  GET /healthz: public
  GET /orgs/{orgId}/projects: { organization: "{orgId}", scopes: [read:projects] }
)";

class ExplainText : public testing::Test {
protected:
    ExplainText() {
        auto result =
            config::load(example, "bearergate.yaml",
                         {.environment = [](const std::string&) { return std::nullopt; }});
        if (!result.loaded) throw std::runtime_error("no configuration");
        config_ = std::move(*result.loaded);
    }
    Explanation ask(std::string_view url, std::optional<std::string_view> token = std::nullopt) {
        return gateway::explain(config_.config, config_.policy,
                                gateway::request_head("GET", url, {}, token).value(), &keys_,
                                test::at(test::Issuer::issued_at + 60));
    }

    test::Issuer issuer_{};
    config::Loaded config_{};
    core::KeyRing keys_{test::keys_of(issuer_.jwks())};
};

TEST_F(ExplainText, ReadsFromTopToBottom) {
    const std::string text =
        render(ask("/orgs/beta/projects", issuer_.token(R"({"organization_id":"acme"})")),
               "bearergate.yaml", false);
    EXPECT_TRUE(text.contains("\u2713  4  A route covers host, path and method\n")) << text;
    EXPECT_TRUE(
        text.contains("\u2717 15  The token is for the organization of the request\n"
                      "        token: organization-api, organization: {orgId}\n"
                      "        the request names beta\n"
                      "        the token's claim acme\n"))
        << text;
    EXPECT_TRUE(
        text.contains("- 16  The token holds the route's scopes and claims (not reached)\n"));
    EXPECT_TRUE(text.contains("Route: GET /orgs/{orgId}/projects (bearergate.yaml:6)\n"));
    EXPECT_TRUE(
        text.contains("Refused: organization_mismatch.\nThe client would get:\n"
                      "    HTTP/1.1 403 Forbidden\n"))
        << text;
    EXPECT_FALSE(text.contains('\x1b'));
}

TEST_F(ExplainText, HasColoursOnlyWhenAskedFor) {
    const Explanation explanation = ask("/healthz");
    EXPECT_FALSE(render(explanation, "f", false).contains('\x1b'));
    EXPECT_TRUE(render(explanation, "f", true).contains("\x1b[32m\u2713"));
}

}  // namespace
}  // namespace bearergate::cli
