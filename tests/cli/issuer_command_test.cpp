// `bearergate issuer`, the real binary.

#include "support/http_client.hpp"
#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <csignal>
#include <string>
#include <vector>

namespace bearergate::test {
namespace {

using testing::HasSubstr;

std::uint16_t port_in(const std::string& output) {
    constexpr std::string_view before = "http://127.0.0.1:";
    const std::size_t start = output.find(before) + before.size();
    std::uint16_t port = 0;
    std::from_chars(output.data() + start, output.data() + output.size(), port);
    return port;
}

TEST(IssuerCommand, ServesUntilItIsToldToStop) {
    for (const int signal : {SIGTERM, SIGINT}) {
        Process issuer({BEARERGATE_BINARY, "issuer", "--listen", "127.0.0.1:0"});
        ASSERT_TRUE(issuer.wait_for_output("/rotate\n")) << issuer.errors();
        EXPECT_THAT(issuer.output(), testing::StartsWith("FOR DEVELOPMENT ONLY"));
        const std::uint16_t port = port_in(issuer.output());
        const Reply reply = ask(port, {.target = "/oidc/.well-known/openid-configuration"});
        ASSERT_EQ(reply.status, 200);
        EXPECT_EQ(nlohmann::json::parse(reply.body)["issuer"],
                  "http://127.0.0.1:" + std::to_string(port) + "/oidc");
        issuer.signal(signal);
        EXPECT_EQ(issuer.wait(), 0);
    }
}

TEST(IssuerCommand, HoldsClientsToTheirSecrets) {
    Process issuer({BEARERGATE_BINARY, "issuer", "--listen", "127.0.0.1:0", "--client", "a:b:c"});
    ASSERT_TRUE(issuer.wait_for_output("/rotate\n")) << issuer.errors();
    const auto status_with = [port = port_in(issuer.output())](const std::string& secret) {
        return ask(port, {.method = "POST",
                          .target = "/oidc/token",
                          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                          .body = "grant_type=client_credentials&organization_id=acme"
                                  "&client_id=a&client_secret=" +
                                  secret})
            .status;
    };
    EXPECT_EQ(status_with("b:c"), 200);
    EXPECT_EQ(status_with("b"), 401);
}

TEST(IssuerCommand, WarnsLoudlyWhereOtherMachinesReachIt) {
    Process issuer({BEARERGATE_BINARY, "issuer", "--listen", "0.0.0.0:0", "--client", "app:word"});
    ASSERT_TRUE(issuer.wait_for_output("/rotate\n")) << issuer.errors();
    issuer.signal(SIGTERM);
    EXPECT_EQ(issuer.wait(), 0);
    EXPECT_THAT(issuer.errors(), HasSubstr("WARNING"));
    Process local({BEARERGATE_BINARY, "issuer", "--listen", "127.0.0.1:0"});
    ASSERT_TRUE(local.wait_for_output("/rotate\n")) << local.errors();
    local.signal(SIGTERM);
    EXPECT_EQ(local.wait(), 0);
    EXPECT_EQ(local.errors(), "");
}

// Gateways compare issuers byte for byte, with what people write there.
TEST(IssuerCommand, IsCalledAsItIsAskedFor) {
    Process local({BEARERGATE_BINARY, "issuer", "--listen", "localhost:0"});
    ASSERT_TRUE(local.wait_for_output("/rotate\n")) << local.errors();
    EXPECT_THAT(local.output(), HasSubstr("issuer     http://localhost:"));
    EXPECT_EQ(local.errors(), "");
    Process named({BEARERGATE_BINARY, "issuer", "--listen", "127.0.0.1:0", "--url", "http://h:1/"});
    ASSERT_TRUE(named.wait_for_output("/rotate\n")) << named.errors();
    EXPECT_THAT(named.output(), HasSubstr("issuer     http://h:1/oidc\n"));
    EXPECT_THAT(named.output(), HasSubstr("curl -X POST http://h:1/rotate\n"));
}

TEST(IssuerCommand, SaysHowAClientOfItsOwnAsks) {
    Process issuer(
        {BEARERGATE_BINARY, "issuer", "--listen", "127.0.0.1:0", "--client", "me:a&b c"});
    ASSERT_TRUE(issuer.wait_for_output("/rotate\n")) << issuer.errors();
    EXPECT_THAT(issuer.output(), HasSubstr("/token -u me:a%26b%20c -d grant_type="));
    const Reply reply = ask(port_in(issuer.output()),
                            {.method = "POST",
                             .target = "/oidc/token",
                             .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                                         {"Authorization", "Basic bWU6YSUyNmIlMjBj"}},
                             .body = "grant_type=client_credentials&organization_id=acme"});
    EXPECT_EQ(reply.status, 200) << reply.body;
}

TEST(IssuerCommand, AnAddressInUseOrNoAddressIsTwo) {
    Process first({BEARERGATE_BINARY, "issuer", "--listen", "127.0.0.1:0"});
    ASSERT_TRUE(first.wait_for_output("/rotate\n"));
    const std::string taken = "127.0.0.1:" + std::to_string(port_in(first.output()));
    for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{
             {"--listen", taken},
             {"--listen", "host.example:3001"},
             {"--listen", "unix:/tmp/x"},
             {"--listen", "0.0.0.0:0"},
             {"--listen", "127.0.0.1:0", "--client", "no-secret"},
             {"--listen", "127.0.0.1:0", "--client", "app:"},
             {"--listen", "127.0.0.1:0", "--url", "foo"},
             {"--listen", "127.0.0.1:0", "--url", "http://"},
             {"--listen", "127.0.0.1:0", "--url", "http://h?x"},
             {"--listen", "127.0.0.1:0", "--url", "http://h/#x"},
             {"--listen", "127.0.0.1:0", "--url", "http://u@h"}}) {
        SCOPED_TRACE(options.back());
        std::vector<std::string> command = {BEARERGATE_BINARY, "issuer"};
        command.insert(command.end(), options.begin(), options.end());
        const Outcome outcome = run(command);
        EXPECT_EQ(outcome.code, 2);
        EXPECT_THAT(outcome.errors, HasSubstr("bearergate issuer: "));
        EXPECT_EQ(outcome.output, "");
    }
}

}  // namespace
}  // namespace bearergate::test
