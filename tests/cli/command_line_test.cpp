// The real binary's manners: what it says and which code it exits with.

#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::test {
namespace {

using testing::HasSubstr;

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
