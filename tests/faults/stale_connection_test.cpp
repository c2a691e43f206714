// A pooled connection that the upstream has closed meanwhile: what is sent again, and what never.

#include "support/gate.hpp"
#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::gateway {
namespace {

using test::UpstreamPeer;
using testing::HasSubstr;

constexpr const char* fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string request(const std::string& method, const std::string& more = "\r\n") {
    return method + " /" + method + " HTTP/1.1\r\nHost: a.example\r\n" + more;
}

// The first connection answers once; its second request it reads, and dies. Others are well.
class StaleConnection : public test::Relaying {
protected:
    enum class Death : std::uint8_t { close, reset, after_a_byte, unread };
    void serve_stale(Death death) {
        serve([this, death](UpstreamPeer& peer) {
            const bool doomed = peer.index() == 0;
            for (int served = 0; peer.index() > 0 || served == 0; ++served) {
                if (!peer.read_request() || !peer.send(fine)) return;
            }
            if (!doomed) return;
            if (death == Death::unread) return;
            if (!peer.read_head()) return;
            ++seen_by_the_dead_;
            if (death == Death::after_a_byte) peer.send("H");
            if (death == Death::reset) peer.reset();
        });
    }
    std::atomic<int> seen_by_the_dead_ = 0;
};

TEST_F(StaleConnection, WhatMayHappenTwiceIsSentAgainOnce) {
    for (const Death death : {Death::close, Death::reset}) {
        for (const char* method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) {
            SCOPED_TRACE(method);
            serve_stale(death);
            seen_by_the_dead_ = 0;
            ASSERT_EQ(get().status, 200);
            ASSERT_TRUE(
                gateway_->wait_until([](const auto& c) { return c.requests_in_flight == 0; }));
            EXPECT_EQ(exchange(request(method), method).status, 200);
            EXPECT_EQ(seen_by_the_dead_, 1);
            EXPECT_EQ(upstream_->connections(), 2U);
            EXPECT_EQ(counters().upstream_retries, 1U);
            EXPECT_EQ(counters().upstream_errors, 0U);
            ASSERT_EQ(upstream_->requests().size(), 2U);
            EXPECT_EQ(upstream_->requests()[1].method, method);
        }
    }
}

TEST_F(StaleConnection, ABodyOfNoBytesIsNone) {
    for (const char* method : {"GET", "PUT", "DELETE"}) {
        SCOPED_TRACE(method);
        serve_stale(Death::close);
        ASSERT_EQ(get().status, 200);
        ASSERT_TRUE(gateway_->wait_until([](const auto& c) { return c.requests_in_flight == 0; }));
        EXPECT_EQ(exchange(request(method, "Content-Length: 0\r\n\r\n"), method).status, 200);
        EXPECT_EQ(counters().upstream_retries, 1U);
        EXPECT_EQ(upstream_->requests()[1].header("Content-Length"), "0");
    }
}

TEST_F(StaleConnection, WhatMayNotIsNeverSentTwice) {
    for (const Death death : {Death::close, Death::reset}) {
        for (const std::string& asked :
             {request("POST"), request("PATCH"), request("POST", "Content-Length: 2\r\n\r\nhi"),
              request("POST", "Content-Length: 0\r\n\r\n"),
              request("PUT", "Content-Length: 2\r\n\r\nhi"),
              request("DELETE", "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")}) {
            SCOPED_TRACE(asked);
            serve_stale(death);
            seen_by_the_dead_ = 0;
            ASSERT_EQ(get().status, 200);
            ASSERT_TRUE(
                gateway_->wait_until([](const auto& c) { return c.requests_in_flight == 0; }));
            const test::Reply reply = exchange(asked);
            EXPECT_EQ(reply.status, 502);
            EXPECT_THAT(reply.body, HasSubstr("upstream_broken"));
            EXPECT_EQ(seen_by_the_dead_, 1);
            EXPECT_EQ(upstream_->connections(), 1U) << "the upstream heard of it once";
            EXPECT_EQ(counters().upstream_retries, 0U);
        }
    }
}

TEST_F(StaleConnection, AByteOfAnAnswerEndsTheHopeForAnother) {
    serve_stale(Death::after_a_byte);
    ASSERT_EQ(get().status, 200);
    EXPECT_EQ(get().status, 502);
    EXPECT_EQ(upstream_->connections(), 1U);
}

TEST_F(StaleConnection, AFreshConnectionIsNotTriedTwice) {
    serve([](UpstreamPeer& peer) { peer.read_request(); });
    EXPECT_EQ(get().status, 502);
    EXPECT_EQ(upstream_->connections(), 1U);
    EXPECT_EQ(counters().upstream_retries, 0U);
}

TEST_F(StaleConnection, TheSecondAttemptIsTheLast) {
    serve([](UpstreamPeer& peer) {
        if (peer.index() == 0 && peer.read_request()) peer.send(fine);
        peer.read_request();
    });
    ASSERT_EQ(get().status, 200);
    EXPECT_EQ(get().status, 502);
    EXPECT_EQ(upstream_->connections(), 2U);
    EXPECT_EQ(counters().upstream_retries, 1U);
}

TEST_F(StaleConnection, ACloseThatWasSeenCostsNoAttempt) {
    // The end came while the connection idled: it is not used, and a POST is as safe as a GET.
    serve_stale(Death::unread);
    ASSERT_EQ(get().status, 200);
    ASSERT_TRUE(wait_for_idle_upstream_connections(0));
    EXPECT_EQ(exchange(request("POST", "Content-Length: 2\r\n\r\nhi")).status, 200);
    EXPECT_EQ(counters().upstream_retries, 0U);
    EXPECT_EQ(counters().upstream_reused, 0U);
}

TEST_F(StaleConnection, ManyStaleConnectionsDoNotFoolIt) {
    // Eight idle connections die at once, unseen until they are used: each request still succeeds.
    test::Gate die;
    std::atomic<int> waiting = 0;
    serve([&waiting, die](UpstreamPeer& peer) mutable {
        if (!peer.read_request()) return;
        if (peer.index() < 8) {
            ++waiting;
            while (waiting < 8) std::this_thread::yield();  // all eight at once: no reuse
        }
        peer.send(fine);
        if (peer.index() < 8) {
            die.wait();
            return;
        }
        while (peer.read_request()) peer.send(fine);
    });
    std::vector<std::unique_ptr<test::Connection>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(connect());
        ASSERT_TRUE(clients.back()->send(request("GET")));
    }
    for (const auto& client : clients) ASSERT_EQ(client->read_reply().status, 200);
    die.open();
    for (const auto& client : clients) {
        ASSERT_TRUE(client->send(request("GET")));
        ASSERT_EQ(client->read_reply().status, 200);
    }
}

}  // namespace
}  // namespace bearergate::gateway
