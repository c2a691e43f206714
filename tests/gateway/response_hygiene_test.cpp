// What of a response's head reaches the client, and what the client is told by us.

#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <string>

namespace bearergate::gateway {
namespace {

class ResponseHygiene : public test::Relaying {};

TEST_F(ResponseHygiene, FieldsKeepTheirSpellingOrderAndNumber) {
    answer_with(
        "HTTP/1.1 418 I'm a teapot\r\nsErVeR: x\r\nSet-Cookie: a=1\r\nX-Odd:   spaced  \r\n"
        "Set-Cookie: b=2\r\nContent-Length: 0\r\nX-High: caf\xc3\xa9\r\n\r\n");
    const auto client = connect();
    ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    EXPECT_THAT(client->read_head(),
                testing::StartsWith(
                    "HTTP/1.1 418 I'm a teapot\r\nsErVeR: x\r\nSet-Cookie: a=1\r\nX-Odd: spaced\r\n"
                    "Set-Cookie: b=2\r\nContent-Length: 0\r\nX-High: caf\xc3\xa9\r\n"));
}

TEST_F(ResponseHygiene, HopByHopFieldsEndHere) {
    answer_with(
        "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
        "Proxy-Authenticate: Basic\r\nProxy-Connection: keep-alive\r\nProxy-Anything: x\r\n"
        "TE: trailers\r\nTrailer: X-Sum\r\nUpgrade: h2c\r\nContent-Length: 0\r\nX-Stays: "
        "1\r\n\r\n");
    const test::Reply reply = get();
    EXPECT_EQ(reply.status, 200);
    for (const char* name : {"Keep-Alive", "Proxy-Authenticate", "Proxy-Connection",
                             "Proxy-Anything", "TE", "Trailer", "Upgrade", "Connection"}) {
        EXPECT_EQ(reply.count(name), 0U) << name;
    }
    EXPECT_EQ(reply.header("X-Stays"), "1");
}

TEST_F(ResponseHygiene, WhatConnectionNamesEndsHereButForWhatClientsRelyOn) {
    answer_with(
        "HTTP/1.1 401 No\r\nConnection: X-Inner, close, Set-Cookie, content-length, Location,\r\n"
        "Connection: Cache-Control, WWW-Authenticate, Content-Type, X-More\r\n"
        "X-Inner: 1\r\nx-more: 2\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\nLocation: /x\r\n"
        "Cache-Control: no-store\r\nWWW-Authenticate: Bearer\r\nContent-Type: "
        "text/plain\r\n\r\nno");
    const test::Reply reply = get();
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.body, "no");
    for (const char* gone : {"X-Inner", "X-More", "Connection"}) {
        EXPECT_EQ(reply.count(gone), 0U) << gone;
    }
    for (const char* stays : {"Set-Cookie", "Content-Length", "Location", "Cache-Control",
                              "WWW-Authenticate", "Content-Type"}) {
        EXPECT_EQ(reply.count(stays), 1U) << stays;
    }
}

TEST_F(ResponseHygiene, TheRequestIdIsOursInTheResponseUpstreamAndInTheLog) {
    answer_with(
        "HTTP/1.1 200 OK\r\nX-Request-Id: theirs\r\nx-request-id: again\r\n"
        "Content-Length: 0\r\n\r\n");
    const test::Reply reply = get();
    ASSERT_EQ(reply.count("X-Request-Id"), 1U);
    const std::string id = reply.header("X-Request-Id");
    EXPECT_NE(id, "theirs");
    EXPECT_EQ(gateway_->next_record().request_id, id);
    ASSERT_TRUE(upstream_->wait_for_requests(1));
    EXPECT_EQ(upstream_->requests()[0].header("X-Request-Id"), id);
}

TEST_F(ResponseHygiene, TheClientsConnectionIsItsOwnAffair) {
    // The upstream's wish to close is not the client's.
    serve(once("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
    const auto client = connect();
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
        const test::Reply reply = client->read_reply();
        EXPECT_EQ(reply.body, "ok");
        EXPECT_EQ(reply.count("Connection"), 0U);
    }
    // Nor the other way round.
    answer_with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    for (int i = 0; i < 2; ++i) {
        const test::Reply reply =
            exchange("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
        EXPECT_EQ(reply.header("Connection"), "close");
    }
    EXPECT_EQ(upstream_->connections(), 1U);
}

TEST_F(ResponseHygiene, WhatBreaksTheRulesOfAHeadIsABrokenAnswer) {
    for (const char* response : {
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
             "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
             "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
             "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nX: a\nY: b\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 20 Short\r\nContent-Length: 0\r\n\r\n",
             "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
             "HTTP/0.9 200 OK\r\n\r\n",
         }) {
        SCOPED_TRACE(response);
        serve(once(response));
        const test::Reply reply = get();
        EXPECT_EQ(reply.status, 502);
        EXPECT_THAT(reply.body, testing::HasSubstr("upstream_broken"));
        EXPECT_EQ(counters().upstream_errors, 1U);
    }
}

}  // namespace
}  // namespace bearergate::gateway
