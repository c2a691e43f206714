// The page itself: its files, its events, and who may have them.

#include <bearergate/gateway/admin.hpp>

#include "gateway/event_reader.hpp"
#include "gateway/observed.hpp"
#include "support/http_client.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bearergate::gateway {
namespace {

using config::AdminPage;
using nlohmann::json;
using test::EventReader;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> files = {"/",         "/style.css",  "/page.js",  "/chart.js",
                                        "/dom.js",   "/explain.js", "/lists.js", "/notices.js",
                                        "/words.js", "/icon.svg"};

class StatusPageTest : public testing::Test {
protected:
    ~StatusPageTest() override {
        loop_.on([this] { admin_.reset(); });
        loop_.stop();
    }
    void serve(AdminPage who) {
        config_.listen = {.text = "127.0.0.1:0", .host = "127.0.0.1"};
        config_.page = who;
        admin_ = std::make_unique<Admin>(
            loop_.io(), config_,
            Admin::Sources{.readiness = [] { return Readiness{}; },
                           .observe =
                               [this](TakeObservation take) {
                                   ++observed_;
                                   auto of = test::full_observation();
                                   of.steady_at = std::chrono::steady_clock::now();
                                   take(std::make_shared<const Observation>(std::move(of)));
                               },
                           .ground = [] { return ExplainGround{}; }});
        admin_->start();
        loop_.start();
    }
    test::Reply get(const std::string& target, const test::Headers& headers = {}) const {
        return test::ask(admin_->port(), {.target = target, .headers = headers});
    }
    void use(AdminPage who) {
        config_.page = who;
        loop_.on([this] { admin_->use(config_); });
    }

