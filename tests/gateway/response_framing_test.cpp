// Where a response ends, as the upstream says it and as each kind of client is told.

#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <string>

namespace bearergate::gateway {
namespace {

using testing::HasSubstr;

constexpr const char* get_1_1 = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
constexpr const char* get_1_0 = "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n";
constexpr const char* get_1_0_kept =
    "GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n";

class ResponseFraming : public test::Relaying {
protected:
    // Everything that a client gets which asks once and reads to the end.
    std::string all_of(std::string_view request) const {
        const auto client = connect();
        EXPECT_TRUE(client->send(request));
        client->finish();
        return client->read_all();
    }
};

TEST_F(ResponseFraming, ASizedBodyStaysSized) {
    answer_with("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    for (const char* request : {get_1_1, get_1_0, get_1_0_kept}) {
        SCOPED_TRACE(request);
        const test::Reply reply = exchange(request);
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "hello");
        EXPECT_EQ(reply.header("Content-Length"), "5");
        EXPECT_EQ(reply.count("Transfer-Encoding"), 0U);
    }
}

TEST_F(ResponseFraming, AChunkedBodyIsFramedAnewWithoutExtensionsAndTrailers) {
    answer_with(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        "3;name=value;q=\"a;b\"\r\nabc\r\n00A\r\n0123456789\r\n"
        "0;last\r\nX-Sum: 1\r\nX-Request-Id: theirs\r\n\r\n");
    const test::Reply reply = exchange(get_1_1);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "abc0123456789");
    EXPECT_EQ(reply.header("Transfer-Encoding"), "chunked");
    EXPECT_EQ(reply.count("Trailer"), 0U);
    const std::string raw = all_of(get_1_1);
    EXPECT_THAT(raw, testing::EndsWith("0\r\n\r\n"));
    EXPECT_THAT(raw, testing::Not(HasSubstr("name=value")));
    EXPECT_THAT(raw, testing::Not(HasSubstr("X-Sum")));
    EXPECT_THAT(raw, testing::Not(HasSubstr("theirs")));
}

TEST_F(ResponseFraming, AChunkedBodyEndsWithTheConnectionForAClientThatKnowsNoChunks) {
    answer_with(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    for (const char* request : {get_1_0, get_1_0_kept}) {
        SCOPED_TRACE(request);
        const test::Reply reply = exchange(request);
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "abcde");
        EXPECT_EQ(reply.count("Transfer-Encoding"), 0U);
        EXPECT_EQ(reply.count("Content-Length"), 0U);
        EXPECT_EQ(reply.header("Connection"), "close");
    }
}

TEST_F(ResponseFraming, ABodyThatEndsWithTheUpstreamsConnectionIsChunkedWhereThatIsKnown) {
    serve(once("HTTP/1.1 200 OK\r\n\r\nto the end"));
    const test::Reply modern = exchange(get_1_1);
    EXPECT_EQ(modern.status, 200);
    EXPECT_EQ(modern.body, "to the end");
    EXPECT_EQ(modern.header("Transfer-Encoding"), "chunked");
    const test::Reply old = exchange(get_1_0);
    EXPECT_EQ(old.status, 200);
    EXPECT_EQ(old.body, "to the end");
    EXPECT_EQ(old.count("Transfer-Encoding"), 0U);
    EXPECT_EQ(counters().upstream_reused, 0U);
}

TEST_F(ResponseFraming, AnUpstreamThatSpeaks1Point0IsUnderstood) {
    serve(once("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold"));
    const test::Reply reply = exchange(get_1_1);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "old");
    EXPECT_EQ(exchange(get_1_1).status, 200);
    EXPECT_EQ(upstream_->connections(), 2U) << "HTTP/1.0 without keep-alive is not kept";
}

TEST_F(ResponseFraming, TheAnswerIsAlwaysHttp1Point1) {
    serve(once("HTTP/1.0 200 Fine by me\r\nContent-Length: 0\r\n\r\n"));
    EXPECT_THAT(all_of(get_1_0), testing::StartsWith("HTTP/1.1 200 Fine by me\r\n"));
}

TEST_F(ResponseFraming, WhatHasNoBodyHasNoneWhateverItAnnounces) {
    const struct {
        const char* method;
        const char* response;
        const char* length;  // as the client is told
    } cases[] = {
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n", "4711"},
        {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
        {"HEAD", "HTTP/1.1 404 Not Found\r\n\r\n", ""},
        {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4711\r\n\r\n", "4711"},
        {"GET", "HTTP/1.1 204 No Content\r\n\r\n", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.method) + " " + c.response);
        answer_with(c.response);
        const auto client = connect();
        // What comes next on the connection shows that nothing was taken for a body.
        for (int i = 0; i < 2; ++i) {
            ASSERT_TRUE(
                client->send(std::string(c.method) + " / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
            const test::Reply reply = client->read_reply(c.method);
            EXPECT_EQ(reply.status, std::stoi(std::string(c.response).substr(9, 3)));
            EXPECT_EQ(reply.header("Content-Length"), c.length);
            EXPECT_EQ(reply.count("Transfer-Encoding"), 0U);
        }
        EXPECT_EQ(upstream_->connections(), 1U);
    }
}

TEST_F(ResponseFraming, BytesBehindAnAnswerWithoutBodyAreNoAnswerToAnybody) {
    const struct {
        const char* method;
        const char* response;
    } cases[] = {
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"},
        {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nbody"},
        {"GET",
         "HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.response);
        answer_with(c.response);
        const auto client = connect();
        for (int i = 0; i < 2; ++i) {
            ASSERT_TRUE(
                client->send(std::string(c.method) + " / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
            EXPECT_EQ(client->read_reply(c.method).status,
                      std::stoi(std::string(c.response).substr(9, 3)));
        }
        EXPECT_EQ(upstream_->connections(), 2U) << "each connection carried one exchange";
    }
}

TEST_F(ResponseFraming, AnEmptyBodyOfAnyFramingIsWhole) {
    for (const char* response :
         {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        SCOPED_TRACE(response);
        answer_with(response);
        for (const char* request : {get_1_1, get_1_0}) {
            const test::Reply reply = exchange(request);
            EXPECT_EQ(reply.status, 200);
            EXPECT_EQ(reply.body, "");
        }
    }
}

TEST_F(ResponseFraming, ARequestForAClientOf1Point0IsRelayedAs1Point1) {
    answer_with("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(exchange(get_1_0).status, 200);
    EXPECT_THAT(upstream_->raw(0), testing::StartsWith("GET / HTTP/1.1\r\n"));
}

}  // namespace
}  // namespace bearergate::gateway
