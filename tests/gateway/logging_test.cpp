// What a running gateway writes about its requests, and what it never does.

#include "gateway/reloading.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bearergate::test {
namespace {

class Logging : public Reloading {
protected:
    void serve_with(const std::string& logging) {
        serve("logging: { " + logging + " }\n" +
              configuration("  GET /items: { scopes: [read], upstream: one }\n"
                            "  POST /form: { access: public, upstream: one }\n"
                            "  GET /later: { scopes: [read], upstream: one, mode: shadow }\n"));
    }
    Reply ask_with(const std::string& target, const Headers& headers) const {
        return ask(server_->ports().front(), {.target = target, .headers = headers});
    }
};

// The parts of a token by which somebody could use it, or read it.
std::vector<std::string> parts_of(const std::string& token) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < token.size();) {
        const std::size_t end = std::min(token.find('.', at), token.size());
        parts.push_back(token.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

TEST_F(Logging, NothingThatIsSecretIsLoggedInAnyFormat) {
    for (const std::string format : {"json", "logfmt"}) {
        SCOPED_TRACE(format);
        log_.clear();
        serve_with("level: debug, access: all, format: " + format);
        const std::string good = issuer_.token(R"({"scope":"read","email":"SECRET-1@a.example"})");
        const std::string forged = Issuer().token(R"({"scope":"read","jti":"SECRET-2"})");
        const std::string weak = issuer_.token(R"({"scope":"other","jti":"SECRET-3"})");
        const std::string broken = good.substr(0, good.size() - 5);
        std::size_t requests = 0;
        for (const std::string& credentials :
             {"Bearer " + good, "bearer " + forged, "Bearer " + weak, "Bearer " + broken,
              "Bearer " + good + " " + weak, std::string("Bearer SECRET-4"),
              std::string("Basic U0VDUkVULTU6eA=="), std::string("SECRET-6"), "DPoP " + good}) {
            for (const char* target : {"/items", "/later", "/nowhere"}) {
                ask_with(target + std::string("?token=SECRET-7&x=") + good,
                         {{"Authorization", credentials},
                          {"Cookie", "session=SECRET-8"},
                          {"X-Api-Key", "SECRET-9"},
                          {"Referer", "https://a.example/?code=SECRET-10"}});
                ++requests;
            }
        }
        ask(server_->ports().front(), {.method = "POST",
                                       .target = "/form",
                                       .headers = {{"Authorization", "Bearer " + good}},
                                       .body = "access_token=SECRET-11&t=" + good});
        ask_with("/items", {{"Authorization", "Bearer " + good}, {"Authorization", "SECRET-12"}});
        const std::string subject = format == "json" ? R"("subject":"ada")" : "subject=ada";
        ASSERT_TRUE(log_.wait_for_count("duration_us", requests + 2));
        ASSERT_NE(log_.wait_for({subject, "200"}), "") << "what may be logged is";

        server_.reset();  // and with it the last line
        const std::string text = log_.text();
        EXPECT_EQ(text.find("SECRET"), std::string::npos);
        EXPECT_EQ(text.find("U0VDUkVU"), std::string::npos);
        for (const std::string& token : {good, forged, weak}) {
            for (const std::string& part : parts_of(token)) {
                EXPECT_EQ(text.find(part.substr(0, 16)), std::string::npos) << part;
            }
        }
    }
}

TEST_F(Logging, OnlyRefusalsIfNoMoreIsWanted) {
    serve_with("access: denied");
    const std::string token = issuer_.token(R"({"scope":"read"})");
    EXPECT_EQ(get("/items", token).status, 200);
    EXPECT_EQ(get("/items").status, 401);
    EXPECT_EQ(get("/later", token).status, 200);
    EXPECT_EQ(get("/later").status, 200);
    EXPECT_EQ(get("/nowhere").status, 404);
    EXPECT_NE(log_.wait_for({R"("reason":"token_missing")", R"("status":401)"}), "");
    EXPECT_NE(log_.wait_for({R"("would_deny":"token_missing")", R"("status":200)"}), "");
    EXPECT_NE(log_.wait_for({R"("reason":"no_route")"}), "");
    server_.reset();
    EXPECT_EQ(log_.times(R"("message":"request")"), 3U);
}

TEST_F(Logging, NoRequestsAtAllIfNoneAreWanted) {
    serve_with("access: off");
    EXPECT_EQ(get("/items").status, 401);
    server_.reset();
    EXPECT_TRUE(log_.has(R"("message":"stopped")"));
    EXPECT_FALSE(log_.has(R"("message":"request")"));
}

TEST_F(Logging, TheTraceOfARequestStandsInItsLine) {
    const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const std::string span = "00f067aa0ba902b7";
    const std::string parent = "00-" + trace + "-" + span + "-01";
    const std::string token = issuer_.token(R"({"scope":"read"})");
    serve_with("format: json");
    for (const std::string& authorization : {"Bearer " + token, std::string("Bearer x")}) {
        ask_with("/items", {{"Authorization", authorization},
                            {"traceparent", parent},
                            {"tracestate", "vendor=value"}});
    }
    EXPECT_NE(log_.wait_for({R"("trace_id":")" + trace, R"("span_id":")" + span, "200"}), "");
    EXPECT_NE(log_.wait_for({R"("trace_id":")" + trace, R"("span_id":")" + span, "401"}), "");
    const SeenRequest request = one_.requests().back();
    EXPECT_EQ(request.header("traceparent"), parent);
    EXPECT_EQ(request.header("tracestate"), "vendor=value");

    log_.clear();
    serve_with("format: logfmt");
    ask_with("/items", {{"traceparent", parent}});
    EXPECT_NE(log_.wait_for({"trace_id=" + trace + " span_id=" + span, "status=401"}), "");
}

TEST_F(Logging, ATraceThatIsNotValidIsPassedOnAndNotLogged) {
    const std::string zero = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
    const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const std::string token = issuer_.token(R"({"scope":"read"})");
    serve_with("format: json");
    ask_with("/items", {{"Authorization", "Bearer " + token}, {"traceparent", zero}});
    EXPECT_EQ(one_.requests().back().header("traceparent"), zero);
    ask_with("/items", {{"traceparent", good}, {"traceparent", good}});
    ASSERT_TRUE(log_.wait_for_count(R"("message":"request")", 2));
    EXPECT_FALSE(log_.has("trace_id"));
    EXPECT_FALSE(log_.has("span_id"));
}

}  // namespace
}  // namespace bearergate::test
