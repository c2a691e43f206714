// Bodies pass as they come, in both directions at once; an answer need not wait for its request.

#include "support/gate.hpp"
#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <string>

namespace bearergate::gateway {
namespace {

using testing::HasSubstr;

class Streaming : public test::Relaying {};

TEST_F(Streaming, AnEventArrivesBeforeTheResponseEnds) {
    for (const char* framing : {"Transfer-Encoding: chunked\r\n", ""}) {
        SCOPED_TRACE(framing);
        const bool chunked = framing[0] != '\0';
        test::Gate seen;
        serve([&seen, framing, chunked](test::UpstreamPeer& peer) {
            if (!peer.read_request()) return;
            peer.send(std::string("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n") +
                      framing + "\r\n" + (chunked ? "9\r\ndata: 1\n\n\r\n" : "data: 1\n\n"));
            if (!seen.wait()) return;
            peer.send(chunked ? "9\r\ndata: 2\n\n\r\n0\r\n\r\n" : "data: 2\n\n");
        });
        const auto client = connect();
        ASSERT_TRUE(client->send("GET /events HTTP/1.1\r\nHost: a.example\r\n\r\n"));
        EXPECT_THAT(client->read_until("data: 1\n\n\r\n"), testing::EndsWith("data: 1\n\n\r\n"));
        seen.open();
        EXPECT_THAT(client->read_until("0\r\n\r\n"), HasSubstr("data: 2\n\n"));
    }
}

TEST_F(Streaming, AHeadArrivesBeforeItsBodyBegins) {
    test::Gate seen;
    serve([&seen](test::UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        if (seen.wait()) peer.send("ok");
    });
    const auto client = connect();
    ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    EXPECT_THAT(client->read_head(), HasSubstr("200 OK"));
    seen.open();
    EXPECT_EQ(client->read_bytes(2), "ok");
}

TEST_F(Streaming, APieceOfARequestArrivesBeforeTheNextIsSent) {
    serve([](test::UpstreamPeer& peer) {
        if (!peer.read_head()) return;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
        for (int i = 0; i < 3; ++i) peer.send(peer.read_bytes(2));
    });
    const auto client = connect();
    ASSERT_TRUE(client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 6\r\n\r\n"));
    EXPECT_THAT(client->read_head(), HasSubstr("200 OK"));
    for (const char* piece : {"ab", "cd", "ef"}) {
        ASSERT_TRUE(client->send(piece));
        EXPECT_EQ(client->read_bytes(2), piece);
    }
}

TEST_F(Streaming, AnAnswerThatComesEarlyIsRelayedAndThenTheConnectionEnds) {
    for (const bool upstream_closes : {false, true}) {
        SCOPED_TRACE(upstream_closes);
        serve([upstream_closes](test::UpstreamPeer& peer) {
            if (!peer.read_head()) return;
            peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 8\r\n\r\ntoo much");
            if (!upstream_closes) peer.wait_for_end();
        });
        const auto client = connect();
        ASSERT_TRUE(
            client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\n"));
        ASSERT_TRUE(client->send(std::string(10'000, 'x')));
        const test::Reply reply = client->read_reply();
        EXPECT_EQ(reply.status, 413);
        EXPECT_EQ(reply.body, "too much");
        EXPECT_EQ(reply.header("Connection"), "close");
        // The client goes on sending for a while, and neither hears of it nor loses the answer.
        client->send(std::string(100'000, 'x'));
        EXPECT_EQ(client->read_all(), "");
        EXPECT_NE(client->end(), test::Connection::End::none);
        EXPECT_EQ(gateway_->next_record().status, 413U);
    }
}

TEST_F(Streaming, AfterAnEarlyAnswerTheUpstreamsConnectionIsNotUsedAgain) {
    serve([](test::UpstreamPeer& peer) {
        while (peer.read_head()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    {
        const auto client = connect();
        ASSERT_TRUE(
            client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\n"));
        EXPECT_EQ(client->read_reply().status, 200);
    }
    EXPECT_EQ(get().status, 200);
    EXPECT_EQ(upstream_->connections(), 2U);
    EXPECT_EQ(counters().upstream_reused, 0U);
}

TEST_F(Streaming, AnAnswerThatBeginsEarlyLetsTheRequestEnd) {
    serve([](test::UpstreamPeer& peer) {
        while (peer.read_head()) {
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
            const std::string body = peer.read_bytes(10);
            peer.send("a\r\n" + body + "\r\n0\r\n\r\n");
        }
    });
    const auto client = connect();
    ASSERT_TRUE(
        client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\n01234"));
    EXPECT_THAT(client->read_until("hi\r\n"), testing::EndsWith("hi\r\n"));
    ASSERT_TRUE(client->send("56789"));
    EXPECT_EQ(client->read_until("0\r\n\r\n"), "a\r\n0123456789\r\n0\r\n\r\n");
}

TEST_F(Streaming, AHalfClosedClientStillGetsItsAnswer) {
    test::Gate finished;
    serve([&finished](test::UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        if (finished.wait()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const auto client = connect();
    ASSERT_TRUE(client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi"));
    client->finish();
    ASSERT_TRUE(upstream_->wait_for_requests(1));
    finished.open();
    const test::Reply reply = client->read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "ok");
    EXPECT_EQ(client->read_all(), "");
    EXPECT_EQ(client->end(), test::Connection::End::closed);
}

}  // namespace
}  // namespace bearergate::gateway
