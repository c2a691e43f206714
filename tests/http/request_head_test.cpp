#include "reading.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::http {
namespace {

using core::Reason;
using test::read_request;
using test::request_with;
using test::shown;
using Kind = BodyLength::Kind;

void expect_refused(std::string_view bytes, Reason reason) {
    SCOPED_TRACE(shown(bytes));
    RequestHead head;
    const auto reading = read_request(bytes, head);
    ASSERT_TRUE(reading.refusal);
    EXPECT_EQ(core::name_of(*reading.refusal), core::name_of(reason));
}

void expect_accepted(std::string_view bytes, RequestHead& head) {
    const auto reading = read_request(bytes, head);
    EXPECT_TRUE(reading.accepted()) << shown(bytes);
    EXPECT_EQ(head.size, reading.size);
}

TEST(RequestHead, IsAnIndexOfViewsIntoTheBuffer) {
    const std::string bytes =
        "POST /items?x=1 HTTP/1.1\r\nHost: gw.test:8080\r\nX-A:  one two\t \r\nx-b:\r\n"
        "Content-Length: 5\r\n\r\nhello";
    RequestHead head;
    expect_accepted(bytes, head);
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/items?x=1");
    EXPECT_EQ(head.minor_version, 1);
    EXPECT_EQ(head.size, bytes.size() - 5);
    ASSERT_EQ(head.fields.size(), 4U);
    EXPECT_EQ(head.fields[1].name, "X-A");
    EXPECT_EQ(head.fields[1].value, "one two");
    EXPECT_EQ(head.fields[2].name, "x-b");
    EXPECT_EQ(head.fields[2].value, "");
    for (const Field& field : head.fields) {
        EXPECT_GE(field.name.data(), bytes.data());
        EXPECT_LE(field.value.data() + field.value.size(), bytes.data() + head.size);
    }
    EXPECT_EQ(head.host, "gw.test");
    EXPECT_EQ(head.host_field, "gw.test:8080");
    EXPECT_EQ(head.count("X-B"), 1U);
    EXPECT_EQ(head.count("X-C"), 0U);
    EXPECT_EQ(head.value("x-a"), "one two");
    EXPECT_FALSE(head.value("x-c"));
}

TEST(RequestHead, RemembersNothingOfTheRequestBefore) {
    const std::string first =
        "GET / HTTP/1.0\r\nHost: a\r\nConnection: X-A, close\r\nAuthorization: Bearer t\r\n"
        "X-Request-Id: 1\r\ntraceparent: 00\r\nContent-Length: 3\r\n\r\n";
    const std::string second = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
    RequestHead head;
    expect_accepted(first, head);
    EXPECT_FALSE(head.keep_alive);
    expect_accepted(second, head);
    EXPECT_EQ(head.fields.size(), 1U);
    EXPECT_EQ(head.host, "b");
    EXPECT_EQ(head.minor_version, 1);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_TRUE(head.authorization.empty());
    EXPECT_TRUE(head.connection_names.empty());
    EXPECT_EQ(head.request_id, "");
    EXPECT_EQ(head.traceparent, "");
    EXPECT_EQ(head.body.kind, Kind::none);
}

TEST(RequestHead, OneUnambiguousHostIsRequired) {
    const struct {
        std::string_view value, host;
    } accepted[] = {
        {"gw.test", "gw.test"},
        {"GW.Test", "GW.Test"},
        {"gw.test.", "gw.test."},
        {"gw.test:1", "gw.test"},
        {"gw.test:65535", "gw.test"},
        {"my_backend-1", "my_backend-1"},
        {"127.0.0.1:80", "127.0.0.1"},
        {"[::1]", "[::1]"},
        {"[2001:db8::1]:443", "[2001:db8::1]"},
        {"[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]"},
    };
    for (const auto& c : accepted) {
        SCOPED_TRACE(c.value);
        const std::string bytes = "GET / HTTP/1.1\r\nHost: " + std::string(c.value) + "\r\n\r\n";
        RequestHead head;
        expect_accepted(bytes, head);
        EXPECT_EQ(head.host, c.host);
        EXPECT_EQ(head.host_field, c.value);
    }
    const std::vector<std::string_view> refused = {
        "",
        ":80",
        "gw.test:",
        "gw.test:0",
        "gw.test:65536",
        "gw.test:80x",
        "gw.test:080000",
        "gw.test:-1",
        "gw.test:+1",
        "gw.test: 80",
        "a b",
        "a,b",
        "a, b",
        "user@gw.test",
        "user:pw@gw.test",
        "gw.test/x",
        "gw.test?x",
        "gw.test#x",
        "gw.test\\x",
        "gw%2etest",
        ".",
        ".gw.test",
        "gw..test",
        "gw.test..",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]:",
        "[fe80::1%25eth0]",
        "[]",
        "[v1.a]",
        "[1.2.3.4]",
        "[::1]]",
        "gw.t\xc3\xa9st",
        "gw.test;x",
        "\"gw.test\"",
        "[1:2:3:4:5:6:7:8:9]",
        "http://gw.test",
    };
    for (const std::string_view value : refused) {
        expect_refused("GET / HTTP/1.1\r\nHost: " + std::string(value) + "\r\n\r\n",
                       Reason::bad_request);
        expect_refused("GET / HTTP/1.0\r\nHost: " + std::string(value) + "\r\n\r\n",
                       Reason::bad_request);
    }
    expect_refused("GET / HTTP/1.1\r\n\r\n", Reason::bad_request);
    expect_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Reason::bad_request);
    expect_refused("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", Reason::bad_request);
    expect_refused("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", Reason::bad_request);
}

