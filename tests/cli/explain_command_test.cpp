// `bearergate explain` as people run it: the real binary, real files, and an issuer on loopback.
#include <bearergate/cli/dev_issuer.hpp>

#include "support/files.hpp"
#include "support/loop.hpp"
#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace bearergate::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string bearergate = BEARERGATE_BINARY;
const std::string logto = BEARERGATE_TEST_DATA "/logto/";

std::string recorded(const std::string& name) {
    return nlohmann::json::parse(read_file(logto + "tokens.json")).at(name).at("access_token");
}

class ExplainCommand : public testing::Test {
protected:
    ExplainCommand() {
        std::string form = (std::filesystem::temp_directory_path() / "explain.XXXXXX").string();
        folder_ = mkdtemp(form.data());
        config_ = write("bearergate.yaml", config_with(""));
    }
    ~ExplainCommand() override { std::filesystem::remove_all(folder_); }

    static std::string config_with(const std::string& keys,
                                   const std::string& issuer = "http://localhost:3001/oidc") {
        return "issuers: { logto: { issuer: \"" + issuer + "\"" + keys +
               " } }\n"
               "audience: https://api.example.test/v1\n"
               "upstream: http://127.0.0.1:3000\n"
               "routes:\n"
               "  GET /healthz: public\n"
               "  GET /items: { scopes: [read:items] }\n"
               "  GET /reports: { organization: \"header:X-Org\" }\n";
    }
    std::string write(const std::string& name, const std::string& text) const {
        const auto path = std::filesystem::path(folder_) / name;
        std::ofstream(path) << text;
        return path.string();
    }
    Outcome explain(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {bearergate, "explain", "-c", config_});
        return run(arguments);
    }

    std::string folder_{};
    std::string config_{};
    std::string keys_ = logto + "jwks.json";
    std::string time_ = "2026-11-22T12:00:00Z";
};

TEST_F(ExplainCommand, AllowedIsZero) {
    const Outcome outcome = explain(
        {"--keys", keys_, "--at", time_, "--token", recorded("m2m_global_rw"), "GET", "/items"});
    EXPECT_EQ(outcome.code, 0) << outcome.output << outcome.errors;
    EXPECT_EQ(outcome.errors, "");
    EXPECT_THAT(outcome.output, HasSubstr("\u2713 16  The token holds the route's scopes"));
    EXPECT_THAT(outcome.output, HasSubstr("bearergate.yaml:6)"));
    EXPECT_THAT(outcome.output, HasSubstr("Allowed."));
    EXPECT_THAT(outcome.output, HasSubstr("X-Auth-Subject: 0zijz9uyrh5hqc1u02e7e"));
    EXPECT_THAT(outcome.output, Not(HasSubstr("\x1b")));  // no terminal, no colours
}

TEST_F(ExplainCommand, DeniedIsOneWithTheAnswerThatTheClientWouldGet) {
    const Outcome outcome = explain({"--keys", keys_, "--at", time_, "--token",
                                     recorded("m2m_global_no_role"), "GET", "/items"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.output, HasSubstr("\u2717 16"));
    EXPECT_THAT(outcome.output, HasSubstr("Refused: scope_missing."));
    EXPECT_THAT(outcome.output, HasSubstr("HTTP/1.1 403 Forbidden"));
    EXPECT_THAT(outcome.output, HasSubstr("\"reason\":\"scope_missing\""));
}

TEST_F(ExplainCommand, ReadsATokenFromAFileAndHeaderFieldsInTurn) {
    const std::string token = write("token", recorded("m2m_orgapi_acme_full") + "\r\n");
    const std::vector<std::string> common{"--keys", keys_, "--at", time_, "--token-file", token};
    auto arguments = common;
    arguments.insert(arguments.end(),
                     {"-H", "X-Org: qhgy8t5iqmye", "-H", "Accept: */*", "GET", "/reports"});
    EXPECT_EQ(explain(arguments).code, 0);
    arguments = common;
    arguments.insert(arguments.end(), {"-H", "X-Org: other", "GET", "/reports"});
    const Outcome outcome = explain(arguments);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.output, HasSubstr("Refused: organization_mismatch."));
}

TEST_F(ExplainCommand, TheTimeIsGivenOrNow) {
    const std::string token = recorded("m2m_org_acme_full");
    for (const std::string time : {"2026-11-22T12:00:00Z", "1795348800"}) {
        SCOPED_TRACE(time);
        const Outcome outcome =
            explain({"--keys", keys_, "--at", time, "--token", token, "GET", "/items"});
        EXPECT_THAT(outcome.output, HasSubstr("now 2026-11-22T12:00:00Z"));
    }
    const Outcome early =
        explain({"--keys", keys_, "--at", "1795337839", "--token", token, "GET", "/items"});
    EXPECT_THAT(early.output, HasSubstr("Refused: audience_mismatch."));
}

