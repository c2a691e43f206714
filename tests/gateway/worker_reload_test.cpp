// A new configuration under running traffic: every request sees one, whole, from its first check
// to its last byte.

#include <bearergate/gateway/metrics.hpp>

#include "gateway/front.hpp"
#include "gateway/tls_connection.hpp"
#include "support/gate.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <thread>

namespace bearergate::test {
namespace {

class WorkerReload : public Front {
protected:
    // Two configurations that no single request may mix: /a is there, open and told to its
    // upstream by one name in the one, and by another name in the other.
    std::string version(int number) const {
        const std::string n = std::to_string(number);
        return configuration("  /v" + n + ": public\n  /items: { scopes: [s" + n + "] }\n", "",
                             "identity: { headers: { X-V" + n + ": sub } }");
    }
};

TEST_F(WorkerReload, HoldsForTheNextRequestOnAnOpenConnection) {
    serve_with(version(1), Gateway::Options{});
    const std::string asks_for_1 = get("/items", bearer(R"({"scope":"s1"})"));
    Connection client(gateway_->port());
    client.send(asks_for_1);
    EXPECT_EQ(client.read_reply().status, 200);
    EXPECT_EQ(upstream_.requests().back().header("X-V1"), "ada");

    gateway_->reload(version(2));
    client.send(asks_for_1 + get("/items", bearer(R"({"scope":"s2"})")) + get("/v1") + get("/v2"));
    EXPECT_EQ(client.read_reply().status, 403) << "cached as verified, but not as permitted";
    EXPECT_EQ(client.read_reply().status, 200);
    EXPECT_EQ(client.read_reply().status, 404);
    EXPECT_EQ(client.read_reply().status, 200);
    const SeenRequest request = upstream_.requests()[1];
    EXPECT_EQ(request.header("X-V2"), "ada");
    EXPECT_EQ(request.count("X-V1"), 0U);
    EXPECT_EQ(upstream_.connections(), 1U) << "the upstream has not changed";
}

// However long a request takes that began before, and with it the configuration of then.
TEST_F(WorkerReload, KeepsNoIdleConnectionToAnUpstreamThatWent) {
    Gate answer;
    std::promise<Connection::End> end;
    upstream_.play([&](UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        if (peer.index() == 0) answer.wait();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if (peer.index() == 1) end.set_value(peer.wait_for_end());
    });
    serve_with(version(1), Gateway::Options{});
    Connection slow(gateway_->port());
    slow.send(get("/v1"));
    ASSERT_TRUE(upstream_.wait_for_requests(1));
    EXPECT_EQ(ask(get("/v1")).status, 200);

    RecordingUpstream other;
    std::string moved = version(1);
    moved.replace(moved.find(upstream_.url()), upstream_.url().size(), other.url());
    gateway_->reload(moved);
    EXPECT_EQ(ask(get("/v1")).status, 200);
    EXPECT_EQ(other.connections(), 1U);
    auto ended = end.get_future();
    EXPECT_EQ(ended.wait_for(std::chrono::seconds(2)), std::future_status::ready);
    answer.open();
    EXPECT_EQ(slow.read_reply().status, 200);
}

TEST_F(WorkerReload, DoesNotReachIntoARequestUnderWay) {
    Gate answer;
    upstream_.play([&](UpstreamPeer& peer) {
        while (peer.read_request()) {
            answer.wait();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    serve_with(version(1), Gateway::Options{});
    Connection client(gateway_->port());
    client.send("POST /v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    ASSERT_TRUE(upstream_.wait_for_connections(1));
    gateway_->reload(configuration("  /v2: { access: public, body_bytes: 1B }\n"));
    EXPECT_EQ(ask(get("/v1")).status, 404);
    client.send("dy");
    answer.open();
    EXPECT_EQ(client.read_reply().status, 200);
    EXPECT_EQ(upstream_.requests().front().body, "body");
    EXPECT_EQ(gateway_->next_record().reason, "no_route");
    EXPECT_EQ(gateway_->next_record().route, "/v1");
    const gateway::Counters counters = gateway_->counters();
    EXPECT_EQ(counters.former.allowed, 1U) << "its route is no more";
    EXPECT_EQ(counters.unrouted.allowed, 0U);
    EXPECT_EQ(counters.unrouted.status_class[4], 1U);
}

// The keys that a request waits for may come after the policy it began with has gone.
TEST_F(WorkerReload, OvertakesNobodyWhoWaitsForKeys) {
    Gate asked;
    serve_with(version(1), {.keys = {{issuer_.issuer(), Issuer().jwks()}},
                            .asked = [&](Gateway&, const gateway::KeyQuestion&) { asked.open(); }});
    Connection client(gateway_->port());
    client.send(get("/items", bearer(R"({"scope":"s1"})")));
    ASSERT_TRUE(asked.wait());
    gateway_->reload(version(2));
    EXPECT_EQ(client.read_reply().status, 401) << "its own issuer's keys, and nobody else's";
    EXPECT_EQ(gateway_->next_record().reason, "key_unknown");
    expect_upstream_untouched();
}

TEST_F(WorkerReload, LosesNothingAndMixesNothing) {
    serve_with(version(1), Gateway::Options{});
    std::atomic<bool> over = false;
    std::thread reloading([&] {
        for (int i = 0; !over; ++i) gateway_->reload(version(1 + i % 2));
    });
    const std::string token = bearer(R"({"scope":"s1 s2"})");
    Connection client(gateway_->port());
    for (int i = 0; i < 300; ++i) {
        client.send(get("/items", token));
        ASSERT_EQ(client.read_reply().status, 200);
    }
    over = true;
    reloading.join();
    for (const SeenRequest& request : upstream_.requests()) {
        EXPECT_EQ(request.count("X-V1") + request.count("X-V2"), 1U);
    }
    EXPECT_EQ(upstream_.requests().size(), 300U);
}

// What a worker was told before it ran holds for the first client as well, who may have connected
// and sent its request by then.
TEST_F(WorkerReload, BeforeAnythingRanHoldsForTheFirstClient) {
    std::signal(SIGPIPE, SIG_IGN);
    net::test::Authority authority;
    const auto files = authority.issue();
    const std::string routes = "  /open: public\n";
    const std::string with_tls =
        configuration(routes, "tls: { certificate: " + files.certificate +
                                  ", private_key: " + files.private_key + " }");
    std::unique_ptr<Connection> plain;
    serve_with(configuration(routes), {.before_it_runs = [&](Gateway& gateway) {
                   plain = std::make_unique<Connection>(gateway.port());
                   plain->send(get("/open"));
                   gateway.reload(with_tls);
               }});
    EXPECT_EQ(plain->read_all().find("HTTP"), std::string::npos) << "TLS it was to be";
    TlsConnection client(gateway_->port(), {.authority = authority.file()});
    client.send(get("/open"));
    EXPECT_EQ(client.read_reply().status, 200);
}

}  // namespace
}  // namespace bearergate::test
