// What a service manager hears of a gateway's life: systemd's Type=notify.

#include "support/gate.hpp"
#include "support/http_client.hpp"
#include "support/notify_socket.hpp"
#include "support/recording_upstream.hpp"
#include "support/running_gateway.hpp"
#include "support/scripted_issuer.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>

namespace bearergate::test {
namespace {

using namespace std::chrono_literals;
using testing::StartsWith;

class Supervised : public testing::Test {
protected:
    std::string configuration(const std::string& routes) const {
        return "server: { listen: \"127.0.0.1:0\", workers: 2, timeouts: { drain: 7s } }\n"
               "admin: { listen: \"127.0.0.1:0\" }\n"
               "issuers: { main: { issuer: \"" +
               issuer_.issuer() +
               "\" } }\naudience: https://api.example\nupstream: " + upstream_.url() +
               "\nroutes:\n  GET /open: public\n" + routes;
    }
    void start() {
        gateway_ = std::make_unique<RunningGateway>(
            BEARERGATE_BINARY, configuration("  GET /items: { scopes: [read] }\n"),
            RunningGateway::Options{.environment = {"NOTIFY_SOCKET=" + socket_.address()}});
    }
    void hang_up_with(const std::string& text) {
        gateway_->replace(text);
        gateway_->process().signal(SIGHUP);
    }

    TemporaryFolder folder_{};
    NotifySocket socket_{folder_.file("notify")};
    ScriptedIssuer issuer_{};
    RecordingUpstream upstream_{};
    std::unique_ptr<RunningGateway> gateway_{};
};

TEST_F(Supervised, IsReadyOnceItServesAndItsKeysHadTheirChance) {
    Gate asked;
    Gate released;
    issuer_.play_keys([&](UpstreamPeer& peer) {
        asked.open();
        released.wait();
        const std::string keys = issuer_.jwks();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(keys.size()) + "\r\n\r\n" +
                  keys);
    });
    start();
    ASSERT_TRUE(asked.wait());
    ASSERT_EQ(ask(gateway_->port(), {.target = "/open"}).status, 200);
    EXPECT_EQ(socket_.next(0ms), "") << "it serves, but the keys are still on their way";
    released.open();
    EXPECT_EQ(socket_.next(), "READY=1\nSTATUS=Serving 2 routes\n");
    EXPECT_EQ(ask(gateway_->admin_port(), {.target = "/readyz"}).status, 200);
}

TEST_F(Supervised, IsReadyWithoutAnIssuerThatIsAwayAndSaysWhichUntilItIsBack) {
    issuer_.play_keys(ScriptedIssuer::answer(500, ""));
    start();
    EXPECT_EQ(socket_.next(), "READY=1\nSTATUS=Serving 2 routes; no keys of main\n");
    issuer_.play_keys({});
    EXPECT_EQ(socket_.next(), "STATUS=Serving 2 routes\n");
}

TEST_F(Supervised, HearsOfEachReloadFromBeginningToEnd) {
    start();
    ASSERT_THAT(socket_.next(), StartsWith("READY=1\n"));
    hang_up_with(configuration("  GET /items: { scopes: [read] }\n  GET /more: public\n"));
    EXPECT_THAT(socket_.next(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    EXPECT_THAT(socket_.next_with("3 routes"), StartsWith("READY=1\nSTATUS=Serving 3 routes"));
    // Its file was closed after writing: that is one reload more.
    hang_up_with(configuration("  GET /items: { scopes: [read"));
    EXPECT_THAT(socket_.next_with("refused"), StartsWith("READY=1\nSTATUS=Serving 3 routes; "));
    hang_up_with(configuration(""));
    EXPECT_EQ(socket_.next_with("1 route"), "READY=1\nSTATUS=Serving 1 route\n");
}

TEST_F(Supervised, HearsOfTheDrainAndHowLongItMayTake) {
    start();
    ASSERT_THAT(socket_.next(), StartsWith("READY=1\n"));
    gateway_->process().signal(SIGTERM);
    EXPECT_THAT(socket_.next(),
                StartsWith("STOPPING=1\nEXTEND_TIMEOUT_USEC=12000000\nSTATUS=Draining"));
    EXPECT_EQ(gateway_->process().wait(), 0);
    EXPECT_EQ(socket_.next(0ms), "");
}

TEST_F(Supervised, ServesOnWhenNobodyListensAndSaysSoOnce) {
    gateway_ = std::make_unique<RunningGateway>(
        BEARERGATE_BINARY, configuration("  GET /items: { scopes: [read] }\n"),
        RunningGateway::Options{.environment = {"NOTIFY_SOCKET=" + folder_.file("absent")}});
    EXPECT_EQ(ask(gateway_->port(), {.target = "/open"}).status, 200);
    gateway_->process().signal(SIGTERM);
    EXPECT_EQ(gateway_->process().wait(), 0);
    const std::string log = gateway_->log();
    const std::size_t said = log.find("NOTIFY_SOCKET");
    ASSERT_NE(said, log.npos);
    EXPECT_EQ(log.find("NOTIFY_SOCKET", said + 1), log.npos);
}

}  // namespace
}  // namespace bearergate::test
