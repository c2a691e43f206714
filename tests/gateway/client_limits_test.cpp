// How much a client may take up: connections, bytes and fields of a head, a token.

#include "gateway/front.hpp"

#include <thread>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  /open: public\n"
    "  /items: authenticated\n";

class ClientLimits : public Front {
protected:
    Reply answer_to_long_head(const std::string& request) {
        Connection client(gateway_->port());
        client.send(request);
        return client.read_reply();
    }
};

// A request of exactly so many bytes.
std::string of_size(std::size_t bytes) {
    const std::string rest = "GET /open HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
    return "GET /open HTTP/1.1\r\nHost: a\r\nX: " + std::string(bytes - rest.size(), 'x') +
           "\r\n\r\n";
}
std::string of_fields(std::size_t count) {
    std::string request = "GET /open HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < count; ++i) request += "X: y\r\n";
    return request + "\r\n";
}

TEST_F(ClientLimits, AHeadMayHaveItsBytesAndNoMore) {
    serve(routes, "limits: { header_bytes: 2KiB }");
    Connection client(gateway_->port());
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(client.send(of_size(2048)));
        EXPECT_EQ(client.read_reply().status, 200) << "wherever in the buffer it begins";
    }
    EXPECT_EQ(answer_to_long_head(of_size(2049)).status, 431);
    EXPECT_EQ(answer_to_long_head("GET /" + std::string(2048, 'x')).status, 431);
    EXPECT_EQ(answer_to_long_head(std::string(2048, 'x')).status, 431) << "a method without end";
    EXPECT_EQ(upstream_.requests().size(), 20U);
}

TEST_F(ClientLimits, TooMuchOfAHeadIsAnsweredWhateverComesBehind) {
    serve(routes);
    Connection client(gateway_->port());
    ASSERT_TRUE(client.send(of_size(1'000'000)));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 431);
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(client.end(), Connection::End::closed) << "no reset that could eat the answer";
    expect_upstream_untouched();
}

TEST_F(ClientLimits, AHeadMayHaveItsFieldsAndNoMore) {
    serve(routes);
    EXPECT_EQ(ask(of_fields(100)).status, 200);
    EXPECT_EQ(ask(of_fields(101)).status, 431);
    serve(routes, "limits: { header_count: 3 }");
    EXPECT_EQ(ask(of_fields(3)).status, 200);
    EXPECT_EQ(ask(of_fields(4)).status, 431);
    EXPECT_EQ(upstream_.requests().size(), 2U);
}

TEST_F(ClientLimits, ATokenMayHaveItsBytesAndNoMore) {
    const std::string token = issuer_.token();
    for (const std::size_t bytes : {token.size(), token.size() - 1}) {
        serve(routes, "limits: { token_bytes: " + std::to_string(bytes) + "B }");
        const Reply reply = ask(get("/items", "Authorization: Bearer " + token + "\r\n"));
        EXPECT_EQ(reply.status, bytes == token.size() ? 200 : 401);
        EXPECT_EQ(gateway_->next_record().reason, bytes == token.size() ? "" : "token_too_large");
    }
    EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(ClientLimits, AtTheLimitOfConnectionsAcceptingPausesAndGoesOn) {
    serve(routes, "limits: { connections: 2 }");
    auto first = std::make_unique<Connection>(gateway_->port());
    Connection second(gateway_->port());
    for (Connection* client : {first.get(), &second}) {
        client->send(get("/open"));
        EXPECT_EQ(client->read_reply().status, 200);
    }
    Connection third(gateway_->port());
    ASSERT_TRUE(third.is_open()) << "in the kernel's queue";
    third.send(get("/open"));
    // Those who are in are served, however long the others wait.
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    while (std::chrono::steady_clock::now() < until) {
        second.send(get("/open"));
        EXPECT_EQ(second.read_reply().status, 200);
        EXPECT_EQ(gateway_->counters().connections_accepted, 2U);
    }
    first.reset();
    EXPECT_EQ(third.read_reply().status, 200);
    EXPECT_EQ(gateway_->counters().connections_accepted, 3U);
    EXPECT_EQ(gateway_->counters().connections_open, 2U);
}

}  // namespace
}  // namespace bearergate::test
