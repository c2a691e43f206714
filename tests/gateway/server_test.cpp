// The whole gateway in this process: put together, serving, and taken apart.

#include <bearergate/gateway/server.hpp>
#include <bearergate/net/http_server.hpp>

#include "support/dead_ends.hpp"
#include "support/http_client.hpp"
#include "support/limit_memory.hpp"
#include "support/lines.hpp"
#include "support/loop.hpp"
#include "support/sanitized.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_issuer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ServerTest : public testing::Test {
protected:
    ServerTest() {
        folder_.write("keys.json", issuer_.jwks());
        upstream_ = std::make_unique<net::HttpServer>(
            loop_.io(), net::ListenAddress{.text = "127.0.0.1:0", .host = "127.0.0.1"},
            net::HttpServer::Limits{},
            [this](const net::HttpQuestion& question, net::HttpServer::Answer give) {
                ++reached_;
                if (question.path() != "/slow") return give({.body = "from upstream"});
                held_ = std::move(give);
                holding_.set_value();
            });
        upstream_->start();
        loop_.start();
    }
    ~ServerTest() override {
        server_.reset();
        loop_.stop();
    }

    std::string configuration(const std::string& routes, const std::string& more = "") const {
        return "server: { listen: \"127.0.0.1:0\", workers: 2, timeouts: { drain: 5s } }\n"
               "admin: { listen: \"127.0.0.1:0\" }\n"
               "issuers: { default: { issuer: \"" +
               issuer_.issuer() + "\", jwks_file: keys.json } }\naudience: https://api.example\n" +
               "upstream: http://127.0.0.1:" + std::to_string(upstream_->port()) + "\n" + more +
               "routes:\n" + routes;
    }
    config::Loaded load(const std::string& text) const {
        config::LoadResult result =
            config::load(text, "test.yaml",
                         {.environment = [](const std::string&) { return std::nullopt; },
                          .folder = folder_.path().string()});
        std::string faults;
        for (const auto& error : result.errors) faults += config::render(error, "test", "error");
        if (!result.loaded) throw std::runtime_error(faults);
        return std::move(*result.loaded);
    }
    void make(const std::string& text) {
        server_ = std::make_unique<Server>(
            load(text),
            Server::Options{.wall_now =
                                [] {
                                    return core::WallTime(std::chrono::duration<double>(
                                        test::Issuer::issued_at + 60));
                                },
                            .log_line = [this](const std::string& line) { log_.add(line); },
                            .drained = [this] { drained_ = true; }});
    }
    void serve(const std::string& text) {
        make(text);
        server_->start();
    }
    test::Reply get(const std::string& target, const std::string& token = "") {
        test::Ask request{.target = target};
        if (!token.empty()) request.headers = {{"Authorization", "Bearer " + token}};
        return test::ask(server_->ports().front(), request);
    }
    test::Reply admin(const std::string& target) {
        return test::ask(server_->admin_port(), {.target = target});
    }

    test::TemporaryFolder folder_{};
    test::Issuer issuer_{};
    test::Loop loop_{};
    test::Lines log_{};
    std::atomic<int> reached_ = 0;
    std::atomic<bool> drained_ = false;
    net::HttpServer::Answer held_{};
    std::promise<void> holding_{};
    std::unique_ptr<net::HttpServer> upstream_{};
    std::unique_ptr<Server> server_{};
};

constexpr const char* routes =
    "  GET /open: public\n"
    "  GET /slow: public\n"
    "  GET /items: { scopes: [read:items] }\n";

TEST_F(ServerTest, ForwardsWhatIsPermittedAndNothingElse) {
    serve(configuration(routes));
    EXPECT_EQ(get("/open").status, 200);
    EXPECT_EQ(get("/items", issuer_.token(R"({"scope":"read:items"})")).body, "from upstream");
    EXPECT_EQ(reached_, 2);
    EXPECT_EQ(get("/items").status, 401);
    EXPECT_EQ(get("/items", issuer_.token(R"({"scope":"other"})")).status, 403);
    EXPECT_EQ(get("/items", test::Issuer().token(R"({"scope":"read:items"})")).status, 401);
    EXPECT_EQ(get("/elsewhere").status, 404);
    EXPECT_EQ(reached_, 2);
}

