// Clients that go away while their request is under way: nobody works on for them.

#include "gateway/front.hpp"

#include <future>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  /open: public\n"
    "  /items: authenticated\n";

class VanishingClient : public Front {
protected:
    // The upstream reads a request and then nothing happens until the gateway ends the connection.
    std::future<Connection::End> upstream_hangs() {
        auto end = std::make_shared<std::promise<Connection::End>>();
        upstream_.play([end](UpstreamPeer& peer) {
            peer.read_request();
            end->set_value(peer.wait_for_end());
        });
        return end->get_future();
    }
    // A request of somebody who went before there was an answer.
    void expect_gone() {
        const LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.note, "client_gone");
        EXPECT_EQ(record.status, 0U);
        EXPECT_EQ(record.reason, "");
        EXPECT_TRUE(gateway_->wait_until(
            [](const gateway::Counters& counters) { return counters.connections_open == 0; }));
        EXPECT_EQ(gateway_->counters().requests_in_flight, 0U);
    }
};

TEST_F(VanishingClient, CancelsItsUpstreamRequest) {
    serve(routes);
    auto end = upstream_hangs();
    Connection client(gateway_->port());
    client.send(get("/open"));
    ASSERT_TRUE(upstream_.wait_for_requests(1));
    client.reset();
    EXPECT_NE(end.get(), Connection::End::none);
    expect_gone();
}

// It had nothing more to say, so nothing was awaited of it; but it did want an answer.
TEST_F(VanishingClient, CancelsItsUpstreamRequestAfterItsEnd) {
    serve(routes);
    auto end = upstream_hangs();
    Connection client(gateway_->port());
    client.send(get("/open"));
    client.finish();
    ASSERT_TRUE(upstream_.wait_for_requests(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // until that end has been seen
    client.reset();
    EXPECT_NE(end.get(), Connection::End::none);
    expect_gone();
}

TEST_F(VanishingClient, CancelsItsUpstreamRequestWhereNoMoreOfItFitsIn) {
    serve(routes);
    auto end = upstream_hangs();
    Connection client(gateway_->port());
    for (int i = 0; i < 12; ++i) {
        client.send("GET /open HTTP/1.1\r\nHost: a\r\nX-Long: " + std::string(8000, 'x') +
                    "\r\n\r\n");
    }
    ASSERT_TRUE(upstream_.wait_for_requests(1));
    client.reset();
    EXPECT_NE(end.get(), Connection::End::none);
    expect_gone();
}

TEST_F(VanishingClient, CancelsItsUpstreamRequestInTheMiddleOfTheBody) {
    serve(routes);
    auto end = upstream_hangs();
    Connection client(gateway_->port());
    client.send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    ASSERT_TRUE(upstream_.wait_for_connections(1));
    while (!upstream_.raw(0).ends_with("12345")) std::this_thread::yield();
    client.reset();
    EXPECT_NE(end.get(), Connection::End::none);
    expect_gone();
    EXPECT_TRUE(upstream_.requests().empty());
}

TEST_F(VanishingClient, StopsTheAnswerThatItDoesNotTake) {
    serve(routes);
    std::promise<bool> gave_up;
    upstream_.play([&](UpstreamPeer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const std::string chunk = "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
        const auto most = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (peer.send(chunk) && std::chrono::steady_clock::now() < most) {
        }
        gave_up.set_value(std::chrono::steady_clock::now() < most);
    });
    {
        Connection client(gateway_->port());
        client.send(get("/open"));
        EXPECT_NE(client.read_bytes(10'000), "");
    }  // closed, with bytes unread
    EXPECT_TRUE(gave_up.get_future().get());
    const LogRecord record = gateway_->next_record();
    EXPECT_EQ(record.status, 200U);
    EXPECT_EQ(record.note, "client_gone");
}

TEST_F(VanishingClient, LeavesTheQueueForKeys) {
    std::promise<void> asked;
    serve_with(configuration(routes),
               {.keys = {{issuer_.issuer(), issuer_.jwks()}},
                .asked = [&](Gateway&, const gateway::KeyQuestion&) { asked.set_value(); }});
    const std::string token = issuer_.token_with_header(R"({"kid":"new"})");
    Connection client(gateway_->port());
    client.send(get("/items", "Authorization: Bearer " + token + "\r\n"));
    ASSERT_EQ(asked.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
    client.reset();
    expect_gone();
    expect_upstream_untouched();
}

TEST_F(VanishingClient, MayVanishAtAnyByte) {
    serve(routes);
    const std::string request =
        "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for (std::size_t bytes = 0; bytes < request.size(); ++bytes) {
        Connection client(gateway_->port());
        client.send(std::string_view(request).substr(0, bytes));
        client.reset();
    }
    EXPECT_TRUE(gateway_->wait_until([&](const gateway::Counters& counters) {
        return counters.connections_accepted == request.size() && counters.connections_open == 0;
    }));
    EXPECT_EQ(gateway_->counters().requests_in_flight, 0U);
    EXPECT_TRUE(upstream_.requests().empty()) << "none of them was whole";
    EXPECT_EQ(ask(request).status, 200);
}

}  // namespace
}  // namespace bearergate::test
