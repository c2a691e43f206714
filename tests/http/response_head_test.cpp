#include "reading.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::http {
namespace {

using test::read_response;
using test::response_with;
using test::shown;
using Kind = BodyLength::Kind;

TEST(ResponseHead, IsAnIndexOfViewsIntoTheBuffer) {
    const std::string bytes =
        "HTTP/1.1 404 Not  Found\r\nServer: x\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\n"
        "X-Name: caf\xc3\xa9\r\nContent-Length: 2\r\n\r\nok";
    ResponseHead head;
    ASSERT_TRUE(read_response(bytes, "GET", head).accepted());
    EXPECT_EQ(head.status, 404U);
    EXPECT_EQ(head.reason, "Not  Found");
    EXPECT_EQ(head.minor_version, 1);
    EXPECT_EQ(head.size, bytes.size() - 2);
    EXPECT_EQ(head.count("Set-Cookie"), 2U);
    EXPECT_EQ(head.value("SERVER"), "x");
    EXPECT_EQ(head.body.kind, Kind::sized);
    EXPECT_EQ(head.body.bytes, 2U);
    EXPECT_TRUE(head.keep_alive);
}

TEST(ResponseHead, RemembersNothingOfTheResponseBefore) {
    const std::string first =
        "HTTP/1.0 200 OK\r\nConnection: X-A\r\nKeep-Alive: timeout=5\r\nX: y\r\n\r\n";
    const std::string second = response_with("Content-Length: 0\r\n");
    ResponseHead head;
    ASSERT_TRUE(read_response(first, "GET", head).accepted());
    ASSERT_TRUE(read_response(second, "GET", head).accepted());
    EXPECT_EQ(head.fields.size(), 1U);
    EXPECT_TRUE(head.connection_names.empty());
    EXPECT_FALSE(head.keep_alive_timeout);
    EXPECT_TRUE(head.keep_alive);
}

TEST(ResponseHead, FramesItsBodyInOneWayOnly) {
    const struct {
        std::string_view bytes, method;
        Kind kind;
        std::uint64_t size;
        bool keep_alive;
    } accepted[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", "GET", Kind::until_close, 0, false},
        {"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", "GET", Kind::until_close, 0, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "GET", Kind::sized, 7, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "POST", Kind::sized, 0, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n", "GET", Kind::sized, 7,
         false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n", "GET", Kind::sized, 7, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 7\r\nConnection: keep-alive\r\n\r\n", "GET",
         Kind::sized, 7, true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", "GET", Kind::chunked, 0, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "HEAD", Kind::none, 0, true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", Kind::none, 0, true},
        {"HTTP/1.1 200 OK\r\n\r\n", "HEAD", Kind::none, 0, true},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "GET", Kind::none, 0, true},
        {"HTTP/1.1 304 Not Modified\r\n\r\n", "GET", Kind::none, 0, true},
        {"HTTP/1.1 204 No Content\r\n\r\n", "GET", Kind::none, 0, true},
        {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "GET", Kind::none, 0, true},
        {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "GET", Kind::none, 0, false},
        {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", Kind::none, 0,
         false},
        {"HTTP/1.1 100 Continue\r\n\r\n", "POST", Kind::none, 0, true},
        {"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 0\r\n\r\n", "GET", Kind::none,
         0, true},
        {"HTTP/1.1 205 Reset\r\n\r\n", "GET", Kind::until_close, 0, false},
        {"HTTP/1.1 200 OK\r\n\r\n", "head", Kind::until_close, 0, false},
    };
    for (const auto& c : accepted) {
        SCOPED_TRACE(shown(c.bytes));
        ResponseHead head;
        ASSERT_TRUE(read_response(c.bytes, c.method, head).accepted());
        EXPECT_EQ(head.body.kind, c.kind);
        EXPECT_EQ(head.body.bytes, c.size);
        EXPECT_EQ(head.keep_alive, c.keep_alive);
    }
    const std::vector<std::string> refused = {
        response_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        response_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        response_with("Content-Length: 5\r\nContent-Length: 5\r\n"),
        response_with("Content-Length: 5\r\nContent-Length: 6\r\n"),
        response_with("Content-Length: 5, 5\r\n"),
        response_with("Content-Length: -1\r\n"),
        response_with("Content-Length:\r\n"),
        response_with("Transfer-Encoding: gzip\r\n"),
        response_with("Transfer-Encoding: gzip, chunked\r\n"),
        response_with("Transfer-Encoding: chunked, identity\r\n"),
        response_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        response_with("Transfer-Encoding:\r\n"),
        response_with("Connection: a b\r\n"),
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 102 Processing\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
    };
    for (const std::string& bytes : refused) {
        SCOPED_TRACE(shown(bytes));
        ResponseHead head;
        EXPECT_FALSE(read_response(bytes, "GET", head).accepted());
        EXPECT_FALSE(read_response(bytes, "HEAD", head).accepted());
    }
}

