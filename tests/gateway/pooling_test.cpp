// Which upstream connections are kept after an exchange, for how long, and how many.

#include "support/gate.hpp"
#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using test::UpstreamPeer;

constexpr const char* fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
// For what must end sooner than by the idle time.
constexpr const char* patient = "timeouts: { idle: 10m }";

class Pooling : public test::Relaying {
protected:
    // Several requests at once, each on a connection of its own to the upstream.
    void ask_at_once(std::size_t count) {
        const std::size_t before = upstream_->connections();
        upstream_->play([this](UpstreamPeer& peer) {
            for (bool first = true; peer.read_request(); first = false) {
                if (first) answer_.wait();
                peer.send(fine);
            }
        });
        std::vector<std::unique_ptr<test::Connection>> clients;
        for (std::size_t i = 0; i < count; ++i) {
            clients.push_back(connect());
            ASSERT_TRUE(clients.back()->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        }
        ASSERT_TRUE(upstream_->wait_for_connections(before + count));
        answer_.open();
        for (const auto& client : clients) ASSERT_EQ(client->read_reply().status, 200);
    }
    test::Gate answer_{};
    test::Gate speak_{};
    test::Gate closed_{};  // the upstream saw the end of its connection
};

TEST_F(Pooling, OneConnectionServesManyClients) {
    answer_with(fine);
    for (int i = 0; i < 10; ++i) ASSERT_EQ(get().status, 200);
    const auto client = connect();
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(client->send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"));
        ASSERT_EQ(client->read_reply().status, 200);
    }
    EXPECT_EQ(upstream_->connections(), 1U);
    EXPECT_EQ(counters().upstream_connects, 1U);
    EXPECT_EQ(counters().upstream_reused, 19U);
    EXPECT_TRUE(upstream_->faults().empty());
}

TEST_F(Pooling, EveryFramingLeavesTheConnectionWhereTheNextRequestBegins) {
    answer_with(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nX-T: 1\r\n\r\n");
    for (const char* asked : {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
                              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
                              "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}) {
        EXPECT_EQ(exchange(asked).body, "ok");
    }
    EXPECT_EQ(upstream_->connections(), 1U);
    ASSERT_EQ(upstream_->requests().size(), 3U);
    EXPECT_EQ(upstream_->requests()[1].body, "abc");
    EXPECT_TRUE(upstream_->faults().empty());
}

TEST_F(Pooling, AnIdleConnectionIsClosedInTime) {
    serve(
        [this](UpstreamPeer& peer) {
            while (peer.read_request()) peer.send(fine);
            closed_.open();
        },
        {.upstream = "timeouts: { idle: 200ms }"});
    ASSERT_EQ(get().status, 200);
    EXPECT_TRUE(closed_.wait());
    EXPECT_EQ(get().status, 200);
    EXPECT_EQ(upstream_->connections(), 2U);
    EXPECT_EQ(counters().upstream_reused, 0U);
}

TEST_F(Pooling, TheUpstreamsOwnTimeShortensOurs) {
    serve(
        [this](UpstreamPeer& peer) {
            while (peer.read_request()) {
                peer.send(
                    "HTTP/1.1 200 OK\r\nKeep-Alive: max=5, timeout=2\r\nContent-Length: 0\r\n\r\n");
            }
            closed_.open();
        },
        {.upstream = patient});
    ASSERT_EQ(get().status, 200);
    EXPECT_TRUE(closed_.wait()) << "a second before the upstream would";
}

TEST_F(Pooling, ItDoesNotLengthenOurs) {
    serve(
        [this](UpstreamPeer& peer) {
            while (peer.read_request()) {
                peer.send(
                    "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=86400\r\nContent-Length: 0\r\n\r\n");
            }
            closed_.open();
        },
        {.upstream = "timeouts: { idle: 200ms }"});
    ASSERT_EQ(get().status, 200);
    EXPECT_TRUE(closed_.wait());
}

TEST_F(Pooling, WhatSaysThatItEndsIsNotKept) {
    for (const char* response :
         {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nConnection: x, CLOSE\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok"}) {
        SCOPED_TRACE(response);
        answer_with(response, {.upstream = patient});  // it would go on
        EXPECT_EQ(get().body, "ok");
        EXPECT_EQ(get().body, "ok");
        EXPECT_EQ(upstream_->connections(), 2U);
    }
    answer_with("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(get().body, "ok");
    EXPECT_EQ(get().body, "ok");
    EXPECT_EQ(upstream_->connections(), 1U);
}

TEST_F(Pooling, BytesThatComeWhileAConnectionIdlesEndIt) {
    serve(
        [this](UpstreamPeer& peer) {
            if (peer.index() > 0) {
                while (peer.read_request()) peer.send(fine);
                return;
            }
            if (!peer.read_request()) return;
            peer.send(fine);
            speak_.wait();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
            peer.wait_for_end();
            closed_.open();
        },
        {.upstream = patient});
    ASSERT_EQ(get().body, "ok");
    ASSERT_TRUE(wait_for_idle_upstream_connections(1));
    speak_.open();
    EXPECT_TRUE(closed_.wait());
    EXPECT_EQ(get().body, "ok");
    EXPECT_EQ(counters().upstream_reused, 0U);
}

TEST_F(Pooling, NoMoreAreKeptThanConfigured) {
    answer_with(fine, {.upstream = std::string("idle_connections: 2, ") + patient});
    ask_at_once(5);
    EXPECT_TRUE(wait_for_idle_upstream_connections(2));
}

TEST_F(Pooling, NoneAreKeptWhereThatIsConfigured) {
    answer_with(fine, {.upstream = "idle_connections: 0"});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(get().status, 200);
    EXPECT_EQ(upstream_->connections(), 3U);
}

TEST_F(Pooling, ConcurrentRequestsNeverShareAConnection) {
    answer_with(fine);
    ask_at_once(20);
    EXPECT_EQ(counters().upstream_connects, 20U);
    EXPECT_TRUE(wait_for_idle_upstream_connections(20));
}

TEST_F(Pooling, AReloadThatLeavesTheUpstreamAloneKeepsItsConnections) {
    answer_with(fine);
    ASSERT_EQ(get().status, 200);
    gateway_->reload(
        "issuer: https://issuer.example/oidc\naudience: https://api.example\n"
        "upstream: " +
        upstream_->url() + "\nroutes: { GET /: public }\n");
    ASSERT_EQ(get().status, 200);
    EXPECT_EQ(upstream_->connections(), 1U);
}

}  // namespace
}  // namespace bearergate::gateway
