// What the upstream receives for a permitted request, byte for byte: the client's fields less what
// only we may say, then ours.

#include "gateway/front.hpp"

#include <vector>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  /open: public\n"
    "  /items: { scopes: [read:items] }\n"
    "  /orgs/{orgId}/x: { organization: '{orgId}' }\n"
    "  /org: { token: organization, organization: header:X-Org }\n"
    "  /api/**: { access: public, strip_prefix: /api }\n";

// All in one fixed spelling, so that whole heads can be compared.
constexpr const char* trusted = "trusted_proxies: [127.0.0.0/8]";
constexpr const char* request_id = "X-Request-Id: r-1\r\n";
constexpr const char* forwarding =
    "X-Forwarded-For: 127.0.0.1\r\n"
    "X-Forwarded-Proto: http\r\n"
    "X-Forwarded-Host: a.example\r\n"
    "Forwarded: for=127.0.0.1;host=a.example;proto=http\r\n"
    "X-Request-Id: r-1\r\n"
    "Via: 1.1 bearergate\r\n\r\n";

class Hygiene : public Front {
protected:
    // The bytes that reached the upstream for this request.
    std::string forwarded(const std::string& request) {
        const auto before = upstream_.raw(0).size();
        Connection client(gateway_->port());
        EXPECT_TRUE(client.send(request));
        EXPECT_EQ(client.read_reply().status, 200);
        EXPECT_EQ(upstream_.connections(), 1U) << "one, kept open";
        return upstream_.raw(0).substr(before);
    }
};

TEST_F(Hygiene, APermittedRequestIsWrittenLikeThis) {
    serve(routes, trusted);
    const std::string fields = std::string(request_id) +
                               "User-Agent: x/1\r\naCCept:  */* \r\nCookie: a=b\r\nCookie: c=d\r\n"
                               "X-Empty:\r\n";
    const std::string asked = fields + bearer(R"({"scope":"read:items write:items",
        "organization_id":null})");
    EXPECT_EQ(forwarded(get("/items?b=%2f%2F&a=1&&", asked)),
              "GET /items?b=%2f%2F&a=1&& HTTP/1.1\r\n"
              "Host: a.example\r\n"
              "User-Agent: x/1\r\n"
              "aCCept: */*\r\n"
              "Cookie: a=b\r\n"
              "Cookie: c=d\r\n"
              "X-Empty: \r\n"
              "X-Auth-Subject: ada\r\n"
              "X-Auth-Client-Id: app\r\n"
              "X-Auth-Scopes: read:items write:items\r\n"
              "X-Auth-Audience: https://api.example\r\n"
              "X-Auth-Issuer: https://issuer.example/oidc\r\n" +
                  std::string(forwarding));
}

TEST_F(Hygiene, TheOrganizationIsTheClaimsOrOnOrganizationRoutesTheAudiences) {
    serve(routes, trusted);
    const std::string by_claim =
        forwarded(get("/orgs/acme/x", request_id + bearer(R"({"organization_id":"acme"})")));
    EXPECT_NE(by_claim.find("X-Auth-Organization-Id: acme\r\n"), std::string::npos) << by_claim;
    const std::string by_audience = forwarded(get(
        "/org", std::string("X-Org: globex\r\n") + request_id +
                    bearer(R"({"aud":"urn:logto:organization:globex","organization_id":"x"})")));
    EXPECT_NE(by_audience.find("X-Auth-Organization-Id: globex\r\n"), std::string::npos);
    EXPECT_NE(by_audience.find("X-Org: globex\r\n"), std::string::npos);
}

// Whoever is asking, on whatever route: only the gateway says so.
TEST_F(Hygiene, NothingOfOursCanBeSpoofed) {
    serve(routes, trusted, "identity: { headers: { X-Who: sub, X-Auth-Scopes: scope } }");
    const std::string spoofed =
        "X-Who: root\r\nx-who: root\r\nX_Who: root\r\nX.Who: root\r\nx_wHo: root\r\n"
        "X-Auth-Subject: root\r\nX-Auth-Anything: root\r\nx_auth_scopes: all\r\n"
        "X.Auth-Scopes: all\r\nX-AUTH-SCOPES: all\r\nX~Auth~Roles: all\r\n"
        "content_length: 5\r\nHTTP_X_WHO: root\r\nX-HTTP-Method-Override: DELETE\r\n"
        "X-HTTP-Method: DELETE\r\nX-Method-Override: DELETE\r\nX-Original-URL: /admin\r\n"
        "X-Original-URI: /admin\r\nX-Rewrite-URL: /admin\r\nX-Host: evil\r\nX-Real-IP: 1.2.3.4\r\n"
        "X-Envoy-Internal: true\r\nX-Middleware-Subrequest: x\r\nProxy: evil\r\n"
        "Proxy-Authorization: Basic x\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n"
        "Trailer: X-Who\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"
        "Connection: Upgrade, HTTP2-Settings, TE\r\n";
    EXPECT_EQ(forwarded(get("/open", spoofed + request_id)),
              std::string("GET /open HTTP/1.1\r\nHost: a.example\r\n") + forwarding);
    EXPECT_EQ(forwarded(get("/items", spoofed + request_id + bearer(R"({"scope":"read:items"})"))),
              std::string("GET /items HTTP/1.1\r\nHost: a.example\r\nX-Who: ada\r\n"
                          "X-Auth-Scopes: read:items\r\n") +
                  forwarding);
    // A claim that is not there leaves no room for the client's.
    serve(routes, trusted, "identity: { headers: { X-Who: nickname } }");
    const auto next = upstream_.connections();
    ask(get("/items", spoofed + request_id + bearer(R"({"scope":"read:items"})")));
    EXPECT_EQ(upstream_.raw(next),
              std::string("GET /items HTTP/1.1\r\nHost: a.example\r\n") + forwarding);
}

