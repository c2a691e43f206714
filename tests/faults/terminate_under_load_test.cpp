// SIGTERM while clients are busy: none of them loses a request.

#include "support/http_client.hpp"
#include "support/recording_upstream.hpp"
#include "support/running_gateway.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::test {
namespace {

constexpr const char* get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

class TerminateUnderLoad : public testing::Test {
protected:
    TerminateUnderLoad() {
        gateway_ = std::make_unique<RunningGateway>(
            BEARERGATE_BINARY,
            "server: { listen: \"127.0.0.1:0\", workers: 2 }\nadmin: { listen: \"127.0.0.1:0\" }\n"
            "issuers: { dev: { issuer: https://dev.example, jwks_uri: \"http://127.0.0.1:1/\" } }\n"
            "audience: https://api.example\nlogging: { access: off }\nupstream: " +
                upstream_.url() + "\nroutes:\n  \"/**\": public\n");
    }
    // A client that sends request after request on one connection for as long as it may.
    void persist() {
        Connection client(gateway_->port());
        for (;;) {
            ++begun_;
            if (!client.send(get)) break;
            const Reply reply = client.read_reply();
            if (reply.status != 200 || reply.body != "ok") break;
            ++served_;
            if (reply.header("Connection") == "close") return;
        }
    }
    // One that makes a new connection for each, until it is told that nobody listens.
    void reconnect() {
        for (;;) {
            Connection client(gateway_->port());
            if (!client.is_open()) return;
            ++begun_;
            if (!client.send(get) || client.read_reply().status != 200) return;
            ++served_;
        }
    }

    RecordingUpstream upstream_{
        RecordingUpstream::answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")};
    std::unique_ptr<RunningGateway> gateway_{};
    std::atomic<int> begun_ = 0;
    std::atomic<int> served_ = 0;
};

TEST_F(TerminateUnderLoad, NoRequestIsLost) {
    std::vector<std::thread> clients;
    for (int i = 0; i < 50; ++i) clients.emplace_back([this] { persist(); });
    while (served_ < 2000 && served_ + 50 >= begun_) std::this_thread::yield();
    gateway_->process().signal(SIGTERM);
    for (auto& client : clients) client.join();
    EXPECT_EQ(served_, begun_) << "each connection was told before it was closed";
    EXPECT_EQ(gateway_->process().wait(), 0);
    EXPECT_EQ(upstream_.requests().size(), static_cast<std::size_t>(served_));
}

TEST_F(TerminateUnderLoad, WhoConnectsIsServedOrRefusedAtTheDoor) {
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) clients.emplace_back([this] { reconnect(); });
    while (served_ < 500) std::this_thread::yield();
    gateway_->process().signal(SIGTERM);
    for (auto& client : clients) client.join();
    EXPECT_EQ(gateway_->process().wait(), 0);
    // Between its last look into the queue and its closing the kernel may let one more in a worker.
    EXPECT_LE(begun_ - served_, 2);
}

TEST_F(TerminateUnderLoad, AKillLeavesNothingThatHindersTheNext) {
    for (int i = 0; i < 3; ++i) {
        std::vector<std::thread> clients;
        for (int c = 0; c < 8; ++c) clients.emplace_back([this] { persist(); });
        const int before = served_;
        while (served_ < before + 100) std::this_thread::yield();
        gateway_->process().signal(SIGKILL);
        for (auto& client : clients) client.join();
        EXPECT_EQ(gateway_->process().wait(), 128 + SIGKILL);
        const std::string listen = "127.0.0.1:" + std::to_string(gateway_->port());
        gateway_ = std::make_unique<RunningGateway>(
            BEARERGATE_BINARY,
            "server: { listen: \"" + listen +
                "\" }\nadmin: { listen: \"127.0.0.1:0\" }\n"
                "issuers: { dev: { issuer: https://dev.example, jwks_uri: \"http://127.0.0.1:1/\" "
                "} }\n"
                "audience: https://api.example\nlogging: { access: off }\nupstream: " +
                upstream_.url() + "\nroutes:\n  \"/**\": public\n");
        EXPECT_EQ(ask(gateway_->port(), {}).status, 200);
    }
}

}  // namespace
}  // namespace bearergate::test
