// The real binary's manners: what it says and which code it exits with.

#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string bearergate = BEARERGATE_BINARY;

TEST(CommandLine, HelpTeachesAndSucceeds) {
    const Outcome outcome = run({bearergate, "--help"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.errors, "");
    for (const char* word : {"authorization gateway", "Examples:", "version", "Exit codes:"}) {
        EXPECT_THAT(outcome.output, HasSubstr(word));
    }
}

TEST(CommandLine, BadUsageIsTwoAndGoesToStandardError) {
    const std::vector<std::vector<std::string>> cases = {
        {bearergate},
        {bearergate, "nonsense"},
        {bearergate, "--nonsense"},
        {bearergate, "version", "--nonsense"},
        {bearergate, "version", "version"},
    };
    for (const auto& command : cases) {
        SCOPED_TRACE(command.back());
        const Outcome outcome = run(command);
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.output, "");
        EXPECT_NE(outcome.errors, "");
    }
}

TEST(CommandLine, VersionNamesTheLibraries) {
    const Outcome outcome = run({bearergate, "version"});
    EXPECT_EQ(outcome.code, 0);
    for (const char* name : {"bearergate ", "Boost", "OpenSSL        3.", "nlohmann/json  3.",
                             "yaml-cpp       0.", "spdlog         1.", "fmt   "}) {
        EXPECT_THAT(outcome.output, HasSubstr(name));
    }
}

TEST(CommandLine, VersionIsAnOptionToo) {
    const Outcome outcome = run({bearergate, "--version"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.output, run({bearergate, "version"}).output);
}

// Where people put a token by mistake, by a shell's or their own.
TEST(CommandLine, ATokenInTheWrongPlaceIsNeverShownWhole) {
    const std::string jwt =
        "eyJhbGciOiJFUzM4NCIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhZGEifQ." + std::string(128, 'x');
    const std::string opaque = "C5bLzQ0mWkXb9pN2vT7yRfHgJdKsAeUiOoPlMnBvCxZ";
    const std::string config = BEARERGATE_SOURCE_DIR "/config/quickstart.yaml";
    for (const std::string& token : {jwt, opaque}) {
        const std::vector<std::vector<std::string>> cases = {
            {token},
            {"run", "-c", config, token},
            {"run", "-c", token},
            {"run", "--token=" + token},
            {"check", "-c", token},
            {"test", "-c", config, token},
            {"test", "-c", config, "--junit", "/no/" + token},
            {"explain", "-c", config, "GET", "/items", token},
            {"explain", "-c", config, "--token-file", token, "GET", "/items"},
            {"explain", "-c", config, "--token-file", "./" + token, "GET", "/items"},
            {"explain", "-c", config, "--keys", token, "GET", "/items"},
            {"explain", "-c", config, "--offline=" + token, "GET", "/items"},
            {"explain", "-c", config, "-H", token, "GET", "/items"},
            {"explain", "-c", config, "--at", token, "GET", "/items"},
            {"token", "--key", token},
            {"token", "--generate", "/no/" + token},
            {"token", "--generate", "/no/file", "--algorithm", token},
            {"issuer", "--listen", token},
            {"issuer", "--url", token},
            {"demo", "--listen", token},
            {"ready", "--admin", token},
            {"ready", "--admin", "unix:" + token},
        };
        for (std::vector<std::string> command : cases) {
            SCOPED_TRACE(testing::PrintToString(command));
            command.insert(command.begin(), bearergate);
            const Outcome outcome = run(command);
            EXPECT_GT(outcome.code, 0);
            EXPECT_NE(outcome.errors, "");
            EXPECT_THAT(outcome.output + outcome.errors, Not(HasSubstr(token)));
        }
    }
}

TEST(CommandLine, TheNamesOfFilesAreShownWhole) {
    const std::string file = "/no/such/folder/of/mine/my-bearergate.yaml";
    EXPECT_THAT(run({bearergate, "check", "-c", file}).errors, HasSubstr(file + ": error: "));
}

TEST(CommandLine, OutputThatCannotBeWrittenIsAFailure) {
    const Outcome outcome = run({bearergate, "version"}, {.output_file = "/dev/full"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.errors, HasSubstr("could not be written"));
    const Outcome closed = run({"/bin/sh", "-c", "exec \"$0\" version >&-", bearergate});
    EXPECT_EQ(closed.code, 1);
    EXPECT_THAT(closed.errors, HasSubstr("could not be written"));
}

}  // namespace
}  // namespace bearergate::test
