// The development issuer over real sockets, held against what a Logto instance was recorded to say.

#include <bearergate/cli/dev_issuer.hpp>
#include <bearergate/core/authorize.hpp>
#include <bearergate/core/base64url.hpp>
#include <bearergate/core/key_set.hpp>
#include <bearergate/core/verifier.hpp>

#include "support/http_client.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::cli {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

constexpr const char* api = "https://api.example.test/v1";
const core::WallTime now{std::chrono::seconds(1'795'337'841)};

std::vector<std::string> names_of(const ordered_json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) names.push_back(name);
    return names;
}

// Header and payload of a compact token.
std::pair<ordered_json, ordered_json> open(const std::string& token) {
    const std::size_t first = token.find('.');
    const std::size_t second = token.find('.', first + 1);
    return {
        ordered_json::parse(*core::decode_base64url(token.substr(0, first))),
        ordered_json::parse(*core::decode_base64url(token.substr(first + 1, second - first - 1)))};
}

bool verifies(const std::string& token, const std::string& key_set) {
    const auto parsed = core::UnverifiedToken::parse(token);
    const auto keys = core::parse_key_set(key_set);
    if (!parsed || !keys) return false;
    const std::string id = open(token).first["kid"];
    const core::PublicKey* key = keys->set.find(id, core::Algorithm::es384);
    if (key == nullptr) return false;
    return core::Verifier(*key, core::Algorithm::es384)
        .verify(parsed->signed_text(), parsed->signature());
}

class DevIssuerTest : public testing::Test {
protected:
    ~DevIssuerTest() override { loop_.stop(); }
    void serve(DevIssuer::Settings settings = {}) {
        settings.listen = {.text = "127.0.0.1:0", .host = "127.0.0.1"};
        settings.now = [] { return now; };
        issuer_ = std::make_unique<DevIssuer>(loop_.io(), std::move(settings));
        issuer_->start();
        loop_.start();
    }
    test::Reply get(const std::string& target) {
        return test::ask(issuer_->port(), {.target = target});
    }
    test::Reply post(const std::string& target, const std::string& body,
                     test::Headers headers = {{"Authorization", "Basic YXBwOnNlY3JldA=="}}) {
        headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        return test::ask(issuer_->port(),
                         {.method = "POST", .target = target, .headers = headers, .body = body});
    }
    ordered_json grant(const std::string& parameters) {
        const test::Reply reply =
            post("/oidc/token", "grant_type=client_credentials&" + parameters);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return ordered_json::parse(reply.body);
    }

    test::Loop loop_{};
    std::unique_ptr<DevIssuer> issuer_{};
};

TEST_F(DevIssuerTest, DiscoveryNamesItselfItsKeysAndItsTokenEndpoint) {
    serve();
    const test::Reply reply = get("/oidc/.well-known/openid-configuration");
    ASSERT_EQ(reply.status, 200);
    const auto document = ordered_json::parse(reply.body);
    const std::string base = "http://127.0.0.1:" + std::to_string(issuer_->port()) + "/oidc";
    EXPECT_EQ(issuer_->issuer(), base);
    EXPECT_EQ(document["issuer"], base);
    EXPECT_EQ(document["jwks_uri"], base + "/jwks");
    EXPECT_EQ(document["token_endpoint"], base + "/token");
}

TEST_F(DevIssuerTest, IsCalledWhatOthersReachItBy) {
    serve({.url = "http://issuer.test:3001"});
    EXPECT_EQ(issuer_->issuer(), "http://issuer.test:3001/oidc");
    const auto document = ordered_json::parse(get("/oidc/.well-known/openid-configuration").body);
    EXPECT_EQ(document["jwks_uri"], "http://issuer.test:3001/oidc/jwks");
}

// What was recorded of a real Logto for the same requests: members, their order, their types.
TEST_F(DevIssuerTest, TokensHaveTheShapeOfRecordedOnes) {
    std::ifstream file(BEARERGATE_TEST_DATA "/logto/tokens.json");
    const auto recorded = ordered_json::parse(file);
    serve();
    for (const char* name : {"m2m_global_rw", "m2m_global_no_scope_requested", "m2m_org_acme_full",
                             "m2m_org_acme_no_scope_requested", "m2m_orgapi_acme_full",
                             "m2m_orgapi_acme_no_scope_requested"}) {
        SCOPED_TRACE(name);
        const auto& model = recorded.at(name);
        std::string parameters;
        for (const auto& [parameter, value] : model["request"].items()) {
            if (parameter == "grant_type") continue;
            std::string text = value;
            std::ranges::replace(text, ' ', '+');
            parameters += parameter + "=" + text + "&";
        }
        const auto [header, payload] = open(grant(parameters)["access_token"]);
        EXPECT_EQ(names_of(header), names_of(model["header"]));
        EXPECT_EQ(header["alg"], "ES384");
        EXPECT_EQ(header["typ"], "at+jwt");
        EXPECT_EQ(names_of(payload), names_of(model["payload"]));
        for (const auto& [claim, value] : model["payload"].items()) {
            EXPECT_EQ(payload[claim].type(), value.type()) << claim;
        }
        EXPECT_EQ(payload["aud"], model["payload"]["aud"]);
        EXPECT_EQ(payload["iss"], issuer_->issuer());
        EXPECT_EQ(payload["sub"], "app");
        EXPECT_EQ(payload["iat"], 1'795'337'841);
        EXPECT_EQ(payload["exp"], 1'795'337'841 + 3600);
        EXPECT_EQ(payload["jti"].get<std::string>().size(), 21U);
    }
}

TEST_F(DevIssuerTest, TokenAnswersSayWhatWasGranted) {
    serve();
    const auto with_scope = grant(std::string("resource=") + api + "&scope=b+a");
    EXPECT_EQ(names_of(with_scope),
              (std::vector<std::string>{"access_token", "expires_in", "token_type", "scope"}));
    EXPECT_EQ(with_scope["scope"], "b a");
    EXPECT_EQ(with_scope["expires_in"], 3600);
    EXPECT_EQ(with_scope["token_type"], "Bearer");
    EXPECT_FALSE(grant(std::string("resource=") + api).contains("scope"));
}

TEST_F(DevIssuerTest, TokensVerifyWithThePublishedKeys) {
    serve();
    const std::string token = grant(std::string("resource=") + api)["access_token"];
    const test::Reply keys = get("/oidc/jwks");
    EXPECT_EQ(keys.status, 200);
    EXPECT_TRUE(verifies(token, keys.body));
    EXPECT_EQ(keys.body.find("\"d\""), std::string::npos) << "a private key was published";
}

TEST_F(DevIssuerTest, RotationSignsWithANewKeyAndStillPublishesTheLast) {
    serve();
    const std::string first = grant(std::string("resource=") + api)["access_token"];
    const test::Reply rotated = post("/rotate", "");
    EXPECT_EQ(rotated.status, 200);
    const std::string second = grant(std::string("resource=") + api)["access_token"];
    EXPECT_EQ(open(second).first["kid"], ordered_json::parse(rotated.body)["kid"]);
    EXPECT_NE(open(first).first["kid"], open(second).first["kid"]);
    std::string keys = get("/oidc/jwks").body;
    EXPECT_TRUE(verifies(first, keys));
    EXPECT_TRUE(verifies(second, keys));
    post("/rotate", "");
    keys = get("/oidc/jwks").body;
    EXPECT_FALSE(verifies(first, keys));
    EXPECT_TRUE(verifies(second, keys));
}

TEST_F(DevIssuerTest, AnUnchangedKeySetIsNotSentAgain) {
    serve();
    const std::string tag = get("/oidc/jwks").header("ETag");
    ASSERT_NE(tag, "");
    const auto again = [&] {
        return test::ask(issuer_->port(),
                         {.target = "/oidc/jwks", .headers = {{"If-None-Match", tag}}});
    };
    EXPECT_EQ(again().status, 304);
    post("/rotate", "");
    EXPECT_EQ(again().status, 200);
}

TEST_F(DevIssuerTest, OnlyConfiguredClientsGetTokensWhenThereAreAny) {
    serve({.clients = {{"app", "secret"}, {"other", "word"}}});
    const std::string body = std::string("grant_type=client_credentials&resource=") + api;
    EXPECT_EQ(post("/oidc/token", body).status, 200);
    const std::string by_post = body + "&client_id=other&client_secret=";
    EXPECT_EQ(post("/oidc/token", by_post + "word", {}).status, 200);
    EXPECT_EQ(post("/oidc/token", by_post + "secret", {}).status, 401);
    const test::Reply refused =
        post("/oidc/token", body, {{"Authorization", "Basic YXBwOndyb25n"}});
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(ordered_json::parse(refused.body)["error"], "invalid_client");
    EXPECT_THAT(refused.header("WWW-Authenticate"), HasSubstr("Basic"));
}

TEST_F(DevIssuerTest, RefusesWhatLogtoWouldRefuse) {
    serve();
    const struct {
        const char* body;
        const char* error;
    } cases[] = {
        {"grant_type=client_credentials", "invalid_target"},
        {"grant_type=client_credentials&scope=read:items", "invalid_target"},
        {"grant_type=client_credentials&resource=api", "invalid_target"},
        {"grant_type=client_credentials&resource=:api", "invalid_target"},
        {"grant_type=client_credentials&resource=https://a.example/%23x", "invalid_target"},
        {"grant_type=client_credentials&resource=https://a&resource=https://b", "invalid_target"},
        {"grant_type=authorization_code&resource=https://a", "unsupported_grant_type"},
        {"resource=https://a", "invalid_request"},
        {"grant_type=%zz", "invalid_request"},
        {"grant_type=client_credentials&organization_id=%ff", "invalid_request"},
        {"grant_type=client_credentials&resource=https://a/\xc3", "invalid_request"},
        {"grant_type=client_credentials&resource=https://a&%c0%80=b", "invalid_request"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.body);
        const test::Reply reply = post("/oidc/token", c.body);
        EXPECT_EQ(reply.status, 400);
        const auto answer = ordered_json::parse(reply.body);
        EXPECT_EQ(names_of(answer), (std::vector<std::string>{"error", "error_description"}));
        EXPECT_EQ(answer["error"], c.error);
        EXPECT_EQ(reply.body.find("access_token"), std::string::npos);
    }
}

TEST_F(DevIssuerTest, AClientThatIsNoTextIsRefused) {
    serve();
    const test::Reply reply =
        post("/oidc/token", "grant_type=client_credentials&resource=https://a",
             {{"Authorization", "Basic JUZGOnNlY3JldA=="}});  // %FF:secret
    EXPECT_EQ(reply.status, 401);
}

TEST_F(DevIssuerTest, AnswersToItsOwnNamesOnly) {
    serve({.url = "http://issuer.test:3001"});
    const struct {
        test::Headers headers;
        int status;
    } cases[] = {
        {{{"Host", "127.0.0.1:1"}}, 200},
        {{{"Host", "[::1]"}}, 200},
        {{{"Host", "localhost:3001"}}, 200},
        {{{"Host", "issuer.test:3001"}}, 200},
        {{{"Host", "ISSUER.test"}}, 200},
        {{{"Host", "rebound.example:3001"}}, 403},
        {{{"Host", "issuer.test.rebound.example"}}, 403},
        {{{"Host", "localhost"}, {"Host", "rebound.example"}}, 403},
        {{{"Host", ""}}, 403},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.headers.front().second);
        const test::Ask request{.target = "/oidc/jwks", .headers = c.headers};
        EXPECT_EQ(test::ask(issuer_->port(), request).status, c.status);
    }
    const std::string body = std::string("grant_type=client_credentials&resource=") + api;
    const test::Reply reply = post("/oidc/token", body, {{"Host", "rebound.example"}});
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.body.find("access_token"), std::string::npos);
}

TEST_F(DevIssuerTest, WebPagesOfOtherOriginsCanDoNothing) {
    serve({.url = "https://issuer.test"});
    const std::string before = issuer_->key().id();
    for (const char* origin : {"https://evil.example", "null", "", "http://127.0.0.1:1",
                               "https://issuer.test.evil.example", "http://issuer.test"}) {
        SCOPED_TRACE(origin);
        EXPECT_EQ(post("/rotate", "", {{"Origin", origin}}).status, 403);
    }
    EXPECT_EQ(post("/rotate", "",
                   {{"Host", "localhost"},
                    {"Origin", "http://localhost"},
                    {"Origin", "https://evil.example"}})
                  .status,
              403);
    loop_.on([&] { EXPECT_EQ(issuer_->key().id(), before); });
    EXPECT_EQ(post("/rotate", "", {{"Origin", "https://issuer.test"}}).status, 200);
    EXPECT_EQ(
        post("/rotate", "", {{"Host", "localhost:3"}, {"Origin", "http://localhost:3"}}).status,
        200);
}

TEST_F(DevIssuerTest, KnowsItsPathsAndMethods) {
    serve();
    EXPECT_EQ(get("/").status, 404);
    EXPECT_EQ(get("/.well-known/openid-configuration").status, 404);
    EXPECT_EQ(get("/oidc/token").status, 405);
    EXPECT_EQ(get("/oidc/token").header("Allow"), "POST");
    EXPECT_EQ(get("/rotate").status, 405);
    EXPECT_EQ(post("/oidc/jwks", "").status, 405);
}

}  // namespace
}  // namespace bearergate::cli
