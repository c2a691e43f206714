#include <bearergate/cli/echo_upstream.hpp>

#include "support/http_client.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace bearergate::cli {
namespace {

using nlohmann::json;

TEST(EchoUpstream, AnswersWithWhatItReceived) {
    test::Loop loop;
    EchoUpstream upstream(loop.io(), {.text = "127.0.0.1:0", .host = "127.0.0.1"});
    upstream.start();
    loop.start();
    const test::Reply reply = test::ask(upstream.port(), {.method = "PATCH",
                                                          .target = "/a/b?c=d",
                                                          .headers = {{"X-One", "1"},
                                                                      {"X-Many", "a"},
                                                                      {"X-Many", "b"},
                                                                      {"X-Many", "c"},
                                                                      {"X-Bytes", "\xff\xfe"}},
                                                          .body = std::string(70'000, 'x')});
    loop.stop();
    ASSERT_EQ(reply.status, 200);
    const json echo = json::parse(reply.body);
    EXPECT_EQ(echo["method"], "PATCH");
    EXPECT_EQ(echo["target"], "/a/b?c=d");
    EXPECT_EQ(echo["body_bytes"], 70'000);
    EXPECT_EQ(echo["headers"]["X-One"], "1");
    EXPECT_EQ(echo["headers"]["X-Many"], json({"a", "b", "c"}));
    EXPECT_TRUE(echo["headers"].contains("X-Bytes"));
    EXPECT_EQ(echo["headers"]["Host"], "localhost");
}

}  // namespace
}  // namespace bearergate::cli
