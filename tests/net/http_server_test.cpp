#include <bearergate/net/http_server.hpp>

#include "support/http_client.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
protected:
    ~HttpServerTest() override { loop_.stop(); }

    void serve(const HttpServer::Limits& limits = {}) {
        server_ = std::make_unique<HttpServer>(
            loop_.io(), ListenAddress{.text = "127.0.0.1:0", .host = "127.0.0.1"}, limits,
            [this](const HttpQuestion& question, HttpServer::Answer give) {
                ++asked_;
                handler_(question, std::move(give));
            });
        server_->start();
        loop_.start();
    }
    std::uint16_t port() const { return server_->port(); }

    HttpServer::Handler handler_ = [](const HttpQuestion& question, HttpServer::Answer give) {
        give({.body = question.method + " " + question.target + " " + question.body});
    };
    std::atomic<int> asked_ = 0;
    test::Loop loop_{};
    std::unique_ptr<HttpServer> server_{};
};

TEST_F(HttpServerTest, AnswersWithWhatTheHandlerGives) {
    serve();
    const test::Reply reply =
        test::ask(port(), {.method = "POST", .target = "/a?b", .body = "xyz"});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "POST /a?b xyz");
    EXPECT_EQ(reply.header("Content-Type"), "application/json");
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
}

TEST_F(HttpServerTest, KeepsAConnectionForTheNextRequest) {
    serve();
    test::Connection connection(port());
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(connection.send("GET /again HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_THAT(connection.read_until("GET /again "), StartsWith("HTTP/1.1 200"));
    }
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
    serve();
    const std::string bytes =
        test::talk(port(), "HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(bytes, HasSubstr("Content-Length: 8\r\n"));
    EXPECT_TRUE(bytes.ends_with("\r\n\r\n")) << bytes;
}

TEST_F(HttpServerTest, TheAnswerMayComeLaterAndFromAnotherThread) {
    std::thread helper;
    handler_ = [&helper](const HttpQuestion&, HttpServer::Answer give) {
        helper = std::thread([give = std::move(give)]() mutable { give({.status = 201}); });
    };
    serve();
    EXPECT_EQ(test::ask(port(), {}).status, 201);
    helper.join();
}

TEST_F(HttpServerTest, WhatCannotBeReadIsRefusedWithoutAskingTheHandler) {
    serve({.header_bytes = 512, .body_bytes = 100});
    const struct {
        const char* name;
        std::string bytes;
        const char* answer;
    } cases[] = {
        {"not HTTP", "hello there\r\n\r\n", "HTTP/1.1 400"},
        {"a space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "HTTP/1.1 400"},
        {"a header too large", "GET / HTTP/1.1\r\nX: " + std::string(600, 'x') + "\r\n\r\n",
         "HTTP/1.1 431"},
        {"a body too large",
         "POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'), "HTTP/1.1 413"},
        {"a body said to be enormous", "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
         "HTTP/1.1 413"},
        {"a chunked body too large",
         "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') +
             "\r\n0\r\n\r\n",
         "HTTP/1.1 413"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const std::string answer = test::talk(port(), c.bytes);
        EXPECT_THAT(answer, StartsWith(c.answer));
        EXPECT_THAT(answer, HasSubstr("Connection: close"));
    }
    EXPECT_EQ(asked_, 0);
}

TEST_F(HttpServerTest, AnExceptionInAHandlerCostsOneConnection) {
    handler_ = [](const HttpQuestion& question, HttpServer::Answer give) {
        if (question.target == "/bad") throw std::runtime_error("a bug");
        give({});
    };
    serve();
    EXPECT_EQ(test::ask(port(), {.target = "/bad"}).status, 0);
    EXPECT_EQ(test::ask(port(), {.target = "/good"}).status, 200);
}

TEST_F(HttpServerTest, BeyondItsLimitAConnectionWaitsForAnotherToEnd) {
    HttpServer::Answer late;
    std::promise<void> asked;
    handler_ = [&](const HttpQuestion& question, HttpServer::Answer give) {
        if (question.target != "/slow") return give({.body = "at once"});
        late = std::move(give);
        asked.set_value();
    };
    serve({.connections = 1});
    test::Connection first(port());
    ASSERT_TRUE(first.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    asked.get_future().wait();
    test::Connection second(port());
    ASSERT_TRUE(second.send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
    loop_.on([] {});
    EXPECT_EQ(asked_, 1) << "one with a request under way is not cut";
    late({.body = "late but whole"});
    EXPECT_THAT(first.read_until("whole"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(second.read_until("at once"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, WhoHasIdledForLongestMakesRoom) {
    serve({.connections = 3});
    const std::string request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    const auto answers = [&](test::Connection& connection) {
        return connection.send(request) && connection.read_until("GET /a ").starts_with("HTTP");
    };
    test::Connection silent(port());
    test::Connection slow(port());
    ASSERT_TRUE(slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"));
    test::Connection kept(port());
    ASSERT_TRUE(answers(kept));
    test::Connection fourth(port());
    EXPECT_TRUE(answers(fourth));
    EXPECT_EQ(silent.read_all(), "");
    test::Connection fifth(port());
    EXPECT_TRUE(answers(fifth));
    EXPECT_EQ(slow.read_all(), "") << "half a request is none";
    EXPECT_TRUE(answers(kept)) << "and has now idled for a shorter time than the others";
    test::Connection sixth(port());
    EXPECT_TRUE(answers(sixth));
    EXPECT_EQ(fourth.read_all(), "");
    EXPECT_TRUE(answers(kept));
}

TEST_F(HttpServerTest, WhoDoesNotReadItsAnswerMakesRoom) {
    handler_ = [](const HttpQuestion& question, HttpServer::Answer give) {
        give({.body = question.target == "/large" ? std::string(4 << 20, 'x') : "small"});
    };
    serve({.connections = 4});
    std::vector<std::unique_ptr<test::Connection>> deaf;
    for (int i = 0; i < 12; ++i) {
        deaf.push_back(std::make_unique<test::Connection>(port(), 2048));
        ASSERT_TRUE(deaf.back()->send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(test::ask(port(), {}).body, "small");
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST_F(HttpServerTest, SilenceShutsNobodyOut) {
    serve({.connections = 8});
    std::vector<std::unique_ptr<test::Connection>> silent;
    for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<test::Connection>(port()));
    EXPECT_EQ(test::ask(port(), {}).status, 200);
}

TEST_F(HttpServerTest, AHeadMustComeSoonAndAnotherOneMayTakeItsTime) {
    serve({.head = std::chrono::milliseconds(200)});
    test::Connection silent(port());
    test::Connection half(port());
    ASSERT_TRUE(half.send("GET / HT"));
    test::Connection kept(port());
    ASSERT_TRUE(kept.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
    kept.read_until("GET /1 ");
    EXPECT_EQ(silent.read_all(), "");
    EXPECT_EQ(half.read_all(), "");
    EXPECT_EQ(half.end(), test::Connection::End::closed);
    // Later than the others were sent away.
    ASSERT_TRUE(kept.send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(kept.read_until("GET /2 "), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, StoppingCutsConnectionsAndLeavesAnswersNothingToTouch) {
    HttpServer::Answer late;
    std::promise<void> asked;
    handler_ = [&](const HttpQuestion&, HttpServer::Answer give) {
        late = std::move(give);
        asked.set_value();
    };
    serve();
    test::Connection idle(port());
    test::Connection waiting(port());
    ASSERT_TRUE(waiting.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    asked.get_future().wait();
    loop_.on([this] { server_.reset(); });
    EXPECT_EQ(waiting.read_all(), "");
    EXPECT_EQ(idle.read_all(), "");
    late({});
    loop_.on([] {});
}

TEST(HttpQuestion, FindsFieldsWhateverTheirCase) {
    const HttpQuestion question{.target = "/path?query=/x",
                                .fields = {{"HOST", "a"}, {"X-Y", "1"}, {"host", "b"}}};
    EXPECT_EQ(question.path(), "/path");
    EXPECT_EQ(question.count("Host"), 2U);
    EXPECT_EQ(question.value("Host"), "a");
    EXPECT_EQ(question.count("Hos"), 0U);
    EXPECT_EQ(question.value("absent"), "");
}

}  // namespace
}  // namespace bearergate::net