TEST(RequestHead, AnOldClientMayNameNoHost) {
    const std::string bytes = "GET / HTTP/1.0\r\n\r\n";
    RequestHead head;
    expect_accepted(bytes, head);
    EXPECT_EQ(head.host, "");
    EXPECT_EQ(head.minor_version, 0);
}

TEST(RequestHead, FramesItsBodyInOneWayOnly) {
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

// What we act on must mean the same to everybody; what we only pass on may be any text.
TEST(RequestHead, BytesBeyondAsciiStandOnlyInValuesThatAreNotInterpreted) {
    const std::vector<std::string_view> refused = {
        "Authorization",
        "Connection",
        "Upgrade",
        "Expect",
        "TE",
        "Trailer",
        "X-Forwarded-For",
        "X-Forwarded-Port",
        "Forwarded",
        "X-Request-Id",
        "traceparent",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-X",
        "Keep-Alive",
        "Origin",
        "Access-Control-Request-Method",
    };
    for (const std::string_view name : refused) {
        expect_refused(request_with(std::string(name) + ": abcdefgh\xc2\xa0\r\n"),
                       Reason::bad_request);
    }
    for (const std::string_view name : {"User-Agent", "Cookie", "X-Name", "Content-Disposition"}) {
        const std::string bytes = request_with(std::string(name) + ": caf\xc3\xa9 \xff\r\n");
        RequestHead head;
        expect_accepted(bytes, head);
        EXPECT_EQ(head.value(name), "caf\xc3\xa9 \xff");
    }
}

TEST(RequestHead, TheConnectionLastsAsVersionAndOptionsSay) {
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

TEST(RequestHead, CollectsWhatConnectionNominates) {
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

TEST(RequestHead, TargetsBecomeOriginForm) {
    const struct {
        std::string_view target, host, origin;
    } accepted[] = {
        {"/", "gw.test", "/"},
        {"/a?b=http://x/", "gw.test", "/a?b=http://x/"},
        {"//evil.test/a", "gw.test", "//evil.test/a"},  // a path; core::Target refuses it
        {"http://gw.test/a?b", "gw.test", "/a?b"},
        {"HTTPS://GW.test/a", "gw.TEST", "/a"},
        {"http://gw.test", "gw.test", "/"},
        {"http://gw.test:8080/a", "gw.test:8080", "/a"},
        {"http://[::1]:80/a", "[::1]:80", "/a"},
    };
    for (const auto& c : accepted) {
        SCOPED_TRACE(c.target);
        const std::string bytes = "GET " + std::string(c.target) +
                                  " HTTP/1.1\r\nHost: " + std::string(c.host) + "\r\n\r\n";
        RequestHead head;
        expect_accepted(bytes, head);
        EXPECT_EQ(head.target, c.origin);
    }
    const std::vector<std::string_view> refused = {
        "*",
        "a",
        "public/a",
        "@evil.test/",
        ":80/",
        "gw.test:80",
        "?a",
        "#a",
        "/#",
        "/a#/../b",
        "/a?b#c",
        "http://evil.test/a",
        "http://gw.test:80/a",
        "http://gw.test./a",
        "http://gw.test@evil.test/",
        "http://user@gw.test/a",
        "http://gw.test?a",
        "http://gw.test#a",
        "http:///a",
        "http:/gw.test/a",
        "http:gw.test/a",
        "http//gw.test/a",
        "ftp://gw.test/a",
        "httpss://gw.test/a",
        "ws://gw.test/a",
        "file:///etc/passwd",
        "http://gw.test\\@evil.test/",
    };
    for (const std::string_view target : refused) {
        expect_refused("GET " + std::string(target) + " HTTP/1.1\r\nHost: gw.test\r\n\r\n",
                       Reason::bad_target);
    }
    expect_refused("OPTIONS * HTTP/1.1\r\nHost: gw.test\r\n\r\n", Reason::bad_target);
    // Which is how it is said to a proxy.
    expect_refused("OPTIONS http://gw.test HTTP/1.1\r\nHost: gw.test\r\n\r\n", Reason::bad_target);
    for (const char* target : {"http://gw.test/", "http://gw.test/a?b"}) {
        RequestHead head;
        expect_accepted("OPTIONS " + std::string(target) + " HTTP/1.1\r\nHost: gw.test\r\n\r\n",
                        head);
    }
    expect_refused("GET http://gw.test/a HTTP/1.0\r\n\r\n", Reason::bad_target);
}

TEST(RequestHead, ConnectAndTraceAreNoMethodsOfOurs) {
    expect_refused("CONNECT gw.test:443 HTTP/1.1\r\nHost: gw.test:443\r\n\r\n",
                   Reason::method_not_allowed);
    expect_refused("CONNECT /a HTTP/1.1\r\nHost: gw.test\r\n\r\n", Reason::method_not_allowed);
    expect_refused("TRACE /a HTTP/1.1\r\nHost: gw.test\r\n\r\n", Reason::method_not_allowed);
    for (const std::string& method :
         {std::string("trace"), std::string("get"), std::string("X-!"), std::string(5000, 'M')}) {
        const std::string bytes = request_with("", method);
        RequestHead head;
        expect_accepted(bytes, head);
        EXPECT_EQ(head.method, method);
    }
}

TEST(RequestHead, OnlyOneExpectationIsUnderstood) {
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

TEST(RequestHead, AWebSocketHandshakeIsWellFormedOrRefused) {
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

TEST(RequestHead, KeepsEveryAuthorizationField) {
    const std::string bytes = request_with(
        "Authorization:\tBearer a \r\nX: y\r\nauthorization: Basic b\r\nAuthorization:\r\n"
        "Proxy-Authorization: Bearer c\r\n");
    RequestHead head;
    expect_accepted(bytes, head);
    EXPECT_EQ(head.authorization, (std::vector<std::string_view>{"Bearer a", "Basic b", ""}));
}

TEST(RequestHead, AnIdentifierGivenTwiceIsNone) {
    RequestHead head;
    const std::string once = request_with("X-Request-Id: r-1\r\nTraceParent: 00-a-b-01\r\n");
    expect_accepted(once, head);
    EXPECT_EQ(head.request_id, "r-1");
    EXPECT_EQ(head.traceparent, "00-a-b-01");
    const std::string twice =
        request_with("X-Request-Id: r\r\nX-Request-Id: r\r\ntraceparent: a\r\ntraceparent: b\r\n");
    expect_accepted(twice, head);
    EXPECT_EQ(head.request_id, "");
    EXPECT_EQ(head.traceparent, "");
}

// The parser alone, without the scan before it, must not hand out views into nowhere.
TEST(RequestHead, HeadsThatTheScanWouldRefuseAreRefusedHereToo) {
    for (const std::string_view bytes :
         {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\n", "", "\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\n"}) {
        SCOPED_TRACE(shown(bytes));
        RequestHead head;
        EXPECT_EQ(RequestParser{}.parse(bytes, head), Reason::bad_request);
    }
}

}  // namespace
}  // namespace bearergate::http