TEST_F(ServerTest, EveryWorkerServes) {
    serve(configuration(routes));
    // The kernel spreads connections over the workers' sockets; this many reach all of them.
    for (int i = 0; i < 32; ++i) {
        ASSERT_EQ(get("/items", issuer_.token(R"({"scope":"read:items"})")).status, 200);
    }
}

TEST_F(ServerTest, TellsTheLogWhatItIs) {
    std::string text = configuration(std::string(routes) +
                                     "  GET /later: { scopes: [a], mode: shadow }\n"
                                     "  GET /orgs/{orgId}: authenticated\n");
    serve(text);
    EXPECT_NE(log_.wait_for({"starting", "test.yaml"}), "");
    EXPECT_NE(log_.wait_for({"listening", std::to_string(server_->ports().front())}), "");
    EXPECT_NE(log_.wait_for({"admin listening", std::to_string(server_->admin_port())}), "");
    EXPECT_NE(log_.wait_for({"trusting issuer", issuer_.issuer(), "keys.json"}), "");
    EXPECT_NE(log_.wait_for({"shadow", "GET /later"}), "");
    EXPECT_NE(log_.wait_for({"warning", "orgId"}), "") << "the configuration's warnings";
    EXPECT_EQ(log_.times("shadow"), 1U);
}

TEST_F(ServerTest, WritesOneLineForEachRequest) {
    serve(configuration(routes));
    const std::string token = issuer_.token(R"({"scope":"other"})");
    get("/items?secret=1", token);
    const std::string line = log_.wait_for({"scope_missing"});
    ASSERT_NE(line, "");
    EXPECT_THAT(line, HasSubstr("GET /items"));
    EXPECT_THAT(line, HasSubstr("403"));
    EXPECT_THAT(line, testing::Not(HasSubstr("secret")));
    EXPECT_THAT(line, testing::Not(HasSubstr(token.substr(token.rfind('.')))));
}

TEST_F(ServerTest, AHeadThatIsNoneIsLoggedUnderTheIdOfItsAnswer) {
    serve(configuration(routes));
    const test::Reply reply =
        test::parse_reply(test::talk(server_->ports().front(), "NONSENSE\r\n\r\n"), false);
    EXPECT_EQ(reply.status, 400);
    EXPECT_NE(log_.wait_for({"bad_request", reply.header("X-Request-Id")}), "");
}

TEST_F(ServerTest, IsReadyOnceItsIssuersHaveKeys) {
    serve(configuration(routes));
    get("/items", issuer_.token());  // waits for the first read of the keys
    EXPECT_EQ(admin("/readyz").status, 200);
    EXPECT_EQ(admin("/healthz").status, 200);
}

TEST_F(ServerTest, IsNotReadyWhileAnIssuerThatARouteAcceptsHasNoKeys) {
    folder_.write("empty.json", R"({"keys":[]})");
    const std::string issuers =
        "issuers:\n"
        "  default: { issuer: \"" +
        issuer_.issuer() +
        "\", jwks_file: keys.json }\n"
        "  other: { issuer: \"https://other.example\", jwks_file: empty.json }\n";
    std::string text = configuration(
        "  GET /items: { issuer: default, scopes: [a] }\n"
        "  GET /b: { issuer: other, scopes: [a] }\n");
    text.replace(text.find("issuers:"), text.find("audience:") - text.find("issuers:"), issuers);
    serve(text);
    ASSERT_NE(log_.wait_for({"other", "usable"}), "");
    const test::Reply reply = admin("/readyz");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(json::parse(reply.body)["issuers_without_keys"], json({"other"}));
}

