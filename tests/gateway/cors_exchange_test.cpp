// Browsers: preflights are answered here, and every answer carries our CORS fields and no others.

#include "gateway/front.hpp"

#include <vector>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  /open: public\n"
    "  /items: authenticated\n"
    "  GET /read: authenticated\n"
    "  /closed: deny\n";
constexpr const char* cors =
    "cors: { origins: [https://app.example, https://b.example], methods: [GET, PUT], "
    "headers: [Authorization, X-Y], credentials: true, max_age: 10m }";
constexpr const char* origin = "Origin: https://app.example\r\n";

std::string options(const std::string& target, const std::string& fields) {
    return "OPTIONS " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string preflight(const std::string& target, const std::string& method) {
    return options(target, origin + ("Access-Control-Request-Method: " + method + "\r\n"));
}

class CorsExchange : public Front {
protected:
    static void expect_ours(const Reply& reply) {
        EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "https://app.example");
        EXPECT_EQ(reply.count("Access-Control-Allow-Origin"), 1U);
        EXPECT_EQ(reply.header("Access-Control-Allow-Credentials"), "true");
        EXPECT_EQ(reply.count("Access-Control-Allow-Credentials"), 1U);
        EXPECT_EQ(reply.count("Access-Control-Allow-Methods"), 0U);
        EXPECT_NE(varies(reply).find("Origin"), std::string::npos);
    }
    static std::string varies(const Reply& reply) {
        std::string all;
        for (const auto& [name, value] : reply.headers) {
            if (name == "Vary") all += value + ";";
        }
        return all;
    }
};

TEST_F(CorsExchange, APreflightIsAnsweredHere) {
    serve(routes, "", cors);
    Connection client(gateway_->port());
    for (const char* target : {"/open", "/items", "/closed"}) {
        SCOPED_TRACE(target);
        client.send(preflight(target, "PUT"));
        const Reply reply = client.read_reply();
        EXPECT_EQ(reply.status, 204);
        EXPECT_EQ(reply.count("Content-Length"), 0U);
        EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "https://app.example");
        EXPECT_EQ(reply.header("Access-Control-Allow-Credentials"), "true");
        EXPECT_EQ(reply.header("Access-Control-Allow-Methods"), "GET, PUT");
        EXPECT_EQ(reply.header("Access-Control-Allow-Headers"), "Authorization, X-Y");
        EXPECT_EQ(reply.header("Access-Control-Max-Age"), "600");
        EXPECT_EQ(reply.header("Date"), "Tue, 14 Nov 2023 22:14:20 GMT");
        const LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.status, 204U);
        EXPECT_EQ(record.method, "OPTIONS");
        EXPECT_EQ(record.path, target);
        EXPECT_EQ(record.reason, "");
        EXPECT_EQ(record.request_id, reply.header("X-Request-Id"));
    }
    expect_upstream_untouched();
}

TEST_F(CorsExchange, APreflightOfAnOriginThatIsNotListedIsToldNothing) {
    serve(routes, "", cors);
    for (const char* other : {"https://app.example.evil", "http://app.example", "null",
                              "https://APP.example", "https://app.example:443"}) {
        SCOPED_TRACE(other);
        const Reply reply = ask(options("/items", "Origin: " + std::string(other) +
                                                      "\r\nAccess-Control-Request-Method: GET\r\n"),
                                "OPTIONS");
        EXPECT_EQ(reply.status, 204);
        for (const auto& [name, value] : reply.headers) {
            EXPECT_FALSE(name.starts_with("Access-Control")) << name;
        }
        EXPECT_NE(varies(reply).find("Origin"), std::string::npos);
    }
    expect_upstream_untouched();
}

