// How a request's head frames its body, and what it asks of the connection.
#include "http/expect_reading.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::http {
namespace {

using core::Reason;
using test::expect_accepted;
using test::expect_refused;
using test::request_with;
using test::shown;
using Kind = BodyLength::Kind;

TEST(RequestHeadFraming, FramesItsBodyInOneWayOnly) {
    const struct {
        std::string_view fields;
        Kind kind;
        std::uint64_t bytes;
    } accepted[] = {
        {"", Kind::none, 0},
        {"Content-Length: 0\r\n", Kind::sized, 0},
        {"content-length:5\r\n", Kind::sized, 5},
        {"Content-Length: \t5 \r\n", Kind::sized, 5},
        {"Content-Length: 005\r\n", Kind::sized, 5},
        {"Content-Length: 18446744073709551615\r\n", Kind::sized, UINT64_MAX},
        {"Transfer-Encoding: chunked\r\n", Kind::chunked, 0},
        {"transfer-encoding:\tCHUNKED\t\r\n", Kind::chunked, 0},
        {"Content-Length-X: 5\r\nTransfer_Encoding: chunked\r\n", Kind::none, 0},
    };
    for (const auto& c : accepted) {
        SCOPED_TRACE(c.fields);
        const std::string bytes = request_with(c.fields, "POST");
        RequestHead head;
        expect_accepted(bytes, head);
        EXPECT_EQ(head.body.kind, c.kind);
        EXPECT_EQ(head.body.bytes, c.bytes);
    }
    const std::vector<std::string_view> refused = {
        "Content-Length:\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 0\r\ncontent-length: 0\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 5,\r\n",
        "Content-Length: ,5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5.0\r\n",
        "Content-Length: 1e1\r\n",
        "Content-Length: 5a\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: \"5\"\r\n",
        "Content-Length: (5)\r\n",
        "Content-Length: 5;5\r\n",
        "Content-Length: \xd9\xa5\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 18446744073709551621\r\n",
        "Content-Length: 99999999999999999999999999\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunkedx\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: chunked,\r\n",
        "Transfer-Encoding: ,chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding: chun ked\r\n",
        "Transfer-Encoding: \xa0"
        "chunked\xa0\r\n",
        "Transfer-Encoding: \xff"
        "chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
    };
    for (const std::string_view fields : refused) {
        expect_refused(request_with(fields, "POST"), Reason::bad_request);
    }
    expect_refused("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                   Reason::bad_request);
}

TEST(RequestHeadFraming, TheConnectionLastsAsVersionAndOptionsSay) {
    const struct {
        int minor;
        std::string_view connection;
        bool keep_alive;
    } cases[] = {
        {1, "", true},
        {1, "Connection: keep-alive\r\n", true},
        {1, "Connection: close\r\n", false},
        {1, "Connection: CLOSE\r\n", false},
        {1, "Connection: keep-alive, close\r\n", false},
        {1, "Connection: close\r\nConnection: keep-alive\r\n", false},
        {1, "Connection: ,, close ,\r\n", false},
        {1, "Connection: closed\r\n", true},
        {0, "", false},
        {0, "Connection: keep-alive\r\n", true},
        {0, "Connection: Keep-Alive, close\r\n", false},
        {0, "Connection: close\r\n", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.connection);
        const std::string bytes = "GET / HTTP/1." + std::to_string(c.minor) + "\r\nHost: a\r\n" +
                                  std::string(c.connection) + "\r\n";
        RequestHead head;
        expect_accepted(bytes, head);
        EXPECT_EQ(head.keep_alive, c.keep_alive);
    }
}

TEST(RequestHeadFraming, CollectsWhatConnectionNominates) {
    const std::string bytes =
        request_with("Connection: keep-alive, X-A,,x-b\r\nConnection: Upgrade , Host\r\n");
    RequestHead head;
    expect_accepted(bytes, head);
    EXPECT_EQ(head.connection_names, (std::vector<std::string_view>{"X-A", "x-b", "Host"}));

    for (const std::string_view value : {"X A", "\"close\"", "a=b", "close;q=1", "a/b", "@"}) {
        expect_refused(request_with("Connection: " + std::string(value) + "\r\n"),
                       Reason::bad_request);
    }
    std::string many = "Connection: a";
    for (int i = 1; i < 32; ++i) many += ",a";
    const std::string full = request_with(many + "\r\n");
    expect_accepted(full, head);
    EXPECT_EQ(head.connection_names.size(), 32U);
    expect_refused(request_with(many + ",a\r\n"), Reason::bad_request);
    expect_refused(request_with(many + "\r\nConnection: b\r\n"), Reason::bad_request);
}

TEST(RequestHeadFraming, OnlyOneExpectationIsUnderstood) {
    for (const std::string_view value : {"100-continue", "100-Continue", " 100-CONTINUE\t"}) {
        const std::string bytes = request_with("Expect: " + std::string(value) + "\r\n", "POST");
        RequestHead head;
        expect_accepted(bytes, head);
        EXPECT_TRUE(head.expects_continue);
    }
    for (const std::string_view fields :
         {"Expect:\r\n", "Expect: 200-ok\r\n", "Expect: y 100-continue\r\n",
          "Expect: 100-continue, x\r\n", "Expect: 100-continue\r\nExpect: 100-continue\r\n",
          "Expect: 100-continue;a\r\n"}) {
        expect_refused(request_with(fields, "POST"), Reason::expectation_unsupported);
    }
    const std::string old = "POST / HTTP/1.0\r\nExpect: 100-continue\r\nExpect: x\r\n\r\n";
    RequestHead head;
    expect_accepted(old, head);
    EXPECT_FALSE(head.expects_continue);
    // An ambiguous message is the worse fault.
    expect_refused(request_with("Expect: x\r\nContent-Length: x\r\n"), Reason::bad_request);
}

TEST(RequestHeadFraming, AWebSocketHandshakeIsWellFormedOrRefused) {
    const std::string_view key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const std::string_view version = "Sec-WebSocket-Version: 13\r\n";
    const std::string_view ask = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
    const auto fields = [](auto... parts) { return (std::string(parts) + ...); };

    RequestHead head;
    const std::string good = request_with(fields(ask, key, version));
    expect_accepted(good, head);
    EXPECT_TRUE(head.upgrades_to_websocket);
    EXPECT_EQ(head.websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");

    const std::vector<std::string> refused = {
        request_with(fields(ask, key)),
        request_with(fields(ask, version)),
        request_with(fields(ask, key, "Sec-WebSocket-Version: 8\r\n")),
        request_with(fields(ask, key, "Sec-WebSocket-Version: 13, 8\r\n")),
        request_with(fields(ask, key, version, version)),
        request_with(fields(ask, key, key, version)),
        request_with(fields(ask, "Sec-WebSocket-Key:\r\n", version)),
        request_with(fields(ask, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", version)),
        request_with(fields(ask, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", version)),
        request_with(fields(ask, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n", version)),
        request_with(fields(ask, "Sec-WebSocket-Key: dGhlIHNhbXBs_SBub25jZQ==\r\n", version)),
        request_with(fields(ask, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWU=\r\n", version)),
        request_with(fields(ask, key, version), "POST"),
        request_with(fields(ask, key, version, "Content-Length: 5\r\n")),
        request_with(fields(ask, key, version, "Transfer-Encoding: chunked\r\n")),
        request_with(fields(ask, key, version, "Upgrade: h2c\r\n")),
        request_with(fields(ask, key, version, "Upgrade: websocket\r\n")),
        request_with(fields("Connection: upgrade\r\nUpgrade: h2c, websocket\r\n", key, version)),
        "GET / HTTP/1.0\r\nHost: a\r\n" + fields(ask, key, version) + "\r\n",
    };
    for (const std::string& bytes : refused) expect_refused(bytes, Reason::bad_request);

    const std::vector<std::string> ordinary = {
        request_with(fields("Upgrade: websocket\r\n", key, version)),
        request_with(fields("Connection: keep-alive\r\nUpgrade: websocket\r\n", key, version)),
        request_with(fields("Connection: upgrade\r\n", key, version)),
        request_with(fields("Connection: upgrade\r\nUpgrade: websockets\r\n", key)),
        request_with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"),
    };
    for (const std::string& bytes : ordinary) {
        expect_accepted(bytes, head);
        EXPECT_FALSE(head.upgrades_to_websocket) << shown(bytes);
        EXPECT_EQ(head.websocket_key, "") << shown(bytes);
    }
}

}  // namespace
}  // namespace bearergate::http