TEST_F(Hygiene, ConnectionTakesAwayWhatItNamesButNothingThatMatters) {
    serve(routes, trusted);
    EXPECT_EQ(forwarded(get("/open",
                            "Connection: x-hop, close\r\nX-Hop: 1\r\nX-Kept: 1\r\n"
                            "Connection: host, cookie, authorization, x-request-id,x-org\r\n"
                            "Connection: x-forwarded-for , x-auth-subject, content-length\r\n"
                            "Cookie: a=b\r\nAuthorization: Basic x\r\nX-Org: acme\r\n" +
                                std::string(request_id))),
              std::string("GET /open HTTP/1.1\r\nHost: a.example\r\nX-Kept: 1\r\nCookie: a=b\r\n"
                          "Authorization: Basic x\r\nX-Org: acme\r\n") +
                  forwarding);
}

TEST_F(Hygiene, TheIdentityOfATokenSurvivesANomination) {
    serve(routes, trusted);
    const std::string fields = request_id + bearer(R"({"scope":"read:items"})") +
                               "Connection: X-Auth-Subject, X-Auth-Scopes, X-Forwarded-For\r\n";
    const std::string bytes = forwarded(get("/items", fields));
    EXPECT_NE(bytes.find("\r\nX-Auth-Subject: ada\r\n"), std::string::npos);
    EXPECT_NE(bytes.find("\r\nX-Auth-Scopes: read:items\r\n"), std::string::npos);
    EXPECT_NE(bytes.find("\r\nX-Forwarded-For: 127.0.0.1\r\n"), std::string::npos);
}

TEST_F(Hygiene, TheTokenGoesOnOnlyWhereTheConfigurationSaysSo) {
    for (const bool on : {false, true}) {
        serve(routes, "", on ? "identity: { forward_token: true }" : "");
        const std::string field = bearer(R"({"scope":"read:items"})");
        EXPECT_EQ(ask(get("/items", field)).status, 200);
        EXPECT_EQ(upstream_.requests().back().count("Authorization"), on ? 1U : 0U);
        if (on) {
            const std::string sent = upstream_.requests().back().header("Authorization");
            EXPECT_EQ("Authorization: " + sent + "\r\n", field);
        }
    }
}

TEST_F(Hygiene, AnAbsoluteTargetLosesTheAuthorityThatItsHostSays) {
    serve(routes, trusted);
    for (const char* target : {"http://a.example/open?x=y", "HTTP://A.example/open?x=y"}) {
        EXPECT_EQ(forwarded(get(target, request_id)),
                  std::string("GET /open?x=y HTTP/1.1\r\nHost: a.example\r\n") + forwarding);
    }
}

TEST_F(Hygiene, ThePrefixGoesAndTheRestStaysAsItWas) {
    serve(routes);
    const struct {
        const char* asked;
        const char* forwarded;
    } cases[] = {{"/api", "/"},
                 {"/api/", "/"},
                 {"/api?x=/api", "/?x=/api"},
                 {"/api/api/items/", "/api/items/"},
                 {"/a%70i/%7Ea/b%c3%a4/./c?q=%2e%2E", "/~a/b%C3%A4/c?q=%2e%2E"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.asked);
        EXPECT_EQ(ask(get(c.asked)).status, 200);
        EXPECT_EQ(upstream_.requests().back().target, c.forwarded);
    }
}

TEST_F(Hygiene, TheHostIsTheClientsOrTheUpstreamsOrTheConfigurations) {
    const std::string own = "127.0.0.1:" + std::to_string(upstream_.port());
    const struct {
        const char* setting;
        std::string seen;
        std::string seen_without;  // for a client that sends none
    } cases[] = {{"preserve", "a.example", own},
                 {"upstream", own, own},
                 {"backend.internal:81", "backend.internal:81", "backend.internal:81"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.setting);
        std::string text = configuration(routes);
        const std::string short_form = "upstream: " + upstream_.url();
        text.replace(text.find(short_form), short_form.size(),
                     "upstreams: { default: { url: \"" + upstream_.url() + "\", host: \"" +
                         c.setting + "\" } }");
        serve_with(text, Gateway::Options{});
        EXPECT_EQ(ask(get("/open")).status, 200);
        EXPECT_EQ(upstream_.requests().back().header("Host"), c.seen);
        EXPECT_EQ(upstream_.requests().back().header("X-Forwarded-Host"), "a.example");
        EXPECT_EQ(ask("GET /open HTTP/1.0\r\n\r\n").status, 200);
        EXPECT_EQ(upstream_.requests().back().header("Host"), c.seen_without);
        EXPECT_EQ(upstream_.requests().back().count("X-Forwarded-Host"), 0U);
    }
}

}  // namespace
}  // namespace bearergate::test