TEST_F(ExplainCommand, OfflineProvesNothingAndIsOne) {
    const Outcome outcome = explain(
        {"--offline", "--at", time_, "--token", recorded("m2m_global_rw"), "GET", "/items"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.output, HasSubstr("Signature not checked"));
    EXPECT_EQ(explain({"--offline", "GET", "/healthz"}).code, 0);
}

// As `--token "$TOKEN"` without such a variable; `curl -H "Authorization: Bearer $TOKEN"` then
// sends a field as well.
TEST_F(ExplainCommand, AnEmptyTokenIsOneAllTheSame) {
    const Outcome empty = explain({"--token", "", "GET", "/items"});
    EXPECT_EQ(empty.code, 1);
    EXPECT_THAT(empty.output, HasSubstr("Refused: credentials_malformed."));
    const Outcome none = explain({"GET", "/items"});
    EXPECT_THAT(none.output, HasSubstr("Refused: token_missing."));
}

TEST_F(ExplainCommand, ABodyThatIsTooLargeIsDenied) {
    config_ =
        write("bearergate.yaml", "server: { limits: { body_bytes: 10B } }\n" + config_with(""));
    const Outcome denied = explain({"-H", "Content-Length: 500", "GET", "/healthz"});
    EXPECT_EQ(denied.code, 1);
    EXPECT_THAT(denied.output, HasSubstr("\u2717 17  The body fits the limit"));
    EXPECT_THAT(denied.output, HasSubstr("HTTP/1.1 413 "));
    EXPECT_EQ(explain({"-H", "Content-Length: 10", "GET", "/healthz"}).code, 0);
}

TEST_F(ExplainCommand, WhatCannotBeExplainedIsTwo) {
    const std::string token = recorded("m2m_global_rw");
    const std::string bad_keys = write("bad.json", "{}");
    const struct {
        std::vector<std::string> arguments;
        std::string says;
    } cases[] = {
        {{"GET"}, "URL"},
        {{"GET", "items"}, "must be a path"},
        {{"-H", "nonsense", "GET", "/items"}, "Name: value"},
        {{"--at", "yesterday", "GET", "/items"}, "--at"},
        {{"--at", "2026-13-01T00:00:00Z", "GET", "/items"}, "--at"},
        {{"--at", "2026-02-30T00:00:00Z", "GET", "/items"}, "--at"},
        {{"--at", "2026-11-22T24:00:00Z", "GET", "/items"}, "--at"},
        {{"--at", "nan", "GET", "/items"}, "--at"},
        {{"--at", "-1", "GET", "/items"}, "--at"},
        {{"--at", "2026-11-22T12:00:00", "GET", "/items"}, "--at"},
        {{"--token", token, "--token-file", "x", "GET", "/items"}, "excludes"},
        {{"--offline", "--keys", keys_, "GET", "/items"}, "excludes"},
        {{"--token-file", folder_ + "/none", "GET", "/items"}, "none"},
        {{"--keys", folder_ + "/none", "GET", "/items"}, "none"},
        {{"--keys", bad_keys, "GET", "/items"}, "bad.json"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.says);
        const Outcome outcome = explain(c.arguments);
        EXPECT_EQ(outcome.code, 2) << outcome.output;
        EXPECT_EQ(outcome.output, "");
        EXPECT_THAT(outcome.errors, HasSubstr(c.says));
    }
}

TEST_F(ExplainCommand, ABadConfigurationIsTwoWithItsPlace) {
    config_ = write("bad.yaml", "issuer: https://a.example\nroutes:\n  GET items: public\n");
    const Outcome outcome = explain({"GET", "/items"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.output, "");
    EXPECT_THAT(outcome.errors, HasSubstr("bad.yaml:3:"));
    config_ = folder_ + "/missing.yaml";
    EXPECT_EQ(explain({"GET", "/items"}).code, 2);
}

TEST_F(ExplainCommand, TakesKeysFromTheFileThatTheConfigurationNames) {
    config_ = write("bearergate.yaml", config_with(", jwks_file: \"" + keys_ + "\""));
    const Outcome outcome =
        explain({"--at", time_, "--token", recorded("m2m_global_rw"), "GET", "/items"});
    EXPECT_EQ(outcome.code, 0) << outcome.output << outcome.errors;
}

TEST_F(ExplainCommand, FetchesKeysAsTheGatewayWouldAndSaysWhenItCannot) {
    Loop loop;
    cli::DevIssuer::Settings settings;
    settings.listen = {.text = "127.0.0.1:0", .host = "127.0.0.1"};
    settings.now = [] { return core::WallTime(std::chrono::seconds(1'795'348'700)); };
    cli::DevIssuer issuer(loop.io(), std::move(settings));
    issuer.start();
    loop.start();
    config_ = write("bearergate.yaml", config_with("", issuer.issuer()));
    const std::string payload =
        R"({"iss":")" + issuer.issuer() +
        R"(","sub":"ada","aud":"https://api.example.test/v1","scope":"read:items","iat":1795348700,"exp":1795352300})";
    const std::string token = issuer.key().sign(issuer.key().header(), payload);
    const std::vector<std::string> request{"--at", time_, "--token", token, "GET", "/items"};

    const Outcome fetched = explain(request);
    EXPECT_EQ(fetched.code, 0) << fetched.output << fetched.errors;
    EXPECT_THAT(fetched.output, HasSubstr("Allowed."));

    loop.on([&] { issuer.stop(); });
    loop.stop();
    const Outcome gone = explain(request);
    EXPECT_EQ(gone.code, 1);
    EXPECT_THAT(gone.output, HasSubstr("Refused: keys_unavailable."));
    EXPECT_EQ(gone.errors, "issuer logto: the keys could not be fetched: " + issuer.issuer() +
                               "/.well-known/openid-configuration: connection refused\n")
        << "the whole cause, and nothing of a next try";
}

}  // namespace
}  // namespace bearergate::test
