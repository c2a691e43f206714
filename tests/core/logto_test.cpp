// Tokens recorded from a real Logto, decided at the time when they were issued.
#include "support/authenticate.hpp"
#include "support/files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace {

using namespace bearergate;

constexpr double recorded_at = 1'795'337'850;

nlohmann::json recorded(const char* name) {
    return nlohmann::json::parse(
        test::read_file(std::filesystem::path(BEARERGATE_TEST_DATA) / "logto" / name));
}

core::Policy policy() {
    return {.issuers = {{.name = "logto",
                         .issuer = recorded("discovery.json")["issuer"].get<std::string>()}},
            .identity = core::default_identity_headers()};
}

TEST(Logto, EveryAccessTokenThatIsAJwtIsWhatLogtoSaysItIs) {
    const core::KeyRing keys{test::keys_of(recorded("jwks.json").dump())};
    int seen = 0;
    const auto tokens = recorded("tokens.json");
    for (const auto& [name, entry] : tokens.items()) {
        SCOPED_TRACE(name);
        const std::string text = entry["access_token"];
        if (entry["opaque"]) {
            EXPECT_EQ(
                test::outcome(test::authenticate(text, policy(), keys, test::at(recorded_at))),
                "token_opaque");
            continue;
        }
        ++seen;
        const auto& payload = entry["payload"];
        const auto issued_at = payload["iat"].get<double>();
        const auto token = test::authenticate(text, policy(), keys, test::at(issued_at));
        ASSERT_TRUE(token.has_value()) << test::outcome(token);
        EXPECT_EQ(token->claims.subject, payload["sub"].get<std::string>());
        EXPECT_EQ(token->claims.client, payload["client_id"].get<std::string>());
        EXPECT_EQ(token->claims.audience, std::vector{payload["aud"].get<std::string>()});
        EXPECT_EQ(token->claims.organization.value_or(""), payload.value("organization_id", ""));
        EXPECT_EQ(token->identity[3], payload.value("scope", ""));
        EXPECT_EQ(test::outcome(test::authenticate(text, policy(), keys,
                                                   test::at(payload["exp"].get<double>() + 30))),
                  "token_expired");
    }
    EXPECT_GE(seen, 25);
}

// An ID token of the same issuer and key proves who logged in, not that anything may be done.
TEST(Logto, AnIdTokenIsNoAccessToken) {
    const core::KeyRing keys{test::keys_of(recorded("jwks.json").dump())};
    int seen = 0;
    const auto tokens = recorded("tokens.json");
    for (const auto& [name, entry] : tokens.items()) {
        if (!entry.contains("id_token")) continue;
        ++seen;
        EXPECT_EQ(test::outcome(test::authenticate(entry["id_token"].get<std::string>(), policy(),
                                                   keys, test::at(recorded_at))),
                  "typ_not_allowed");
    }
    EXPECT_GE(seen, 2);
}

}  // namespace
