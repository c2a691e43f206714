// `bearergate demo`, the real binary: what it prints is what happens.

#include "support/http_client.hpp"
#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <csignal>
#include <regex>
#include <string>
#include <vector>

namespace bearergate::test {
namespace {

using testing::HasSubstr;

constexpr const char* end_of_introduction = "logged below.\n";

// A line of the demonstration, with the status that it promises.
struct Promise {
    int status = 0;
    std::string line{};
    std::string method = "GET";
    std::uint16_t port = 0;
    std::string target{};
    std::string token{};
};

std::vector<Promise> promises_in(const std::string& output) {
    static const std::regex pattern(
        "\n([0-9]{3})  [^\n]+\n"
        "(curl -i(?: -X ([A-Z]+))? http://127\\.0\\.0\\.1:([0-9]+)(/[^ \n]*)"
        "(?: -H 'Authorization: Bearer ([^']+)')?)\n");
    std::vector<Promise> promises;
    for (std::sregex_iterator match(output.begin(), output.end(), pattern), end; match != end;
         ++match) {
        promises.push_back({.status = std::stoi((*match)[1]),
                            .line = (*match)[2],
                            .method = (*match)[3].matched ? (*match)[3].str() : "GET",
                            .port = static_cast<std::uint16_t>(std::stoi((*match)[4])),
                            .target = (*match)[5],
                            .token = (*match)[6]});
    }
    return promises;
}

TEST(DemoCommand, KeepsEveryPromiseItPrints) {
    Process demo({BEARERGATE_BINARY, "demo", "--listen", "127.0.0.1:0"});
    ASSERT_TRUE(demo.wait_for_output(end_of_introduction)) << demo.errors();
    EXPECT_THAT(demo.output(), testing::Not(HasSubstr("\033"))) << "colours, but no terminal";
    const std::vector<Promise> promises = promises_in(demo.output());
    ASSERT_GE(promises.size(), 12U);
    int permitted = 0;
    for (const Promise& promise : promises) {
        SCOPED_TRACE(promise.line);
        Headers headers;
        if (!promise.token.empty()) {
            headers.emplace_back("Authorization", "Bearer " + promise.token);
        }
        const Reply reply = ask(
            promise.port, {.method = promise.method, .target = promise.target, .headers = headers});
        EXPECT_EQ(reply.status, promise.status) << reply.body;
        const auto body = nlohmann::json::parse(reply.body);
        if (promise.status == 200) {
            ++permitted;
            EXPECT_EQ(body["target"], promise.target);
            EXPECT_EQ(body["headers"].contains("X-Auth-Subject"), !promise.token.empty());
            EXPECT_FALSE(body["headers"].contains("Authorization"));
        } else {
            EXPECT_TRUE(body.contains("reason"));
        }
    }
    EXPECT_GE(permitted, 4) << "one of each model and a public one";
    demo.signal(SIGINT);
    EXPECT_EQ(demo.wait(), 0) << demo.errors();
}

TEST(DemoCommand, NamesItsStatusPage) {
    Process demo({BEARERGATE_BINARY, "demo", "--listen", "127.0.0.1:0"});
    ASSERT_TRUE(demo.wait_for_output(end_of_introduction)) << demo.errors();
    const std::regex place("status page is at http://127\\.0\\.0\\.1:([0-9]+)/: ");
    std::smatch found;
    ASSERT_TRUE(std::regex_search(demo.output(), found, place)) << demo.output();
    const Reply reply = ask(static_cast<std::uint16_t>(std::stoi(found[1])), {.target = "/"});
    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.body, HasSubstr("<title>bearergate</title>"));
}

TEST(DemoCommand, ItsLinesRunInAShell) {
    if (run({"sh", "-c", "command -v curl"}).code != 0) GTEST_SKIP() << "SKIPPED: no curl here";
    Process demo({BEARERGATE_BINARY, "demo", "--listen", "127.0.0.1:0"});
    ASSERT_TRUE(demo.wait_for_output(end_of_introduction)) << demo.errors();
    for (const Promise& promise : promises_in(demo.output())) {
        SCOPED_TRACE(promise.line);
        const Outcome outcome = run({"sh", "-c", promise.line});
        EXPECT_EQ(outcome.code, 0);
        EXPECT_THAT(outcome.output,
                    testing::StartsWith("HTTP/1.1 " + std::to_string(promise.status)));
    }
}

TEST(DemoCommand, LogsEachRequestBelowItsIntroduction) {
    Process demo({BEARERGATE_BINARY, "demo", "--listen", "127.0.0.1:0"});
    ASSERT_TRUE(demo.wait_for_output(end_of_introduction)) << demo.errors();
    const std::vector<Promise> promises = promises_in(demo.output());
    ASSERT_FALSE(promises.empty());
    ask(promises.front().port, {.target = "/elsewhere"});
    EXPECT_TRUE(demo.wait_for_output("no_route"));
}

TEST(DemoCommand, ListensOnLocalhostByItsName) {
    Process demo({BEARERGATE_BINARY, "demo", "--listen", "localhost:0"});
    ASSERT_TRUE(demo.wait_for_output(end_of_introduction)) << demo.errors();
    EXPECT_EQ(demo.errors(), "");
}

TEST(DemoCommand, BadPlacesAreTwo) {
    Process first({BEARERGATE_BINARY, "demo", "--listen", "127.0.0.1:0"});
    ASSERT_TRUE(first.wait_for_output(end_of_introduction)) << first.errors();
    const std::string taken = "127.0.0.1:" + std::to_string(promises_in(first.output()).at(0).port);
    for (const std::string& place : {taken, std::string("host.example:8080"), std::string("8080"),
                                     std::string("unix:/tmp/demo.sock")}) {
        SCOPED_TRACE(place);
        const Outcome outcome = run({BEARERGATE_BINARY, "demo", "--listen", place});
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.output, "");
        EXPECT_THAT(outcome.errors, HasSubstr("bearergate demo: "));
    }
}

}  // namespace
}  // namespace bearergate::test