TEST_F(CorsExchange, WhatIsNoPreflightIsAnOrdinaryRequest) {
    serve(routes, "", cors);
    const std::string method = "Access-Control-Request-Method: GET\r\n";
    const struct {
        const char* what;
        std::string request;
        int status;
    } cases[] = {
        {"no method", options("/items", origin), 401},
        {"no origin", options("/items", method), 401},
        {"two origins", options("/items", std::string(origin) + origin + method), 401},
        {"two methods", options("/items", origin + method + method), 401},
        {"a body", options("/items", origin + method + "Content-Length: 1\r\n") + "x", 401},
        {"a path without a route", preflight("/nowhere", "GET"), 404},
        {"a method without a route", preflight("/read", "PUT"), 405},
        {"a path in two forms", preflight("/op%2fen", "GET"), 400},
        {"another method", get("/items", origin + method), 401},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        EXPECT_EQ(ask(c.request).status, c.status);
    }
    expect_upstream_untouched();
    EXPECT_EQ(ask(options("/open", origin)).status, 200);
    EXPECT_EQ(upstream_.requests().size(), 1U) << "OPTIONS of the upstream's own";
}

TEST_F(CorsExchange, RefusalsCanBeReadByTheirOrigin) {
    serve(routes, "timeouts: { header: 300ms }", cors);
    const struct {
        std::string request;
        int status;
    } cases[] = {{get("/items", origin), 401},
                 {get("/items", origin + bearer(R"({"aud":"x"})")), 403},
                 {get("/closed", origin), 403},
                 {get("/nowhere", origin), 404},
                 {"DELETE /read HTTP/1.1\r\nHost: a\r\n" + std::string(origin) + "\r\n", 405},
                 {get("/a;b", origin), 400},
                 {get("/open", std::string(origin) + "Expect: tea\r\n"), 417}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.status);
        const Reply reply = ask(c.request);
        EXPECT_EQ(reply.status, c.status);
        expect_ours(reply);
    }
    // Nobody can say whose these were.
    for (const std::string& request :
         {get("/open", "Host: b\r\n" + std::string(origin)),
          get("/open", origin + std::string(20'000, 'x') + ": y\r\n"), std::string("GET /open")}) {
        const Reply reply = ask(request);
        EXPECT_GE(reply.status, 400);
        EXPECT_EQ(reply.count("Access-Control-Allow-Origin"), 0U);
        EXPECT_EQ(varies(reply), "Origin;");
    }
    expect_upstream_untouched();
}

TEST_F(CorsExchange, TheUpstreamsFieldsMakeWayForOurs) {
    upstream_.play(RecordingUpstream::answer(
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: *\r\n"
        "access-control-allow-credentials: false\r\nAccess-Control-Expose-Headers: X\r\n"
        "Vary: Accept\r\nContent-Length: 2\r\n\r\nok"));
    serve(routes, "", cors);
    const Reply ours = ask(get("/open", origin));
    EXPECT_EQ(ours.status, 200);
    expect_ours(ours);
    EXPECT_EQ(ours.count("Access-Control-Expose-Headers"), 0U);
    EXPECT_EQ(varies(ours), "Accept;Origin;");
    const Reply nobodys = ask(get("/open"));
    EXPECT_EQ(nobodys.count("Access-Control-Allow-Origin"), 0U);
    EXPECT_EQ(varies(nobodys), "Accept;Origin;");
    EXPECT_EQ(upstream_.requests().back().count("Origin"), 0U);
    EXPECT_EQ(upstream_.requests().front().header("Origin"), "https://app.example");
}

TEST_F(CorsExchange, WithoutOursTheUpstreamsFieldsStand) {
    upstream_.play(RecordingUpstream::answer(
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok"));
    serve(routes);
    const Reply reply = ask(preflight("/open", "GET"));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(varies(reply), "");
    EXPECT_EQ(upstream_.requests().back().method, "OPTIONS");
    EXPECT_EQ(ask(preflight("/items", "GET")).status, 401);
    EXPECT_EQ(upstream_.requests().size(), 1U);
}

}  // namespace
}  // namespace bearergate::test