    config::Admin config_{};
    test::Loop loop_{};
    std::atomic<int> observed_ = 0;
    std::unique_ptr<Admin> admin_{};
};

// ---- Its files

TEST_F(StatusPageTest, IsFilesOfOurOwnUnderAStrictPolicy) {
    serve(AdminPage::on);
    for (const std::string& path : files) {
        SCOPED_TRACE(path);
        const test::Reply reply = get(path);
        EXPECT_EQ(reply.status, 200);
        EXPECT_FALSE(reply.body.empty());
        EXPECT_EQ(reply.header("Content-Security-Policy"),
                  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                  "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                  "frame-ancestors 'none'; require-trusted-types-for 'script'; "
                  "trusted-types 'none'");
        EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(reply.header("X-Frame-Options"), "DENY");
        EXPECT_EQ(reply.header("Referrer-Policy"), "no-referrer");
        EXPECT_EQ(reply.header("Cross-Origin-Resource-Policy"), "same-origin");
        EXPECT_EQ(reply.header("Cache-Control"), "no-store");
    }
    EXPECT_THAT(get("/").header("Content-Type"), StartsWith("text/html"));
    EXPECT_THAT(get("/page.js").header("Content-Type"), StartsWith("text/javascript"));
    EXPECT_THAT(get("/style.css").header("Content-Type"), StartsWith("text/css"));
    EXPECT_EQ(get("/page.css").status, 404);
    EXPECT_EQ(get("/index.html").status, 404);
}

TEST_F(StatusPageTest, HasNothingThatItsPolicyWouldRefuse) {
    serve(AdminPage::on);
    const std::string page = get("/").body;
    for (const char* inline_code : {"<style", " style=", " onclick=", " onload=", "javascript:"}) {
        EXPECT_THAT(page, Not(HasSubstr(inline_code)));
    }
    // Whatever it refers to is there.
    const std::regex reference(R"re((?:src|href)="([^"#]+)")re");
    std::size_t count = 0;
    for (std::sregex_iterator it(page.begin(), page.end(), reference), end; it != end; ++it) {
        const std::string target = (*it)[1];
        SCOPED_TRACE(target);
        EXPECT_THAT(target, Not(HasSubstr(":")));
        if (target == "metrics") continue;
        EXPECT_EQ(get("/" + target).status, 200);
        ++count;
    }
    EXPECT_GE(count, 4U);
    for (const std::string& path : files) {
        SCOPED_TRACE(path);
        const std::string body = get(path).body;
        for (const char* sink : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
                                 "eval(", "localStorage", "sessionStorage", "document.cookie"}) {
            EXPECT_THAT(body, Not(HasSubstr(sink)));
        }
        const std::regex import(R"re(from "\./([a-z]+\.js)")re");
        for (std::sregex_iterator it(body.begin(), body.end(), import), end; it != end; ++it) {
            EXPECT_EQ(get("/" + (*it)[1].str()).status, 200) << (*it)[1];
        }
    }
}

TEST_F(StatusPageTest, AnswersGetAndHeadAndNothingElse) {
    serve(AdminPage::on);
    for (const char* method : {"POST", "PUT", "OPTIONS"}) {
        const test::Reply reply = test::ask(admin_->port(), {.method = method, .target = "/"});
        EXPECT_EQ(reply.status, 405);
        EXPECT_EQ(reply.header("Allow"), "GET, HEAD");
    }
    const std::string head = test::talk(
        admin_->port(), "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    EXPECT_EQ(get("/explain").status, 405) << "a token is never in a URL";
    EXPECT_EQ(get("/explain").header("Allow"), "POST");
}

// ---- Who may have it

TEST_F(StatusPageTest, IsForNobodyWhoseHostNameCouldBeRebound) {
    serve(AdminPage::on);
    for (const std::string& path : files) {
        EXPECT_EQ(get(path, {{"Host", "evil.example"}}).status, 403);
    }
    EXPECT_EQ(get("/events", {{"Host", "evil.example"}}).status, 403);
}

TEST_F(StatusPageTest, IsOffWhereTheConfigurationSaysSo) {
    serve(AdminPage::off);
    for (const std::string& path : files) EXPECT_EQ(get(path).status, 404);
    EXPECT_EQ(get("/events").status, 404);
    EXPECT_EQ(test::ask(admin_->port(), {.method = "POST", .target = "/explain"}).status, 404);
    EXPECT_EQ(get("/healthz").status, 200);
    EXPECT_EQ(observed_, 0) << "nobody looks, nothing is gathered";
}

TEST_F(StatusPageTest, OnLoopbackIsNotForWhomAProxyPassesOn) {
    serve(AdminPage::loopback);
    EXPECT_EQ(get("/").status, 200);
    for (const char* mark :
         {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"}) {
        SCOPED_TRACE(mark);
        for (const char* path : {"/", "/page.js", "/events", "/explain"}) {
            EXPECT_EQ(get(path, {{mark, "x"}}).status, 403);
        }
    }
    use(AdminPage::on);
    EXPECT_EQ(get("/", {{"X-Forwarded-For", "10.0.0.1"}}).status, 200);
}

TEST(StatusPage, OnLoopbackIsForPeersOfThisMachineOnly) {
    boost::asio::io_context io;
    const StatusPage page(io, AdminPage::loopback, {}, {});
    for (const char* peer : {"127.0.0.1", "127.9.8.7", "::1", "unix"}) {
        EXPECT_FALSE(page.refusal({.peer = peer})) << peer;
    }
    for (const char* peer : {"10.0.0.1", "192.168.0.1", "::2", "fe80::1", "unknown", ""}) {
        const auto refusal = page.refusal({.peer = peer});
        ASSERT_TRUE(refusal) << peer;
        EXPECT_EQ(refusal->status, 403U);
    }
    const StatusPage open(io, AdminPage::on, {}, {});
    EXPECT_FALSE(open.refusal({.peer = "10.0.0.1"}));
}

// ---- Its events

TEST_F(StatusPageTest, TellsEverythingAtOnceAndThenWhatIsNew) {
    serve(AdminPage::on);
    while (observed_ < 2) std::this_thread::yield();
    EventReader reader(admin_->port());
    EXPECT_THAT(reader.head(), HasSubstr("Content-Type: text/event-stream\r\n"));
    EXPECT_THAT(reader.head(), HasSubstr("Cache-Control: no-store\r\n"));
    EXPECT_THAT(reader.head(), HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(reader.head(), Not(HasSubstr("Access-Control")));
    const json first = reader.next();
    EXPECT_EQ(first["whole"], true);
    ASSERT_FALSE(first["samples"].empty()) << "what went on before anybody looked";
    const json second = reader.next();
    EXPECT_EQ(second["whole"], false);
    EXPECT_GT(second["samples"].back()[0], first["samples"].back()[0]);
}

TEST_F(StatusPageTest, OtherPeoplesPagesGetNoEvents) {
    serve(AdminPage::on);
    for (const test::Headers& headers : {test::Headers{{"Sec-Fetch-Site", "cross-site"}},
                                         {{"Sec-Fetch-Site", "same-site"}},
                                         {{"Origin", "https://evil.example"}}}) {
        EXPECT_EQ(get("/events", headers).status, 403);
    }
    EventReader own(admin_->port(), "Sec-Fetch-Site: same-origin\r\n");
    EXPECT_THAT(own.head(), StartsWith("HTTP/1.1 200"));
}

TEST_F(StatusPageTest, SoManyMayBeOpenAndNoMore) {
    serve(AdminPage::on);
    std::vector<std::unique_ptr<EventReader>> readers;
    for (int i = 0; i < 16; ++i) {
        readers.push_back(std::make_unique<EventReader>(admin_->port()));
        ASSERT_THAT(readers.back()->head(), StartsWith("HTTP/1.1 200"));
    }
    EXPECT_EQ(get("/events").status, 503);
    EXPECT_EQ(get("/readyz").status, 200) << "machines are not shut out";
    const auto seen = observed_.load();
    for (const auto& reader : readers) EXPECT_FALSE(reader->next().is_null());
    EXPECT_LE(observed_ - seen, 4) << "all of them share what is observed once a second";
}

TEST_F(StatusPageTest, EndsWhenItIsTurnedOffAndBeginsAnewWhenItIsTurnedOn) {
    serve(AdminPage::on);
    EventReader reader(admin_->port());
    EXPECT_FALSE(reader.next().is_null());
    use(AdminPage::on);
    EXPECT_FALSE(reader.next().is_null()) << "another reload is none of its business";
    use(AdminPage::off);
    EXPECT_TRUE(reader.ends());
    EXPECT_EQ(get("/").status, 404);
    use(AdminPage::loopback);
    EventReader again(admin_->port());
    EXPECT_EQ(again.next()["whole"], true);
}

TEST_F(StatusPageTest, EndsWithTheGateway) {
    serve(AdminPage::on);
    EventReader reader(admin_->port());
    EXPECT_FALSE(reader.next().is_null());
    loop_.on([this] { admin_->stop(); });
    EXPECT_TRUE(reader.ends());
    const int seen = observed_;
    loop_.on([] {});
    EXPECT_EQ(observed_, seen);
}

}  // namespace
}  // namespace bearergate::gateway
