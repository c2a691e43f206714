// Requests as they go on.
#include <bearergate/http/forward.hpp>

#include "reading.hpp"
#include "support/ruled_fields.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::http {
namespace {

using bearergate::test::dropped_fields;
using bearergate::test::told_fields;
using test::read_request;
using test::request_with;
using test::shown;

const std::vector<core::IdentityHeader> identity = [] {
    auto headers = core::default_identity_headers();
    headers.push_back({.name = "My-User", .source = core::IdentityHeader::Source::claim});
    return headers;
}();
const Hygiene hygiene(identity, {"X-Org"});

const ForwardFacts stranger{
    .client_address = "192.0.2.7",
    .scheme = "http",
    .request_id = "id-1",
};

std::string forwarded(std::string_view bytes, const ForwardFacts& facts = stranger) {
    RequestHead head;
    EXPECT_TRUE(read_request(bytes, head).accepted()) << shown(bytes);
    std::string scratch;
    const auto target = core::Target::parse(head.target, {}, scratch);
    EXPECT_TRUE(target) << head.target;
    std::string out = "kept";
    if (target) write_request_head(out, head, *target, hygiene, facts);
    EXPECT_TRUE(out.starts_with("kept"));
    return out.substr(4);
}

// The fields of what was written, read by the strict parser.
std::vector<std::string> lines_of(const std::string& head) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < head.size();) {
        const std::size_t end = head.find("\r\n", at);
        lines.push_back(head.substr(at, end - at));
        at = end + 2;
    }
    return lines;
}

