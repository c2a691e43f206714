// Many requests at once while the keys are still on their way.

#include "faults/trusting.hpp"
#include "support/descriptors.hpp"
#include "support/gate.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using test::UpstreamPeer;

class ColdStart : public test::Trusting {
protected:
    // The issuer answers once the test says so.
    void hold_keys() {
        issuer_.play_keys([this](UpstreamPeer& peer) {
            asked_.open();
            released_.wait();
            const std::string keys = issuer_.jwks();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(keys.size()) +
                      "\r\n\r\n" + keys);
        });
    }
    std::vector<std::unique_ptr<test::Connection>> ask_at_once(int count, const std::string& more) {
        std::vector<std::unique_ptr<test::Connection>> clients;
        for (int i = 0; i < count; ++i) {
            clients.push_back(std::make_unique<test::Connection>(server_->ports().front()));
            const std::string token =
                issuer_.token(R"({"scope":"read","jti":")" + std::to_string(i) + R"("})");
            EXPECT_TRUE(clients.back()->send(request(token) + more));
        }
        return clients;
    }
    test::Gate asked_{};
    test::Gate released_{};
};

TEST_F(ColdStart, FiveHundredRequestsShareOneFetch) {
    if (!test::may_open(4 * 500)) GTEST_SKIP() << "SKIPPED: too few files may be open";
    hold_keys();
    start();
    ASSERT_TRUE(asked_.wait());
    // A connection each, and tokens that differ: within the two seconds that they may wait.
    const auto clients = ask_at_once(500, "");
    released_.open();
    int served = 0;
    int told_to_return = 0;
    for (const auto& client : clients) {
        const int status = client->read_reply().status;
        served += status == 200 ? 1 : 0;
        told_to_return += status == 503 ? 1 : 0;
    }
    // A machine so slow that sending took longer than the first ones may wait loses those.
    EXPECT_EQ(served + told_to_return, 500);
    EXPECT_GT(served, 0);
    EXPECT_EQ(issuer_.key_fetches(), 1U);
    EXPECT_EQ(issuer_.discovery_fetches(), 1U);
    EXPECT_EQ(upstream_.requests().size(), static_cast<std::size_t>(served));
}

TEST_F(ColdStart, ClientsThatVanishWhileTheyWaitHarmNobodyElse) {
    hold_keys();
    start();
    ASSERT_TRUE(asked_.wait());
    auto clients = ask_at_once(100, "");
    for (std::size_t i = 0; i < clients.size(); i += 2) clients[i]->reset();
    released_.open();
    for (std::size_t i = 1; i < clients.size(); i += 2) {
        const int status = clients[i]->read_reply().status;
        EXPECT_TRUE(status == 200 || status == 503) << status;
    }
    EXPECT_TRUE(wait_for(200, good_token()));
    EXPECT_EQ(issuer_.key_fetches(), 1U);
}

TEST_F(ColdStart, AllMayVanish) {
    hold_keys();
    start();
    ASSERT_TRUE(asked_.wait());
    for (const auto& client : ask_at_once(50, "")) client->reset();
    released_.open();
    EXPECT_TRUE(wait_for(200, good_token()));
}

TEST_F(ColdStart, WhatComesBehindAWaitingRequestWaitsItsTurn) {
    hold_keys();
    start();
    ASSERT_TRUE(asked_.wait());
    const auto clients = ask_at_once(1, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n");
    released_.open();
    EXPECT_EQ(clients[0]->read_reply().status, 200);
    EXPECT_EQ(clients[0]->read_reply().status, 200);
    ASSERT_EQ(upstream_.requests().size(), 2U);
    EXPECT_EQ(upstream_.requests()[1].target, "/open");
}

TEST_F(ColdStart, TheServerMayStopWhileRequestsWait) {
    hold_keys();
    start();
    ASSERT_TRUE(asked_.wait());
    const auto clients = ask_at_once(20, "");
    server_.reset();
    for (const auto& client : clients) client->read_all();
    released_.open();
}

}  // namespace
}  // namespace bearergate::gateway
