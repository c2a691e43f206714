#include <bearergate/gateway/admin.hpp>

#include "support/http_client.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using nlohmann::json;

class AdminTest : public testing::Test {
protected:
    ~AdminTest() override { loop_.stop(); }
    void SetUp() override {
        config::Admin config;
        config.listen = {.text = "127.0.0.1:0", .host = "127.0.0.1"};
        config.hosts = {"gateway.internal"};
        admin_ =
            std::make_unique<Admin>(loop_.io(), config,
                                    Admin::Sources{
                                        .readiness = [this] { return now_; },
                                        .metrics = [](Admin::TakeText take) { take("up 1\n"); },
                                    });
        admin_->start();
        loop_.start();
    }
    test::Reply get(const std::string& target, const test::Headers& headers = {}) {
        return test::ask(admin_->port(), {.target = target, .headers = headers});
    }

    Readiness now_{};
    test::Loop loop_{};
    std::unique_ptr<Admin> admin_{};
};

TEST_F(AdminTest, IsHealthyWheneverItAnswers) {
    now_.draining = true;
    const test::Reply reply = get("/healthz");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(json::parse(reply.body), (json{{"status", "ok"}}));
    EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
}

TEST_F(AdminTest, IsReadyUnlessSomethingIsMissing) {
    EXPECT_EQ(get("/readyz").status, 200);
    EXPECT_EQ(get("/readyz?verbose").status, 200);
}

TEST_F(AdminTest, SaysWhichIssuersHaveNoKeys) {
    loop_.on([this] { now_.issuers_without_keys = {"logto", "other"}; });
    const test::Reply reply = get("/readyz");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(json::parse(reply.body)["issuers_without_keys"], json({"logto", "other"}));
    EXPECT_EQ(json::parse(reply.body)["draining"], false);
}

TEST_F(AdminTest, IsNotReadyWhileDraining) {
    loop_.on([this] { now_.draining = true; });
    const test::Reply reply = get("/readyz");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(json::parse(reply.body)["draining"], true);
}

TEST_F(AdminTest, GivesScrapersTheirText) {
    const test::Reply reply = get("/metrics");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(reply.body, "up 1\n");
}

TEST_F(AdminTest, RefusesNamesThatAWebPageCouldRebind) {
    for (const char* host :
         {"evil.example", "evil.example:9901", "127.0.0.1.evil.example", "localhost.evil.example",
          "1.2.3", "0x7f000001", "2130706433", "", "gateway.internal.evil.example", "::1",
          "[::1].evil.example", "localhost:99x"}) {
        SCOPED_TRACE(host);
        for (const char* page : {"/healthz", "/readyz", "/metrics", "/absent"}) {
            EXPECT_EQ(get(page, {{"Host", host}}).status, 403);
        }
    }
}

TEST_F(AdminTest, AdmitsAddressesLocalhostAndConfiguredNames) {
    for (const char* host :
         {"127.0.0.1", "127.0.0.1:9901", "10.1.2.3:80", "[::1]", "[::1]:9901", "[2001:db8::1]",
          "localhost", "LocalHost:1", "gateway.internal", "Gateway.Internal:9901"}) {
        SCOPED_TRACE(host);
        EXPECT_EQ(get("/healthz", {{"Host", host}}).status, 200);
    }
}

TEST_F(AdminTest, RefusesRequestsThatNameNoHostOrTwoOrAnotherInTheTarget) {
    const std::uint16_t port = admin_->port();
    for (const char* bytes :
         {"GET /healthz HTTP/1.0\r\n\r\n", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
          "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"
          "Connection: close\r\n\r\n",
          "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n"
          "Connection: close\r\n\r\n",
          "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"}) {
        SCOPED_TRACE(bytes);
        EXPECT_EQ(test::parse_reply(test::talk(port, bytes), false).status, 400);
    }
}

TEST_F(AdminTest, KnowsItsPagesAndTheirMethods) {
    EXPECT_EQ(get("/absent").status, 404);
    EXPECT_EQ(get("/healthz/").status, 404);
    EXPECT_EQ(get("/%68ealthz").status, 404);
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
        const test::Reply reply =
            test::ask(admin_->port(), {.method = method, .target = "/readyz"});
        EXPECT_EQ(reply.status, 405);
        EXPECT_EQ(reply.header("Allow"), "GET, HEAD");
    }
    EXPECT_EQ(test::ask(admin_->port(), {.method = "HEAD", .target = "/readyz"}).status, 200);
}

}  // namespace
}  // namespace bearergate::gateway
