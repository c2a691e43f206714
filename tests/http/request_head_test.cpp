// What a request's head says: where it goes, to whom, with which identity.
#include "http/expect_reading.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::http {
namespace {

using core::Reason;
using test::expect_accepted;
using test::expect_refused;
using test::request_with;
using test::shown;
using Kind = BodyLength::Kind;

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
