// An upgrade to WebSocket: only what was asked for, and only by the right answer.

#include "support/gate.hpp"
#include "support/relaying.hpp"
#include "support/test_issuer.hpp"

#include <gmock/gmock.h>

#include <string>

namespace bearergate::gateway {
namespace {

using test::UpstreamPeer;
using testing::HasSubstr;
using testing::Not;

// RFC 6455 section 1.3.
constexpr const char* handshake =
    "GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
constexpr const char* accepted =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
constexpr const char* fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class WebSocket : public test::Relaying {
protected:
    // After its answer the upstream sends back what it gets.
    void serve_echo(const std::string& answer) {
        serve([answer](UpstreamPeer& peer) {
            if (!peer.read_head()) return;
            peer.send(answer);
            for (auto got = peer.read_bytes(1); !got.empty(); got = peer.read_bytes(1)) {
                peer.send(got);
            }
        });
    }
};

TEST_F(WebSocket, TheRightAnswerOpensATunnel) {
    serve_echo(accepted);
    const auto client = connect();
    ASSERT_TRUE(client->send(handshake));
    const std::string head = client->read_head();
    EXPECT_THAT(head, testing::StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
    EXPECT_THAT(head, HasSubstr("Upgrade: websocket\r\n"));
    EXPECT_THAT(head, HasSubstr("Connection: Upgrade\r\n"));
    EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Protocol: chat\r\n"));
    EXPECT_THAT(head, HasSubstr("X-Request-Id: "));
    const std::string told = upstream_->raw(0);
    EXPECT_THAT(told, HasSubstr("\r\nConnection: Upgrade\r\n"));
    EXPECT_THAT(told, HasSubstr("\r\nUpgrade: websocket\r\n"));
    EXPECT_THAT(told, HasSubstr("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));

    for (const std::string& text :
         {std::string("hello"), std::string("\x81\x05\0\xff\r\n\r\n", 8)}) {
        ASSERT_TRUE(client->send(text));
        EXPECT_EQ(client->read_bytes(text.size()), text);
    }
    client->finish();
    EXPECT_EQ(client->read_all(), "");
    const test::LogRecord record = gateway_->next_record();
    EXPECT_EQ(record.status, 101U);
    EXPECT_EQ(record.bytes_in, 13U);
    EXPECT_EQ(record.bytes_out, 13U);
    EXPECT_EQ(idle_upstream_connections(), 0U);
}

TEST_F(WebSocket, TheFirstBytesOfEitherSideMayComeWithItsHead) {
    serve_echo(std::string(accepted) + "welcome");
    const auto client = connect();
    ASSERT_TRUE(client->send(std::string(handshake) + "early"));
    EXPECT_THAT(client->read_head(), HasSubstr(" 101 "));
    EXPECT_EQ(client->read_bytes(12), "welcomeearly");
}

TEST_F(WebSocket, WhatAClientSendsTooEarlyIsHeldAndNotLost) {
    test::Gate accept;
    std::string got;
    test::Gate all;
    const std::string early(200'000, 'e');
    serve([&](UpstreamPeer& peer) {
        if (!peer.read_head()) return;
        accept.wait();
        EXPECT_LT(upstream_->bytes(), 2000U) << "nothing passes before the answer";
        peer.send(accepted);
        got = peer.read_bytes(early.size());
        all.open();
    });
    const auto client = connect();
    ASSERT_TRUE(client->send(handshake + early));
    accept.open();
    EXPECT_THAT(client->read_head(), HasSubstr(" 101 "));
    EXPECT_TRUE(all.wait());
    EXPECT_EQ(got, early);
}

TEST_F(WebSocket, AnotherAnswerLeavesTheConnectionHttp) {
    for (const char* refusal : {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
                                "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
                                "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nContent-Length: 2\r\n\r\nno"}) {
        SCOPED_TRACE(refusal);
        answer_with(refusal);
        const auto client = connect();
        // What it took for the tunnel's first bytes is the next request, to us and to the upstream.
        ASSERT_TRUE(client->send(std::string(handshake) +
                                 "GET /next HTTP/1.1\r\nHost: a.example\r\n\r\nnot http\r\n\r\n"));
        EXPECT_EQ(client->read_reply().body, "no");
        EXPECT_EQ(client->read_reply().body, "no");
        EXPECT_EQ(client->read_reply().status, 400);
        EXPECT_EQ(client->read_all(), "");
        ASSERT_EQ(upstream_->requests().size(), 2U);
        EXPECT_EQ(upstream_->requests()[1].target, "/next");
        EXPECT_THAT(upstream_->raw(0), Not(HasSubstr("not http")));
    }
}

TEST_F(WebSocket, AWrongAnswerOpensNothing) {
    const std::string start = "HTTP/1.1 101 Switching Protocols\r\n";
    const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    for (const std::string& answer : {
             start + upgrade + "\r\n",
             start + upgrade + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
             start + upgrade + "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n",
             start + upgrade + "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
             start + upgrade + accept + accept + "\r\n",
             start + accept + "\r\n",
             start + "Connection: Upgrade\r\nUpgrade: h2c\r\n" + accept + "\r\n",
             start + "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n" + accept + "\r\n",
             start + "Connection: close\r\nUpgrade: websocket\r\n" + accept + "\r\n",
             start + upgrade + accept + "Transfer-Encoding: chunked\r\n\r\n",
         }) {
        SCOPED_TRACE(answer);
        serve_echo(answer);
        const auto client = connect();
        ASSERT_TRUE(client->send(handshake));
        const test::Reply reply = client->read_reply();
        EXPECT_EQ(reply.status, 502);
        EXPECT_THAT(reply.body, HasSubstr("upstream_broken"));
        // The connection is still HTTP, and still ours.
        ASSERT_TRUE(client->send("GET /%zz HTTP/1.1\r\nHost: a.example\r\n\r\n"));
        EXPECT_EQ(client->read_reply().status, 400);
        EXPECT_THAT(upstream_->raw(0), Not(HasSubstr("%zz")));
    }
}

TEST_F(WebSocket, AHandshakeThatIsNotWellFormedIsNoRequest) {
    const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const std::string rest = "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + key;
    const std::string version = "Sec-WebSocket-Version: 13\r\n";
    serve_echo(accepted);
    for (const std::string& request : {
             "POST / HTTP/1.1\r\n" + rest + version + "Content-Length: 0\r\n\r\n",
             "GET / HTTP/1.0\r\n" + rest + version + "\r\n",
             "GET / HTTP/1.1\r\n" + rest + "Sec-WebSocket-Version: 8\r\n\r\n",
             "GET / HTTP/1.1\r\n" + rest + version + key + "\r\n",
             "GET / HTTP/1.1\r\n" + rest + version + "Content-Length: 2\r\n\r\nhi",
         }) {
        SCOPED_TRACE(request);
        EXPECT_EQ(exchange(request).status, 400);
    }
    EXPECT_EQ(upstream_->connections(), 0U);
}

TEST_F(WebSocket, NoOtherUpgradeIsAskedFor) {
    for (const std::string request :
         {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
          "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
          // Not in Connection: this hop's affair, and not meant for us.
          "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"}) {
        SCOPED_TRACE(request);
        // An upstream that says 101 all the same is broken.
        serve_echo(accepted);
        EXPECT_EQ(exchange(request).status, 502);
        const std::string told = upstream_->raw(0);
        EXPECT_THAT(told, Not(HasSubstr("Upgrade")));
        EXPECT_THAT(told, Not(HasSubstr("HTTP2-Settings")));
        EXPECT_THAT(told, Not(HasSubstr("h2c")));
        // One that takes it for what it is answers it.
        answer_with(fine);
        EXPECT_EQ(exchange(request).status, 200);
    }
}

TEST_F(WebSocket, IsAuthorizedAsAnyOtherRequest) {
    upstream_ = std::make_unique<test::RecordingUpstream>();
    const test::Issuer issuer;
    gateway_ = std::make_unique<test::Gateway>(
        "issuer: " + issuer.issuer() + "\naudience: https://api.example\nupstream: " +
            upstream_->url() + "\nroutes:\n  GET /chat: { scopes: [talk] }\n",
        test::Gateway::Options{
            .keys = {{issuer.issuer(), issuer.jwks()}},
            .now = core::WallTime(std::chrono::duration<double>(test::Issuer::issued_at + 60))});
    EXPECT_EQ(exchange(handshake).status, 401);
    const std::string text = handshake;
    EXPECT_EQ(exchange(text.substr(0, text.size() - 2) + "Authorization: Bearer " +
                       issuer.token(R"({"scope":"listen"})") + "\r\n\r\n")
                  .status,
              403);
    EXPECT_EQ(upstream_->connections(), 0U);
    EXPECT_EQ(exchange(text.substr(0, text.size() - 2) + "Authorization: Bearer " +
                       issuer.token(R"({"scope":"talk"})") + "\r\n\r\n")
                  .status,
              200);
}

}  // namespace
}  // namespace bearergate::gateway