TEST_F(ServerTest, AnIssuerThatNoRouteAcceptsDoesNotCount) {
    folder_.write("empty.json", R"({"keys":[]})");
    const std::string issuers =
        "issuers:\n"
        "  default: { issuer: \"" +
        issuer_.issuer() +
        "\", jwks_file: keys.json }\n"
        "  other: { issuer: \"https://other.example\", jwks_file: empty.json }\n";
    std::string text = configuration(
        "  GET /items: { issuer: default, scopes: [a] }\n"
        "  GET /open: public\n");
    text.replace(text.find("issuers:"), text.find("audience:") - text.find("issuers:"), issuers);
    serve(text);
    ASSERT_NE(log_.wait_for({"other", "usable"}), "");
    get("/items", issuer_.token());
    EXPECT_EQ(admin("/readyz").status, 200);
}

TEST_F(ServerTest, DrainingFinishesWhatIsInFlightAndClosesTheRest) {
    serve(configuration(routes));
    std::optional<test::Connection> idle(server_->ports().front());
    ASSERT_TRUE(idle->send("GET /open HTTP/1.1\r\nHost: x\r\n\r\n"));
    idle->read_until("from upstream");
    std::optional<test::Connection> busy(server_->ports().front());
    ASSERT_TRUE(busy->send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    holding_.get_future().wait();

    server_->drain();
    EXPECT_EQ(idle->read_all(), "");
    idle.reset();
    EXPECT_EQ(json::parse(admin("/readyz").body)["draining"], true);
    EXPECT_FALSE(test::Connection(server_->ports().front()).is_open());
    EXPECT_FALSE(drained_);

    loop_.on([this] { held_({.body = "late but whole"}); });
    const std::string answer = busy->read_all();
    EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
    EXPECT_THAT(answer, HasSubstr("late but whole"));
    busy.reset();
    server_->wait();
    EXPECT_TRUE(drained_);
}

TEST_F(ServerTest, WhatOutlastsTheDrainTimeIsCut) {
    std::string text = configuration(routes);
    text.replace(text.find("drain: 5s"), 9, "drain: 100ms");
    serve(text);
    test::Connection busy(server_->ports().front());
    ASSERT_TRUE(busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    holding_.get_future().wait();
    server_->drain();
    server_->wait();
    EXPECT_EQ(busy.read_all(), "");
    EXPECT_NE(log_.wait_for({"drain time is over", "1"}), "");
}

TEST_F(ServerTest, StoppingCutsAtOnce) {
    serve(configuration(routes));
    test::Connection busy(server_->ports().front());
    ASSERT_TRUE(busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    holding_.get_future().wait();
    server_->stop();
    server_->wait();
    EXPECT_EQ(busy.read_all(), "");
    EXPECT_FALSE(drained_);
}

TEST_F(ServerTest, MayBeDrainedOrDestroyedBeforeItHasBegun) {
    make(configuration(routes));
    server_.reset();
    serve(configuration(routes));
    server_->drain();
    server_->wait();
    server_.reset();
    serve(configuration(routes));
    server_.reset();
}

TEST_F(ServerTest, AnAddressInUseIsOneClearMessage) {
    make(configuration(routes));
    const std::string taken = std::to_string(server_->ports().front());
    const std::string admin_taken = std::to_string(server_->admin_port());
    const auto first = std::move(server_);
    const struct {
        std::string from;
        std::string to;
    } cases[] = {
        {"listen: \"127.0.0.1:0\", workers", "listen: \"127.0.0.1:" + taken + "\", workers"},
        {"admin: { listen: \"127.0.0.1:0\"", "admin: { listen: \"127.0.0.1:" + admin_taken + "\""}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.to);
        std::string text = configuration(routes);
        text.replace(text.find(c.from), c.from.size(), c.to);
        try {
            make(text);
            ADD_FAILURE() << "two gateways share an address";
        } catch (const std::runtime_error& error) {
            EXPECT_THAT(error.what(), HasSubstr("cannot listen on 127.0.0.1:"));
            EXPECT_THAT(error.what(), HasSubstr("in use"));
        }
    }
}

TEST_F(ServerTest, ListensOnUnixSocketsForAllWorkers) {
    std::string text = configuration(routes);
    const std::string path = folder_.file("gateway.sock");
    text.replace(text.find("\"127.0.0.1:0\""), 13, "[ \"127.0.0.1:0\", \"unix:" + path + "\" ]");
    serve(text);
    EXPECT_EQ(server_->ports().size(), 2U);
    EXPECT_EQ(server_->ports().back(), 0);
    for (int i = 0; i < 8; ++i) {
        test::Connection connection(path);
        ASSERT_TRUE(connection.is_open());
        ASSERT_TRUE(connection.send("GET /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        EXPECT_THAT(connection.read_all(), HasSubstr("from upstream"));
    }
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              perms::owner_read | perms::owner_write | perms::group_read | perms::group_write);
}

TEST_F(ServerTest, AtTheLimitIdleConnectionsOfAnyWorkerMakeRoomAndTheLogSaysSo) {
    std::string text = configuration(routes);
    text.replace(text.find("workers: 2"), 10, "workers: 4, limits: { connections: 4 }");
    serve(text);
    std::vector<std::unique_ptr<test::Connection>> idle;
    for (int i = 0; i < 40; ++i) {
        idle.push_back(std::make_unique<test::Connection>(server_->ports().front()));
        ASSERT_TRUE(idle.back()->send("GET /open HTTP/1.1\r\nHost: x\r\n\r\n"));
        ASSERT_EQ(idle.back()->read_reply().status, 200) << i;
    }
    EXPECT_NE(log_.wait_for({"the limit of connections is reached"}), "");
}

TEST_F(ServerTest, TheLogSaysThatDescriptorsAreWanting) {
    if (test::is_sanitized) GTEST_SKIP() << "SKIPPED: sanitizers need descriptors of their own";
    serve(configuration(routes));
    // Stays open: the server's end of a connection that closes would be free to accept with.
    test::Connection first(server_->ports().front());
    ASSERT_TRUE(first.send("GET /open HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_EQ(first.read_reply().status, 200);
    const int next = ::dup(STDIN_FILENO);  // the lowest that is free
    ASSERT_GE(next, 0);
    ::close(next);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit lowered{.rlim_cur = static_cast<rlim_t>(next) + 1, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
    {
        const test::Connection last(server_->ports().front());
        EXPECT_NE(log_.wait_for({"out of file descriptors"}), "");
    }
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(get("/open").status, 200);
}

TEST_F(ServerTest, FewDescriptorsMeanFewerConnectionsThanConfigured) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit lowered{.rlim_cur = 200, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
    serve(configuration(routes));
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_NE(log_.wait_for({"fewer connections than configured", "10000"}), "");
}

TEST_F(ServerTest, AnUpstreamByNameIsFound) {
    std::string text = configuration(routes);
    text.replace(text.find("http://127.0.0.1:"), 17, "http://localhost:");
    serve(text);
    EXPECT_EQ(get("/open").status, 200);
}

TEST_F(ServerTest, TheLogSaysWhyAnUpstreamCannotBeReached) {
    const test::ClosedPort closed;
    const std::string own = "http://127.0.0.1:" + std::to_string(upstream_->port());
    const struct {
        std::string url, why;
    } cases[] = {{closed.url(), "connection refused"},
                 {"https" + own.substr(4), "wrong version number"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.url);
        std::string text = configuration(routes);
        text.replace(text.find(own), own.size(), c.url);
        serve(text);
        EXPECT_EQ(get("/open").status, 502);
        EXPECT_NE(log_.wait_for({"an upstream cannot be reached", R"("upstream":"default")",
                                 R"("server":")" + c.url + "\"", c.why}),
                  "");
    }
}

// Clients of a worker that never ran would wait for ever.
TEST_F(ServerTest, DoesNotStartWithFewerThreadsThanItHasWorkers) {
    if (test::is_sanitized) GTEST_SKIP() << "SKIPPED: sanitizers need all the memory there is";
    std::string text = configuration(routes);
    text.replace(text.find("workers: 2"), 10, "workers: 64");
    EXPECT_EXIT(
        {
            make(text);
            test::limit_memory(64 * 1024 * 1024);
            try {
                server_->start();
            } catch (const std::runtime_error& error) {
                std::cerr << error.what();
                server_.reset();  // those that there are end
                std::_Exit(3);
            }
        },
        testing::ExitedWithCode(3), "not enough threads");
}

}  // namespace
}  // namespace bearergate::gateway
