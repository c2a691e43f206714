// What an explanation shows, and what it never does; of tokens that a real Logto issued, too.
#include <bearergate/gateway/explain.hpp>

#include "gateway/explain_fixture.hpp"
#include "support/files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <string>

namespace bearergate::gateway {
namespace {

using namespace explained;

class ExplainShown : public ExplainFixture {};

TEST_F(ExplainShown, NeverShowsAWholeTokenNorItsSignature) {
    const std::string good = issuer_.token(R"({"scope":"read:items"})");
    const std::string tokens[] = {good,
                                  issuer_.token(),
                                  test::with_flipped_signature(good, 9),
                                  "opaque-secret-token",
                                  "one.two.three",
                                  "a.b.c.d.e",
                                  good + ".x",
                                  std::string(9'000, 'a')};
    for (const std::string& token : tokens) {
        SCOPED_TRACE(token.substr(0, 40));
        const std::string signature =
            token.substr(std::min(token.rfind('.'), token.size() - 1) + 1);
        for (const char* const url : {"/items", "/feed", "/healthz", "/trial"}) {
            const std::string text = everything(ask("GET", url, token));
            EXPECT_FALSE(text.contains(token));
            if (signature.size() > 3) EXPECT_FALSE(text.contains(signature));
        }
    }
    // Also where the token stands in the wrong place.
    for (const std::string& field :
         {"Authorization: " + good, "Authorization: Token " + good, "Authorization: " + good + " x",
          "Authorization: Bearer " + good + " x", "X-Token: " + good}) {
        SCOPED_TRACE(field.substr(0, 30));
        EXPECT_FALSE(everything(ask("GET", "/items", {}, {field})).contains(good.substr(20, 60)));
    }
}

TEST_F(ExplainShown, EscapesControlCharactersAndCutsLongValues) {
    const std::string token = issuer_.token(
        "{\"scope\":\"\\u001b[31mred\",\"client_id\":\"caf\xc3\xa9\\u202e\\r\\nx\",\"aud\":\"" +
        std::string(5'000, 'z') + "\"}");
    const std::string text = everything(ask("GET", "/items", token));
    EXPECT_FALSE(text.contains('\x1b'));
    EXPECT_FALSE(text.contains('\r'));
    EXPECT_FALSE(text.contains("\xc3\xa9"));
    EXPECT_FALSE(text.contains("\xe2\x80\xae"));
    EXPECT_FALSE(text.contains(std::string(200, 'z')));
    EXPECT_TRUE(text.contains("(5000 characters)"));
    const std::string path = everything(ask("GET", "/" + std::string(3'000, 'p')));
    EXPECT_FALSE(path.contains(std::string(200, 'p')));
}

TEST_F(ExplainShown, ShowsSettingsFromTheEnvironmentByTheirNames) {
    config_ = loaded(R"(
issuer: https://issuer.example/oidc
audience: ${SECRET_AUDIENCE}
upstream: http://127.0.0.1:3000
routes:
  GET /items: authenticated
)");
    const std::string text = everything(ask("GET", "/items", issuer_.token()));
    EXPECT_FALSE(text.contains("hidden.example")) << text;
    EXPECT_TRUE(text.contains("${SECRET_AUDIENCE}")) << text;
}

TEST(Shown, IsSafeForEveryTerminal) {
    EXPECT_EQ(shown("plain text"), "plain text");
    EXPECT_EQ(shown("a\x1b[0m\n\t\x7f\xff"), "a\\x1b[0m\\x0a\\x09\\x7f\\xff");
    EXPECT_EQ(shown(std::string_view("a\0b", 3)), "a\\x00b");
    EXPECT_EQ(shown(std::string(121, 'a')), std::string(120, 'a') + "... (121 characters)");
}

class ExplainLogto : public testing::Test {
protected:
    ExplainLogto()
        : config_(loaded(R"(
issuers: { logto: { issuer: http://localhost:3001/oidc } }
audience: https://api.example.test/v1
upstream: http://127.0.0.1:3000
routes:
  GET /items: { scopes: [read:items] }
  GET /orgs/{org}/items: { organization: "{org}", scopes: [read:items] }
  GET /orgs/{org}/settings: { token: organization, organization: "{org}", scopes: [manage:settings] }
)")),
          keys_{test::keys_of(test::read_file(BEARERGATE_TEST_DATA "/logto/jwks.json"))},
          tokens_(
              nlohmann::json::parse(test::read_file(BEARERGATE_TEST_DATA "/logto/tokens.json"))) {}

    Explanation ask(std::string_view url, const std::string& token) const {
        return explain(config_.config, config_.policy, request_head("GET", url, {}, token).value(),
                       &keys_, at(1'795'337'900));
    }

    config::Loaded config_;
    core::KeyRing keys_;
    nlohmann::json tokens_;
};

TEST_F(ExplainLogto, SaysTheRightThingOfEveryRecordedToken) {
    const std::map<std::string, std::string> items{
        {"m2m_global_rw", "allowed"},
        {"m2m_global_no_role", "scope_missing"},
        {"m2m_global_other_audience", "audience_mismatch"},
        {"m2m_global_ttl_1s_expired", "token_expired"},
        {"m2m_org_acme_full", "audience_mismatch"},
        {"m2m_orgapi_acme_full", "organization_not_accepted"},
        {"user_tx_opaque", "token_opaque"},
    };
    for (const auto& [name, answer] : items) {
        SCOPED_TRACE(name);
        EXPECT_EQ(word(ask("/items", tokens_.at(name).at("access_token"))), answer);
    }
    const Explanation orgapi =
        ask("/orgs/qhgy8t5iqmye/items", tokens_.at("m2m_orgapi_acme_full").at("access_token"));
    EXPECT_TRUE(orgapi.is_good());
    EXPECT_TRUE(all_compared(orgapi).contains("alg ES384, typ at+jwt"));
    EXPECT_TRUE(all_answered(orgapi).contains("X-Auth-Organization-Id: qhgy8t5iqmye\n"));
    const Explanation org =
        ask("/orgs/qhgy8t5iqmye/settings", tokens_.at("m2m_org_acme_full").at("access_token"));
    EXPECT_TRUE(org.is_good());
    EXPECT_TRUE(all_compared(org).contains("by its audience qhgy8t5iqmye"));
    const Explanation other =
        ask("/orgs/wivs7b4m9e1s/settings", tokens_.at("m2m_org_acme_full").at("access_token"));
    EXPECT_EQ(word(other), "organization_mismatch");
}

TEST_F(ExplainLogto, ShowsNoneOfTheRecordedTokensWhole) {
    for (const auto& [name, token] : tokens_.items()) {
        SCOPED_TRACE(name);
        const std::string text = token.at("access_token");
        const std::string seen = everything(ask("/orgs/qhgy8t5iqmye/items", text));
        EXPECT_FALSE(seen.contains(text));
        EXPECT_FALSE(seen.contains(text.substr(text.rfind('.') + 1)));
    }
}

}  // namespace
}  // namespace bearergate::gateway
