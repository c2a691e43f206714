// An upstream that dies in the middle of its answer: the client sees that it has not got all.

#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <string>

namespace bearergate::gateway {
namespace {

using End = test::Connection::End;
using test::UpstreamPeer;
using testing::HasSubstr;
using testing::Not;

class TruncatedResponse : public test::Relaying {
protected:
    struct Seen {
        std::string bytes{};
        End end = End::none;
    };
    Seen read(std::string_view request) const {
        const auto client = connect();
        EXPECT_TRUE(client->send(request));
        std::string bytes = client->read_all();
        return {.bytes = std::move(bytes), .end = client->end()};
    }
};

constexpr const char* get_1_1 = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
constexpr const char* get_1_0 = "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n";

TEST_F(TruncatedResponse, NoEndIsEverMadeUp) {
    for (const std::string response : {
             "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX: 1\r\n",
         }) {
        for (const bool by_reset : {false, true}) {
            SCOPED_TRACE(response + (by_reset ? " and a reset" : ""));
            serve([response, by_reset](UpstreamPeer& peer) {
                if (!peer.read_request()) return;
                peer.send(response);
                // The reset may overtake the bytes: that is what resets do.
                if (by_reset) peer.reset();
            });
            const Seen modern = read(get_1_1);
            if (!by_reset || !modern.bytes.starts_with("HTTP/1.1 502")) {
                EXPECT_THAT(modern.bytes, testing::StartsWith("HTTP/1.1 200 OK\r\n"));
                EXPECT_THAT(modern.bytes, Not(testing::EndsWith("\r\n0\r\n\r\n")));
                EXPECT_NE(modern.end, End::none);
                const test::LogRecord record = gateway_->next_record();
                EXPECT_EQ(record.status, 200U);
                EXPECT_EQ(record.note, "upstream_incomplete");
                EXPECT_EQ(record.reason, "");
            }
            EXPECT_EQ(counters().upstream_errors, 1U);
            EXPECT_EQ(counters().upstream_retries, 0U);
        }
    }
}

TEST_F(TruncatedResponse, AClientThatKnowsNoChunksIsReset) {
    serve(once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"));
    const Seen old = read(get_1_0);
    EXPECT_EQ(old.end, End::reset) << "a plain close would be the body's end";
}

TEST_F(TruncatedResponse, ABodyUntilTheEndIsCutByAReset) {
    serve([](UpstreamPeer& peer) {
        if (!peer.read_head()) return;
        peer.send("HTTP/1.1 200 OK\r\n\r\nhalf");
        if (peer.read_bytes(1).empty()) return;  // until the client has seen it
        peer.reset();
    });
    for (const bool modern : {true, false}) {
        SCOPED_TRACE(modern);
        const auto client = connect();
        ASSERT_TRUE(client->send(std::string("POST / HTTP/1.") + (modern ? "1" : "0") +
                                 "\r\nHost: a.example\r\nContent-Length: 1\r\n\r\n"));
        client->read_until("half");
        ASSERT_TRUE(client->send("x"));
        EXPECT_THAT(client->read_all(), Not(HasSubstr("\r\n0\r\n\r\n")));
        EXPECT_EQ(client->end(), modern ? End::closed : End::reset);
        EXPECT_EQ(gateway_->next_record().note, "upstream_incomplete");
    }
}

TEST_F(TruncatedResponse, BadlyFramedChunksAreATruncation) {
    for (const char* chunks :
         {"4\r\nhalfX", "4\nhalf\n0\n\n", "-1\r\n", "0x4\r\nhalf\r\n0\r\n\r\n", "4 \r\nhalf\r\n",
          "ffffffffffffffff\r\n", "\r\n0\r\n\r\n", "4\r\nhalf\r\n0\r\nbad trailer\r\n\r\n",
          "1;a b\r\nx\r\n0\r\n\r\n"}) {
        SCOPED_TRACE(chunks);
        serve(once(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "2\r\nok\r\n") +
                   chunks));
        const Seen seen = read(get_1_1);
        EXPECT_THAT(seen.bytes, Not(testing::EndsWith("\r\n0\r\n\r\n")));
        EXPECT_EQ(gateway_->next_record().note, "upstream_incomplete");
        EXPECT_EQ(counters().upstream_errors, 1U);
    }
}

TEST_F(TruncatedResponse, EndlessExtensionsAndTrailersAreCut) {
    for (const char* begin : {"1;", "0\r\nX-Trailer: "}) {
        SCOPED_TRACE(begin);
        serve([begin](UpstreamPeer& peer) {
            if (!peer.read_request()) return;
            bool there = peer.send(
                std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") + begin);
            while (there) there = peer.send(std::string(4096, 'a'));
        });
        const Seen seen = read(get_1_1);
        EXPECT_NE(seen.end, End::none);
        EXPECT_LT(seen.bytes.size(), 1000U);
    }
}

TEST_F(TruncatedResponse, AWholeAnswerWithMoreBehindItIsWholeAndTheLastOnItsConnection) {
    for (const char* response :
         {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: "
          "5\r\n\r\n"
          "wrong",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n\r\n"}) {
        SCOPED_TRACE(response);
        answer_with(response);
        const auto client = connect();
        for (int i = 0; i < 3; ++i) {
            ASSERT_TRUE(client->send(get_1_1));
            EXPECT_EQ(client->read_reply().body, "ok");
        }
        EXPECT_EQ(upstream_->connections(), 3U);
        EXPECT_EQ(counters().upstream_reused, 0U);
    }
}

}  // namespace
}  // namespace bearergate::gateway
