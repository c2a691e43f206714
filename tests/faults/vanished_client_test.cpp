// Clients that go away at every moment of an exchange: their upstream request goes with them.

#include "support/gate.hpp"
#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using End = test::Connection::End;
using test::UpstreamPeer;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class VanishedClient : public test::Relaying {
protected:
    // The upstream reads one request, plays `then`, and waits for the gateway to go.
    void serve_watched(std::function<void(UpstreamPeer&)> then) {
        serve([this, then = std::move(then)](UpstreamPeer& peer) {
            peer.read_head();
            if (then) then(peer);
            head_seen_.open();
            end_ = peer.wait_for_end();
            ended_at_ = Clock::now();
            ended_.open();
        });
    }
    // Its connection was ended soon, and nothing of the exchange is left.
    void expect_cancelled(Clock::time_point since) {
        ASSERT_TRUE(ended_.wait());
        EXPECT_NE(end_, End::none);
        EXPECT_LT(ended_at_ - since, std::chrono::seconds(5));
        const test::LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.note, "client_gone");
        EXPECT_TRUE(gateway_->wait_until(
            [](const auto& c) { return c.requests_in_flight == 0 && c.connections_open == 0; }));
        EXPECT_EQ(counters().upstream_errors, 0U) << "not the upstream's fault";
        EXPECT_EQ(counters().upstream_retries, 0U);
    }

    test::Gate head_seen_{};
    test::Gate ended_{};
    End end_ = End::none;
    Clock::time_point ended_at_{};
};

TEST_F(VanishedClient, WhileItsUpstreamThinks) {
    serve_watched({});
    const auto client = connect();
    ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    ASSERT_TRUE(head_seen_.wait());
    client->reset();
    expect_cancelled(Clock::now());
}

TEST_F(VanishedClient, WhileItsUpstreamThinksAndItHadSentMore) {
    serve_watched({});
    const auto client = connect();
    ASSERT_TRUE(
        client->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
                     "GET /second HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    ASSERT_TRUE(head_seen_.wait());
    client->reset();
    expect_cancelled(Clock::now());
    EXPECT_EQ(upstream_->connections(), 1U) << "the second request was never begun";
}

TEST_F(VanishedClient, InTheMiddleOfItsBody) {
    serve_watched({});
    const auto client = connect();
    ASSERT_TRUE(
        client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\nhalf"));
    ASSERT_TRUE(head_seen_.wait());
    client->reset();
    expect_cancelled(Clock::now());
}

TEST_F(VanishedClient, InTheMiddleOfItsAnswer) {
    serve_watched([](UpstreamPeer& peer) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
    });
    const auto client = connect();
    ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    EXPECT_THAT(client->read_until("half"), HasSubstr("half"));
    ASSERT_TRUE(head_seen_.wait());
    client->reset();
    expect_cancelled(Clock::now());
}

TEST_F(VanishedClient, WithoutReadingALargeAnswer) {
    test::Gate over;
    serve([&over](UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        bool there = peer.send("HTTP/1.1 200 OK\r\n\r\n");
        const std::string piece(1 << 16, 'x');
        while (there) there = peer.send(piece);  // endless, until the gateway ends it
        over.open();
    });
    const auto client = connect();
    ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    EXPECT_THAT(client->read_head(), HasSubstr("200"));
    client->reset();
    EXPECT_TRUE(over.wait());
    EXPECT_EQ(gateway_->next_record().note, "client_gone");
}

TEST_F(VanishedClient, ByAPlainCloseWhileAnEndlessAnswerComes) {
    // A close alone may be half of one; what is sent to nobody comes back as a reset.
    test::Gate over;
    serve([&over](UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        bool there = peer.send("HTTP/1.1 200 OK\r\n\r\n");
        while (there) there = peer.send("data: x\n\n");
        over.open();
    });
    auto client = connect();
    ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    EXPECT_THAT(client->read_head(), HasSubstr("200"));
    client.reset();
    EXPECT_TRUE(over.wait());
    EXPECT_EQ(gateway_->next_record().note, "client_gone");
}

TEST_F(VanishedClient, AnUpstreamThatWasAlmostDoneIsNotKept) {
    serve_watched([](UpstreamPeer& peer) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123456789");
    });
    const auto client = connect();
    ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    client->read_until("123456789");
    client->reset();
    expect_cancelled(Clock::now());
}

TEST_F(VanishedClient, ABodyCutShortIsNoWholeRequest) {
    for (const char* framing :
         {"Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}) {
        SCOPED_TRACE(framing);
        serve([](UpstreamPeer& peer) { peer.read_request(); });
        const auto client = connect();
        ASSERT_TRUE(client->send(std::string("POST / HTTP/1.1\r\nHost: a.example\r\n") + framing));
        client->finish();
        const test::Reply reply = client->read_reply();
        EXPECT_EQ(reply.status, 400);
        EXPECT_TRUE(upstream_->requests().empty()) << "the upstream got no end for it";
    }
}

TEST_F(VanishedClient, HundredsAtOnceLeaveNothingBehind) {
    serve([](UpstreamPeer& peer) {
        peer.read_request();
        peer.wait_for_end();
    });
    for (int round = 0; round < 4; ++round) {
        std::vector<std::unique_ptr<test::Connection>> clients;
        for (int i = 0; i < 50; ++i) {
            clients.push_back(connect());
            ASSERT_TRUE(clients.back()->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
        }
        ASSERT_TRUE(upstream_->wait_for_requests(static_cast<std::size_t>(round + 1) * 50));
        for (const auto& client : clients) client->reset();
        ASSERT_TRUE(gateway_->wait_until(
            [](const auto& c) { return c.requests_in_flight == 0 && c.connections_open == 0; }));
    }
}

}  // namespace
}  // namespace bearergate::gateway