bool has_line(const std::string& head, std::string_view line) {
    const auto lines = lines_of(head);
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

std::size_t count_named(const std::string& bytes, std::string_view name) {
    RequestHead head;
    EXPECT_TRUE(read_request(bytes, head).accepted()) << shown(bytes);
    return head.count(name);
}

TEST(RequestHeadWriter, WritesTheWholeHeadFromScratch) {
    const std::string bytes =
        "POST /items?a=%41 HTTP/1.0\r\nx-CUSTOM:  a  b \r\nHost: GW.test:8080\r\nContent-Length: "
        "007\r\nAccept: */*\r\n\r\n";
    EXPECT_EQ(forwarded(bytes),
              "POST /items?a=%41 HTTP/1.1\r\n"
              "Host: GW.test:8080\r\n"
              "x-CUSTOM: a  b\r\n"
              "Content-Length: 7\r\n"
              "Accept: */*\r\n"
              "X-Forwarded-For: 192.0.2.7\r\n"
              "X-Forwarded-Proto: http\r\n"
              "X-Forwarded-Host: GW.test:8080\r\n"
              "Forwarded: for=192.0.2.7;host=\"GW.test:8080\";proto=http\r\n"
              "X-Request-Id: id-1\r\n"
              "Via: 1.1 bearergate\r\n\r\n");
}

TEST(RequestHeadWriter, SendsTheNormalFormThatWasDecidedOn) {
    EXPECT_TRUE(forwarded("GET /a/./%62/../c?x=/../ HTTP/1.1\r\nHost: a\r\n\r\n")
                    .starts_with("GET /a/c?x=/../ HTTP/1.1\r\n"));
    EXPECT_TRUE(forwarded("GET http://a/%61 HTTP/1.1\r\nHost: a\r\n\r\n")
                    .starts_with("GET /a HTTP/1.1\r\n"));
    EXPECT_TRUE(
        forwarded("GET /a? HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("GET /a? HTTP/1.1\r\n"));
}

// The route has matched, so the prefix is there, in one spelling or another.
TEST(RequestHeadWriter, StripsAsManySegmentsAsThePrefixHas) {
    const struct {
        std::string_view path, prefix, sent;
    } cases[] = {
        {"/api/items", "/api", "/items"},
        {"/api", "/api", "/"},
        {"/api/", "/api", "/"},
        {"/api?x", "/api", "/?x"},
        {"/API/items", "/api", "/items"},
        {"/v1%3Aapi/items", "/v1:api", "/items"},
        {"/a/b/c", "/a/b", "/c"},
        {"/a/b", "/a/b", "/"},
        {"/a", "", "/a"},
        {"/", "", "/"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.path);
        ForwardFacts facts = stranger;
        facts.strip_prefix = c.prefix;
        const std::string head =
            forwarded("GET " + std::string(c.path) + " HTTP/1.1\r\nHost: a\r\n\r\n", facts);
        EXPECT_TRUE(head.starts_with("GET " + std::string(c.sent) + " HTTP/1.1\r\n")) << head;
    }
}

TEST(RequestHeadWriter, SendsExactlyOneHost) {
    ForwardFacts facts = stranger;
    facts.host = "upstream.internal:9000";
    std::string head = forwarded("GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n", facts);
    EXPECT_TRUE(has_line(head, "Host: upstream.internal:9000"));
    EXPECT_EQ(count_named(head, "Host"), 1U);
    EXPECT_TRUE(has_line(head, "X-Forwarded-Host: gw.test"));

    head = forwarded("GET / HTTP/1.0\r\n\r\n", facts);
    EXPECT_TRUE(has_line(head, "Host: upstream.internal:9000"));
    EXPECT_EQ(count_named(head, "X-Forwarded-Host"), 0U);
    EXPECT_TRUE(has_line(head, "Forwarded: for=192.0.2.7;proto=http"));
}

// Whatever a client writes, none of these lines may arrive: each is checked alone and spelled in
// several ways, on a route that adds no identity of its own which could overwrite it.
TEST(RequestHeadWriter, FieldsThatSpeakForTheGatewayNeverPass) {
    const std::vector<std::string> names = {
        // Identity, ours and as configured, and what a backend may take for it.
        "X-Auth-Subject",
        "x-auth-subject",
        "X_Auth_Subject",
        "X-Auth_Subject",
        "X.Auth.Subject",
        "X-Auth-Scopes",
        "X-AUTH-Anything",
        "X_AUTH_ANYTHING",
        "X~Auth~Org",
        "My-User",
        "my-user",
        "My_User",
        "MY.USER",
        "my!user",
        // Any other name with an underscore.
        "Some_Header",
        "_",
        "A_",
        "Content_Length",
        "Transfer_Encoding",
        "X_Forwarded_For",
        "X-Forwarded_Proto",
        "X_Real_Ip",
        "X_Request_Id",
        // Disguises of what we rule.
        "Content.Length",
        "Transfer.Encoding",
        "X.Forwarded.For",
        "X.Real.IP",
        "True.Client.IP",
        "X.Request.Id",
        "Proxy.Authorization",
    };
    ForwardFacts trusted = stranger;
    trusted.client_is_trusted_proxy = true;
    const auto passes = [](const std::string& name, const ForwardFacts& facts) {
        const std::string head = forwarded(request_with(name + ": evil-value\r\n"), facts);
        return head.find("evil-value") != std::string::npos;
    };
    for (const auto* list : {&names, &dropped_fields}) {
        for (const std::string& name : *list) {
            EXPECT_FALSE(passes(name, stranger)) << name;
            EXPECT_FALSE(passes(name, trusted)) << name;
        }
    }
    for (const std::string& name : told_fields) {
        EXPECT_FALSE(passes(name, stranger)) << name;
        EXPECT_TRUE(passes(name, trusted)) << name;
    }
}

TEST(RequestHeadWriter, OrdinaryFieldsPassAsTheyCame) {
    const std::string fields =
        "User-Agent: a\r\ncookie: b=1\r\nCookie: c=2\r\nACCEPT:\r\nX-Custom.Thing: caf\xc3\xa9\r\n"
        "Via: 1.1 edge\r\ntraceparent: 00-1-2-01\r\ntracestate: a=b\r\nX-Org: acme\r\n"
        "Content-Type: text/plain\r\nX-Authority: x\r\nXX-Auth-Subject: y\r\nProxied: z\r\n"
        "Access-Control-Request-Method: PUT\r\nOrigin: https://a\r\nRange: bytes=0-1\r\n";
    const std::string head = forwarded(request_with(fields));
    const std::size_t at = head.find("User-Agent");
    std::string expected = fields;
    expected.replace(expected.find("ACCEPT:"), 7, "ACCEPT: ");
    EXPECT_EQ(head.substr(at, expected.size()), expected);
}

TEST(RequestHeadWriter, TheTokenStaysHereUnlessTheRouteKeepsIt) {
    const std::string bytes = request_with("Authorization: Bearer t\r\n");
    EXPECT_EQ(count_named(forwarded(bytes), "Authorization"), 0U);
    ForwardFacts facts = stranger;
    facts.keep_authorization = true;
    EXPECT_TRUE(has_line(forwarded(bytes, facts), "Authorization: Bearer t"));
}

TEST(RequestHeadWriter, ConnectionCannotNominateAwayWhatAnswersRelyOn) {
    ForwardFacts facts = stranger;
    facts.keep_authorization = true;
    facts.client_is_trusted_proxy = true;
    const core::IdentityLines lines(identity,
                                    std::vector<std::string_view>(identity.size(), "ours"));
    facts.identity_headers = identity;
    facts.identity = &lines;
    const std::string head = forwarded(
        request_with("Connection: close, Authorization, x-auth-subject, Host\r\n"
                     "Connection: COOKIE , X-Forwarded-For, Content-Length, My-User, x-org\r\n"
                     "Connection: Forwarded,X-Request-Id, X-Secret, X-Forwarded-Port, Via\r\n"
                     "Authorization: Bearer t\r\nCookie: a=b\r\nX-Forwarded-For: 10.0.0.9\r\n"
                     "Content-Length: 5\r\nX-Org: acme\r\nX-Secret: s\r\nX-Forwarded-Port: 1\r\n"
                     "X-Other: kept\r\n",
                     "POST"),
        facts);
    for (const std::string_view line :
         {"Host: gw.test", "Authorization: Bearer t", "Cookie: a=b", "Content-Length: 5",
          "X-Org: acme", "X-Forwarded-For: 10.0.0.9, 192.0.2.7", "X-Auth-Subject: ours",
          "My-User: ours", "X-Request-Id: id-1", "X-Forwarded-Port: 1", "X-Other: kept",
          "Via: 1.1 bearergate"}) {
        EXPECT_TRUE(has_line(head, line)) << line << "\n" << head;
    }
    EXPECT_EQ(count_named(head, "X-Secret"), 0U);
    EXPECT_EQ(count_named(head, "Connection"), 0U);
}

TEST(RequestHeadWriter, IdentityIsOursAlone) {
    ForwardFacts facts = stranger;
    facts.identity_headers = identity;
    const core::IdentityLines lines(
        identity, {"user 1", "", "org-claim", "read:a write:b", "https://api.x", "https://iss.x"});
    facts.identity = &lines;
    const std::string bytes = request_with(
        "X-Auth-Client-Id: admin\r\nX_Auth_Subject: root\r\nX-Auth-Subject: root\r\nMy.User: "
        "x\r\n");
    std::string head = forwarded(bytes, facts);
    EXPECT_NE(head.find("X-Auth-Subject: user 1\r\nX-Auth-Organization-Id: org-claim\r\n"
                        "X-Auth-Scopes: read:a write:b\r\nX-Auth-Audience: https://api.x\r\n"
                        "X-Auth-Issuer: https://iss.x\r\n"),
              std::string::npos)
        << head;
    EXPECT_EQ(head.find("root"), std::string::npos);
    EXPECT_EQ(count_named(head, "X-Auth-Client-Id"), 0U) << "a missing claim means no header";
    EXPECT_EQ(count_named(head, "My-User"), 0U);

    facts.organization = "org-audience";
    head = forwarded(bytes, facts);
    EXPECT_TRUE(has_line(head, "X-Auth-Organization-Id: org-audience"));
    EXPECT_EQ(head.find("org-claim"), std::string::npos);
}

TEST(RequestHeadWriter, IdentityIsWrittenWholeInWhateverOrderItIsConfigured) {
    using Source = core::IdentityHeader::Source;
    const std::vector<core::IdentityHeader> mixed{{.name = "X-Org", .source = Source::organization},
                                                  {.name = "X-Role", .source = Source::claim},
                                                  {.name = "X-Scopes", .source = Source::scope},
                                                  {.name = "X-User", .source = Source::subject}};
    const core::IdentityLines lines(mixed, {"acme", "admin", "read", "ada"});
    ForwardFacts facts = stranger;
    facts.identity_headers = mixed;
    facts.identity = &lines;
    for (const bool by_audience : {false, true}) {
        if (by_audience) facts.organization = "beta";
        const std::string head = forwarded(request_with(""), facts);
        for (const std::string_view name : {"X-Org", "X-Role", "X-Scopes", "X-User"}) {
            EXPECT_EQ(count_named(head, name), 1U) << head;
        }
        EXPECT_TRUE(has_line(head, by_audience ? "X-Org: beta" : "X-Org: acme"));
        EXPECT_TRUE(has_line(head, "X-Role: admin"));
        EXPECT_TRUE(has_line(head, "X-Scopes: read"));
        EXPECT_TRUE(has_line(head, "X-User: ada"));
    }
}

// Of any size up to far beyond what room is made for, so that each piece is once the first too
// many.
TEST(RequestHeadWriter, AnUnusualAmountOfIdentityIsWrittenWhole) {
    ForwardFacts facts = stranger;
    facts.identity_headers = identity;
    for (std::size_t size = 1; size < 2500; ++size) {
        const std::string value(size, 'x');
        const core::IdentityLines lines(identity, {value, value});
        facts.identity = &lines;
        ASSERT_EQ(forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n", facts),
                  "GET / HTTP/1.1\r\nHost: a\r\nX-Auth-Subject: " + value +
                      "\r\nX-Auth-Client-Id: " + value +
                      "\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n"
                      "X-Forwarded-Host: a\r\nForwarded: for=192.0.2.7;host=a;proto=http\r\n"
                      "X-Request-Id: id-1\r\nVia: 1.1 bearergate\r\n\r\n");
    }
}

TEST(RequestHeadWriter, AValueThatCouldBreakALineIsNotWritten) {
    ForwardFacts facts = stranger;
    facts.identity_headers = identity;
    for (const std::string_view value :
         {"a\r\nX-Admin: 1", "a\nb", "a\rb", "a\tb", " a", "a ", "caf\xc3\xa9", "a\x7f", "\x01"}) {
        SCOPED_TRACE(shown(value));
        const core::IdentityLines lines(identity, {value, "client"});
        facts.identity = &lines;
        facts.request_id = value;
        const std::string head = forwarded(request_with(""), facts);
        EXPECT_EQ(count_named(head, "X-Auth-Subject"), 0U) << head;
        EXPECT_EQ(count_named(head, "X-Request-Id"), 0U) << head;
        EXPECT_EQ(count_named(head, "X-Auth-Client-Id"), 1U);
        EXPECT_EQ(count_named(head, "X-Admin"), 0U);

        facts.organization = value;
        const std::string bound = forwarded(request_with(""), facts);
        EXPECT_EQ(count_named(bound, "X-Auth-Organization-Id"), 0U) << bound;
        EXPECT_EQ(count_named(bound, "X-Auth-Client-Id"), 1U);
        EXPECT_EQ(count_named(bound, "X-Admin"), 0U);
        facts.organization.reset();
    }
}

TEST(RequestHeadWriter, ATrustedProxysWordsAreKeptAndOursAppended) {
    ForwardFacts facts = stranger;
    facts.client_is_trusted_proxy = true;
    facts.client_address = "2001:db8::5";
    facts.scheme = "https";
    std::string head =
        forwarded(request_with("X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
                               "x-forwarded-for: 10.1.1.1, 10.1.1.2\r\nX-Forwarded-For:\r\n"
                               "Forwarded: for=203.0.113.9\r\nX-Forwarded-Host: shop.example\r\n"
                               "X-Forwarded-Port: 443\r\n"),
                  facts);
    for (const std::string_view line :
         {"X-Forwarded-For: 203.0.113.9, 10.1.1.1, 10.1.1.2, 2001:db8::5",
          "X-Forwarded-Proto: https, https", "X-Forwarded-Host: shop.example, gw.test",
          "X-Forwarded-Port: 443",
          "Forwarded: for=203.0.113.9, for=\"[2001:db8::5]\";host=gw.test;proto=https"}) {
        EXPECT_TRUE(has_line(head, line)) << line << "\n" << head;
    }
    for (const std::string_view name :
         {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"}) {
        EXPECT_EQ(count_named(head, name), 1U) << name;
    }
    // The peer of a unix socket has no address.
    facts.client_address = "unix";
    head = forwarded(request_with("X-Forwarded-For: 203.0.113.9\r\n"), facts);
    EXPECT_TRUE(has_line(head, "X-Forwarded-For: 203.0.113.9"));
    EXPECT_TRUE(has_line(head, "Forwarded: for=unknown;host=gw.test;proto=https"));
    EXPECT_EQ(count_named(forwarded(request_with(""), facts), "X-Forwarded-For"), 0U);
}

TEST(RequestHeadWriter, FramesAnewWhatFollows) {
    EXPECT_TRUE(has_line(forwarded(request_with("Transfer-Encoding: CHUNKED\r\n", "POST")),
                         "Transfer-Encoding: chunked"));
    EXPECT_TRUE(
        has_line(forwarded(request_with("Content-Length: 0\r\n", "POST")), "Content-Length: 0"));
    const std::string none = forwarded(request_with("", "POST"));
    EXPECT_EQ(count_named(none, "Transfer-Encoding"), 0U);
    EXPECT_EQ(count_named(none, "Content-Length"), 0U);
    EXPECT_EQ(count_named(
                  forwarded(request_with("Expect: 100-continue\r\nContent-Length: 1\r\n", "POST")),
                  "Expect"),
              0U);
}

TEST(RequestHeadWriter, OnlyAHandshakeForWebSocketUpgrades) {
    const std::string handshake =
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: chat\r\n";
    std::string head =
        forwarded(request_with("Connection: keep-alive, upgrade, X-A\r\nX-A: b\r\n"
                               "Upgrade: WebSocket\r\n" +
                               handshake));
    for (const std::string_view line :
         {"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: chat"}) {
        EXPECT_TRUE(has_line(head, line)) << line;
    }
    EXPECT_EQ(count_named(head, "Connection"), 1U);
    EXPECT_EQ(count_named(head, "Upgrade"), 1U);
    EXPECT_EQ(count_named(head, "X-A"), 0U);

    for (const std::string& fields :
         {"Upgrade: websocket\r\n" + handshake,
          std::string("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                      "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n")}) {
        head = forwarded(request_with(fields));
        for (const std::string_view name : {"Connection", "Upgrade", "HTTP2-Settings"}) {
            EXPECT_EQ(count_named(head, name), 0U) << name;
        }
    }
}

}  // namespace
}  // namespace bearergate::http
