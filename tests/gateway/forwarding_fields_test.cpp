// Who speaks for whom: trusted proxies and everybody else, request ids, trace contexts.

#include "gateway/front.hpp"

namespace bearergate::test {
namespace {

constexpr const char* routes = "  /open: public\n";
constexpr const char* trusted = "trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]";
constexpr const char* told =
    "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\nX-Forwarded-For: 10.1.2.3\r\n"
    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example\r\n"
    "Forwarded: for=198.51.100.7;proto=https\r\nX-Forwarded-Port: 443\r\n"
    "X-Forwarded-Prefix: /p\r\n";

class ForwardingFields : public Front {
protected:
    SeenRequest forwarded(const std::string& fields) {
        EXPECT_EQ((reply_ = ask(get("/open", fields))).status, 200);
        return upstream_.requests().back();
    }
    Reply reply_{};
};

TEST_F(ForwardingFields, OfAnybodyAreThrownAwayAndWrittenAnew) {
    serve(routes, "trusted_proxies: [10.0.0.0/8]");
    const SeenRequest request = forwarded(told);
    EXPECT_EQ(request.header("X-Forwarded-For"), "127.0.0.1");
    EXPECT_EQ(request.header("X-Forwarded-Proto"), "http");
    EXPECT_EQ(request.header("X-Forwarded-Host"), "a.example");
    EXPECT_EQ(request.header("Forwarded"), "for=127.0.0.1;host=a.example;proto=http");
    EXPECT_EQ(request.count("X-Forwarded-Port"), 0U);
    EXPECT_EQ(request.count("X-Forwarded-Prefix"), 0U);
    for (const char* name : {"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"}) {
        EXPECT_EQ(request.count(name), 1U) << name;
    }
    EXPECT_EQ(gateway_->next_record().client, "127.0.0.1");
}

TEST_F(ForwardingFields, OfATrustedProxyAreAddedTo) {
    serve(routes, trusted);
    const SeenRequest request = forwarded(told);
    EXPECT_EQ(request.header("X-Forwarded-For"), "203.0.113.9, 198.51.100.7, 10.1.2.3, 127.0.0.1");
    EXPECT_EQ(request.header("X-Forwarded-Proto"), "https, http");
    EXPECT_EQ(request.header("X-Forwarded-Host"), "www.example, a.example");
    EXPECT_EQ(request.header("Forwarded"),
              "for=198.51.100.7;proto=https, for=127.0.0.1;host=a.example;proto=http");
    EXPECT_EQ(request.header("X-Forwarded-Port"), "443");
    EXPECT_EQ(gateway_->next_record().client, "198.51.100.7") << "the rightmost that is no proxy";
}

TEST_F(ForwardingFields, NeverTakePartInMatching) {
    serve("  www.example/open: public\n", trusted);
    EXPECT_EQ(ask(get("/open", "X-Forwarded-Host: www.example\r\n")).status, 404);
    expect_upstream_untouched();
}

TEST_F(ForwardingFields, ARequestIdIsOneForClientUpstreamAndLog) {
    serve(routes);
    const SeenRequest request = forwarded("X-Request-Id: mine\r\n");
    const LogRecord record = gateway_->next_record();
    EXPECT_EQ(record.request_id.size(), 32U);
    EXPECT_EQ(request.header("X-Request-Id"), record.request_id);
    EXPECT_EQ(request.count("X-Request-Id"), 1U);
    EXPECT_EQ(reply_.header("X-Request-Id"), record.request_id);
    EXPECT_EQ(record.client_request_id, "mine") << "not believed, but noted down";
}

TEST_F(ForwardingFields, ATrustedProxysRequestIdIsBelievedWhenItIsOne) {
    serve(routes, trusted);
    const std::string longest(128, 'x');
    const struct {
        std::string fields;
        std::string id;  // "" for one of ours
    } cases[] = {{"X-Request-Id: a.b_C-9\r\n", "a.b_C-9"},
                 {"X-Request-Id: " + longest + "\r\n", longest},
                 {"X-Request-Id: " + longest + "x\r\n", ""},
                 {"X-Request-Id: a b\r\n", ""},
                 {"X-Request-Id: a\"b\r\n", ""},
                 {"X-Request-Id:\r\n", ""},
                 {"X-Request-Id: a\r\nX-Request-Id: b\r\n", ""}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.fields);
        const SeenRequest request = forwarded(c.fields);
        const LogRecord record = gateway_->next_record();
        if (c.id.empty()) {
            EXPECT_EQ(record.request_id.size(), 32U);
        } else {
            EXPECT_EQ(record.request_id, c.id);
        }
        EXPECT_EQ(request.header("X-Request-Id"), record.request_id);
        EXPECT_EQ(request.count("X-Request-Id"), 1U);
        EXPECT_EQ(reply_.header("X-Request-Id"), record.request_id);
        EXPECT_EQ(record.client_request_id, "");
    }
}

TEST_F(ForwardingFields, ARefusalCarriesATrustedProxysRequestIdToo) {
    serve(routes, trusted);
    for (const std::string more : {"", "Expect: tea\r\n"}) {
        SCOPED_TRACE(more);
        const Reply reply = ask(get("/nowhere", more + "X-Request-Id: r-7\r\n" + told));
        EXPECT_EQ(reply.header("X-Request-Id"), "r-7");
        EXPECT_NE(reply.body.find("\"request_id\":\"r-7\""), std::string::npos);
        const LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.request_id, "r-7");
        EXPECT_EQ(record.client, "198.51.100.7");
    }
}

TEST_F(ForwardingFields, ATraceParentGoesOnAndIntoTheLog) {
    serve(routes);
    const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const SeenRequest request = forwarded("traceparent: " + parent + "\r\ntracestate: a=b\r\n");
    EXPECT_EQ(request.header("traceparent"), parent);
    EXPECT_EQ(request.header("tracestate"), "a=b");
    EXPECT_EQ(gateway_->next_record().trace_parent, parent);
}

TEST_F(ForwardingFields, OurViaComesBehindTheOthers) {
    serve(routes);
    const SeenRequest request = forwarded("Via: 1.0 front\r\n");
    ASSERT_EQ(request.count("Via"), 2U);
    EXPECT_EQ(request.header("Via"), "1.0 front");
    EXPECT_EQ(request.headers.back().first, "Via");
    EXPECT_EQ(request.headers.back().second, "1.1 bearergate");
}

}  // namespace
}  // namespace bearergate::test
