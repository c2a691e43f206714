// Responses as they go back.
#include <bearergate/http/forward.hpp>

#include "reading.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace bearergate::http {
namespace {

using test::read_response;
using test::response_with;
using test::shown;

std::string replied(std::string_view bytes, ReplyFacts facts, std::string_view method = "GET") {
    ResponseHead head;
    EXPECT_TRUE(read_response(bytes, method, head).accepted()) << shown(bytes);
    facts.body = reply_body(head.body, facts.client_minor_version);
    std::string out = "kept";
    write_response_head(out, head, facts);
    EXPECT_TRUE(out.starts_with("kept"));
    return out.substr(4);
}

TEST(ResponseHeadWriter, PassesTheUpstreamsFieldsAsTheyCame) {
    EXPECT_EQ(replied("HTTP/1.0 404 Not  Found\r\nserver: x\r\nDate: d\r\nSet-Cookie: a\r\n"
                      "content-LENGTH: 2\r\nset-cookie: b\r\nX_y: caf\xc3\xa9\r\nVary: Accept\r\n"
                      "Access-Control-Allow-Origin: *\r\nX-Request-Id: theirs\r\n\r\n",
                      {.request_id = "ours"}),
              "HTTP/1.1 404 Not  Found\r\nserver: x\r\nDate: d\r\nSet-Cookie: a\r\n"
              "content-LENGTH: 2\r\nset-cookie: b\r\nX_y: caf\xc3\xa9\r\nVary: Accept\r\n"
              "Access-Control-Allow-Origin: *\r\nX-Request-Id: ours\r\n\r\n");
}

TEST(ResponseHeadWriter, WhatIsForOneConnectionEndsHere) {
    const std::string head = replied(
        response_with(
            "Connection: keep-alive, X-Frame-Options, Set-Cookie, Content-Length, X-Gone\r\n"
            "Connection: Content-Type, cache-control, WWW-Authenticate, LOCATION\r\n"
            "Keep-Alive: timeout=5\r\nProxy-Authenticate: x\r\nProxy-Connection: a\r\n"
            "Trailer: X\r\nUpgrade: h2c\r\nTE: x\r\nSet-Cookie: a=b\r\nX-Gone: 1\r\n"
            "X-Frame-Options: DENY\r\nContent-Length: 2\r\nContent-Type: t\r\n"
            "Cache-Control: no-store\r\nWWW-Authenticate: Basic\r\nLocation: /\r\n"),
        {});
    EXPECT_EQ(head,
              "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\nContent-Type: t\r\n"
              "Cache-Control: no-store\r\nWWW-Authenticate: Basic\r\nLocation: /\r\n\r\n");
}

TEST(ResponseHeadWriter, FramesTheBodyForTheClientsVersion) {
    const struct {
        std::string bytes;
        std::string_view method;
        int minor;
        bool keep_alive;
        std::string_view written;  // after the status line
    } cases[] = {
        {response_with("Content-Length: 2\r\n"), "GET", 1, true, "Content-Length: 2\r\n"},
        {response_with("Content-Length: 2\r\n"), "GET", 1, false,
         "Content-Length: 2\r\nConnection: close\r\n"},
        {response_with("Content-Length: 2\r\n"), "GET", 0, true,
         "Content-Length: 2\r\nConnection: keep-alive\r\n"},
        {response_with("Content-Length: 2\r\n"), "GET", 0, false,
         "Content-Length: 2\r\nConnection: close\r\n"},
        {response_with("Transfer-Encoding: chunked\r\n"), "GET", 1, true,
         "Transfer-Encoding: chunked\r\n"},
        {response_with("Transfer-Encoding: chunked\r\n"), "GET", 0, true, "Connection: close\r\n"},
        {response_with("Connection: close\r\n"), "GET", 1, true, "Transfer-Encoding: chunked\r\n"},
        {response_with(""), "GET", 0, true, "Connection: close\r\n"},
        {response_with("Content-Length: 9\r\n"), "HEAD", 1, true, "Content-Length: 9\r\n"},
        {response_with("Transfer-Encoding: chunked\r\n"), "HEAD", 1, true, ""},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET", 1, true,
         "Content-Length: 9\r\n"},
        {"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", "GET", 1, true, ""},
        {"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 0\r\n\r\n", "GET", 1, false,
         "Link: </x>\r\n"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(shown(c.bytes));
        const std::string head = replied(
            c.bytes, {.client_minor_version = c.minor, .keep_alive = c.keep_alive}, c.method);
        const std::size_t fields = head.find("\r\n") + 2;
        EXPECT_EQ(head.substr(fields), std::string(c.written) + "\r\n");
    }
}

TEST(ResponseHeadWriter, WithCorsTheUpstreamsPolicyIsReplacedByOurs) {
    const std::string head =
        replied(response_with("Content-Length: 0\r\nAccess-Control-Allow-Origin: *\r\n"
                              "access-control-allow-credentials: true\r\nVary: Accept\r\n"),
                {.cors = "Access-Control-Allow-Origin: https://a\r\nVary: Origin\r\n",
                 .cors_configured = true});
    EXPECT_EQ(head,
              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nVary: Accept\r\n"
              "Access-Control-Allow-Origin: https://a\r\nVary: Origin\r\n\r\n");
}

TEST(ResponseHeadWriter, AnAcceptedUpgradeKeepsItsProof) {
    const std::string head = replied(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade, X-A\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-A: b\r\n\r\n",
        {.is_upgrade = true, .request_id = "id"});
    EXPECT_EQ(head,
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: Upgrade\r\n"
              "Upgrade: websocket\r\nX-Request-Id: id\r\n\r\n");
}

}  // namespace
}  // namespace bearergate::http
