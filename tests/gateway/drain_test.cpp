// The end of a worker: nothing that a client has begun is lost, and nothing new begins.

#include "gateway/front.hpp"
#include "support/gate.hpp"

#include <future>
#include <memory>
#include <vector>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  /open: public\n"
    "  /items: authenticated\n";

class Drain : public Front {
protected:
    ~Drain() override { answer_.open(); }
    void upstream_waits() {
        upstream_.play([this](UpstreamPeer& peer) {
            while (peer.read_request()) {
                answer_.wait();
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
    }
    // Returns when the worker has come to know of it.
    std::future<void> drain() {
        auto drained = gateway_->start_draining();
        gateway_->counters();
        return drained;
    }
    static bool is_over(const std::future<void>& drained) {
        return drained.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    }
    static void expect_last(Connection& client, int status) {
        const Reply reply = client.read_reply();
        EXPECT_EQ(reply.status, status);
        EXPECT_EQ(reply.header("Connection"), "close");
        EXPECT_EQ(client.read_all(), "");
        EXPECT_EQ(client.end(), Connection::End::closed);
    }
    static bool is_pending(const std::future<void>& drained) {
        return drained.wait_for(std::chrono::milliseconds(0)) != std::future_status::ready;
    }

    Gate answer_{};
};

TEST_F(Drain, ClosesIdleConnectionsAndIsDone) {
    serve(routes);
    auto used = std::make_unique<Connection>(gateway_->port());
    used->send(get("/open"));
    EXPECT_EQ(used->read_reply().status, 200);
    auto fresh = std::make_unique<Connection>(gateway_->port());
    auto drained = drain();
    for (Connection* client : {used.get(), fresh.get()}) {
        EXPECT_EQ(client->read_all(), "");
        EXPECT_EQ(client->end(), Connection::End::closed);
    }
    EXPECT_TRUE(is_over(drained));
    EXPECT_FALSE(Connection(gateway_->port()).is_open());
}

TEST_F(Drain, ServesWhatIsInFlightAndSaysThatItIsTheLast) {
    serve(routes);
    upstream_waits();
    Connection client(gateway_->port());
    client.send(get("/items", bearer()) + get("/open"));
    ASSERT_TRUE(upstream_.wait_for_requests(1));
    auto drained = drain();
    answer_.open();
    EXPECT_TRUE(is_pending(drained));
    expect_last(client, 200);
    EXPECT_EQ(upstream_.requests().size(), 1U) << "whoever closes does not begin another";
    EXPECT_TRUE(is_over(drained));
}

TEST_F(Drain, ServesARequestThatHasBegun) {
    serve(routes);
    const struct {
        std::string request;
        int status;
    } cases[] = {{get("/open"), 200},
                 {get("/items"), 401},
                 {get("/nowhere"), 404},
                 {"GET /open HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200}};
    std::vector<std::unique_ptr<Connection>> clients;
    for (const auto& c : cases) {
        clients.push_back(std::make_unique<Connection>(gateway_->port()));
        // The first bytes have come, one way or the other: the worker has begun to wait for more.
        clients.back()->send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" + c.request.substr(0, 9));
        EXPECT_EQ(clients.back()->read_reply().status, 404);
    }
    auto drained = drain();
    for (std::size_t i = 0; i < clients.size(); ++i) {
        SCOPED_TRACE(cases[i].request);
        clients[i]->send(std::string_view(cases[i].request).substr(9));
        expect_last(*clients[i], cases[i].status);
    }
    EXPECT_TRUE(is_over(drained));
}

TEST_F(Drain, ServesWhoWasInTheQueueAlready) {
    serve(routes);
    std::vector<std::unique_ptr<Connection>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<Connection>(gateway_->port()));
        clients.back()->send(get("/open"));
    }
    auto drained = drain();
    for (const auto& client : clients) {
        EXPECT_EQ(client->read_reply().status, 200);
        EXPECT_EQ(client->read_all(), "");
        EXPECT_EQ(client->end(), Connection::End::closed);
    }
    EXPECT_TRUE(is_over(drained));
}

TEST_F(Drain, LetsABodyComeToItsEnd) {
    serve(routes);
    Connection client(gateway_->port());
    client.send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    ASSERT_TRUE(upstream_.wait_for_connections(1));
    auto drained = drain();
    EXPECT_TRUE(is_pending(drained));
    client.send("dy");
    expect_last(client, 200);
    EXPECT_EQ(upstream_.requests().back().body, "body");
    EXPECT_TRUE(is_over(drained));
}

}  // namespace
}  // namespace bearergate::test