TEST(ResponseHead, SaysHowLongTheUpstreamKeepsIdleConnections) {
    const struct {
        std::string_view value;
        std::optional<unsigned> seconds;
    } cases[] = {
        {"timeout=5", 5},
        {"timeout=5, max=100", 5},
        {"max=100,Timeout = 60", 60},
        {"timeout=0", 0},
        {"", std::nullopt},
        {"timeout", std::nullopt},
        {"timeout=", std::nullopt},
        {"timeout=-5", std::nullopt},
        {"timeout=5s", std::nullopt},
        {"timeout=\"5\"", std::nullopt},
        {"timeout=99999999999999", std::nullopt},
        {"xtimeout=5", std::nullopt},
        {",,=,;", std::nullopt},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.value);
        const std::string bytes =
            response_with("Content-Length: 0\r\nKeep-Alive: " + std::string(c.value) + "\r\n");
        ResponseHead head;
        ASSERT_TRUE(read_response(bytes, "GET", head).accepted());
        EXPECT_EQ(head.keep_alive_timeout, c.seconds);
    }
}

TEST(ResponseHead, AnUpgradeIsProvedByItsAcceptValue) {
    const auto accept_of = [](std::string_view fields) {
        const std::string bytes =
            "HTTP/1.1 101 Switching Protocols\r\n" + std::string(fields) + "\r\n";
        ResponseHead head;
        EXPECT_TRUE(read_response(bytes, "GET", head).accepted()) << fields;
        return std::string(head.websocket_accept);
    };
    const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    const std::string upgrade = "Upgrade: websocket\r\n";
    const std::string connection = "Connection: upgrade\r\n";
    EXPECT_EQ(accept_of(upgrade + connection + accept), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(accept_of(upgrade + accept), "");
    EXPECT_EQ(accept_of(connection + accept), "");
    EXPECT_EQ(accept_of("Upgrade: h2c\r\n" + connection + accept), "");
    EXPECT_EQ(accept_of("Upgrade: websocket, h2c\r\n" + connection + accept), "");
    EXPECT_EQ(accept_of(upgrade + upgrade + connection + accept), "");
    EXPECT_EQ(accept_of(upgrade + connection), "");
    EXPECT_EQ(accept_of(upgrade + connection + accept + accept), "");
}

TEST(ResponseHead, HeadsThatTheScanWouldRefuseAreRefusedHereToo) {
    for (const std::string_view bytes :
         {"HTTP/1.1 099 X\r\n\r\n", "HTTP/1.1 999 X\r\n\r\n",
          "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 200 OK\r\n", "",
          "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"}) {
        SCOPED_TRACE(shown(bytes));
        ResponseHead head;
        EXPECT_FALSE(ResponseParser{}.parse(bytes, "GET", head));
    }
}

}  // namespace
}  // namespace bearergate::http
