// Heads that come before the answer: swallowed, relayed, or too many.

#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <string>

namespace bearergate::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
constexpr const char* fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr const char* hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";

std::string times(int count, std::string_view text) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
}

class InterimResponse : public test::Relaying {};

TEST_F(InterimResponse, AnUpstreamsOwn100IsSwallowed) {
    answer_with(std::string("HTTP/1.1 100 Continue\r\nX-Secret: 1\r\n\r\n") + fine);
    const auto client = connect();
    ASSERT_TRUE(client->send(request));
    const std::string head = client->read_head();
    EXPECT_THAT(head, testing::StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(client->read_bytes(2), "ok");
}

TEST_F(InterimResponse, EarlyHintsAreRelayedAtOnceAndCleaned) {
    serve([](test::UpstreamPeer& peer) {
        while (peer.read_request()) {
            peer.send(
                "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n"
                "Connection: X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=9\r\n"
                "X-Request-Id: theirs\r\n\r\n");
            if (peer.read_bytes(1).empty()) return;  // until the client has seen them
            peer.send(fine);
        }
    });
    const auto client = connect();
    ASSERT_TRUE(client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"));
    const std::string early = client->read_head();
    EXPECT_THAT(early, testing::StartsWith("HTTP/1.1 103 Early Hints\r\nLink: </style.css>"));
    EXPECT_THAT(early, Not(HasSubstr("X-Private")));
    EXPECT_THAT(early, Not(HasSubstr("Keep-Alive")));
    EXPECT_THAT(early, Not(HasSubstr("theirs")));
    EXPECT_THAT(early, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(early, Not(HasSubstr("Transfer-Encoding")));
}

TEST_F(InterimResponse, AClientOf1Point0GetsNone) {
    answer_with(std::string(hints) + fine);
    const test::Reply reply = exchange("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "ok");
}

TEST_F(InterimResponse, TenAreRelayedAndOneMoreIsABrokenAnswer) {
    answer_with(times(10, hints) + fine);
    {
        const auto client = connect();
        ASSERT_TRUE(client->send(request));
        for (int i = 0; i < 10; ++i) {
            ASSERT_THAT(client->read_head(), testing::StartsWith("HTTP/1.1 103 "));
        }
        EXPECT_EQ(client->read_reply().body, "ok");
    }
    answer_with(times(11, hints) + fine);
    const auto client = connect();
    ASSERT_TRUE(client->send(request));
    for (int i = 0; i < 10; ++i) {
        ASSERT_THAT(client->read_head(), testing::StartsWith("HTTP/1.1 103 "));
    }
    const test::Reply reply = client->read_reply();
    EXPECT_EQ(reply.status, 502);
    EXPECT_THAT(reply.body, HasSubstr("upstream_broken"));
    EXPECT_EQ(gateway_->next_record().reason, "upstream_broken");
}

TEST_F(InterimResponse, SwallowedOnesCountToo) {
    serve([](test::UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        for (int i = 0; i < 1'000'000; ++i) {  // it will not come to that
            if (!peer.send("HTTP/1.1 100 Continue\r\n\r\n")) return;
        }
    });
    EXPECT_EQ(get().status, 502);
}

TEST_F(InterimResponse, LargeOnesLeaveTheAnswerItsRoom) {
    const std::string large =
        "HTTP/1.1 103 Early Hints\r\nLink: </" + std::string(7'000, 'a') + ">\r\n\r\n";
    answer_with(times(10, large) + "HTTP/1.1 200 OK\r\nX-Long: " + std::string(12'000, 'b') +
                "\r\nContent-Length: 2\r\n\r\nok");
    const auto client = connect();
    ASSERT_TRUE(client->send(request));
    for (int i = 0; i < 10; ++i) ASSERT_EQ(client->read_head().size(), large.size());
    const test::Reply reply = client->read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("X-Long").size(), 12'000U);
}

TEST_F(InterimResponse, AnswersThatWereNotAskedForAreBroken) {
    for (const char* response :
         {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\n\r\n",
          "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello",
          "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        SCOPED_TRACE(response);
        serve(once(std::string(response) + fine));
        const test::Reply reply = get();
        EXPECT_EQ(reply.status, 502);
        EXPECT_THAT(reply.body, HasSubstr("upstream_broken"));
    }
}

}  // namespace
}  // namespace bearergate::gateway
