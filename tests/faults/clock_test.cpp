// The wall clock jumps: tokens are held to it, and nothing else notices.

#include "support/gate.hpp"
#include "support/relaying.hpp"
#include "support/test_issuer.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>

namespace bearergate::gateway {
namespace {

using test::Issuer;
using test::UpstreamPeer;

constexpr double noon = Issuer::issued_at + 600;
constexpr double two_hours = 7200;

core::WallTime at(double seconds) {
    return core::WallTime(std::chrono::duration<double>(seconds));
}

class ClockTest : public test::Relaying {
protected:
    void start(test::RecordingUpstream::Script script) {
        upstream_ = std::make_unique<test::RecordingUpstream>(std::move(script));
        gateway_ = std::make_unique<test::Gateway>(
            "issuer: " + issuer_.issuer() + "\naudience: https://api.example\nupstreams:\n" +
                "  default: { url: " + upstream_->url() + ", timeouts: { idle: 10m } }\n" +
                "routes:\n  GET /items: authenticated\n  GET /slow: public\n",
            test::Gateway::Options{.keys = {{issuer_.issuer(), issuer_.jwks()}}, .now = at(noon)});
    }
    int ask(test::Connection& client) {
        if (!client.send("GET /items HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
                         issuer_.token() + "\r\n\r\n")) {
            return 0;
        }
        return client.read_reply().status;
    }
    Issuer issuer_{};
    test::Gate asked_{};
    test::Gate answer_{};
};

TEST_F(ClockTest, TokensAreHeldToTheClockOfNowCachedOrNot) {
    start(test::RecordingUpstream::answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    const auto client = connect();
    EXPECT_EQ(ask(*client), 200);
    for (int i = 0; i < 3; ++i) {
        gateway_->set_now(at(noon + two_hours));
        EXPECT_EQ(ask(*client), 401) << "expired";
        gateway_->set_now(at(noon));
        EXPECT_EQ(ask(*client), 200);
        gateway_->set_now(at(noon - two_hours));
        EXPECT_EQ(ask(*client), 401) << "not yet issued";
        gateway_->set_now(at(noon));
        EXPECT_EQ(ask(*client), 200);
    }
    // All on one connection of the client's and one of the upstream's, which no jump has aged.
    EXPECT_EQ(upstream_->connections(), 1U);
}

TEST_F(ClockTest, NothingUnderWayIsCutShortOrPutOff) {
    start([this](UpstreamPeer& peer) {
        while (peer.read_request()) {
            asked_.open();
            answer_.wait();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    const auto idle = connect();
    const auto busy = connect();
    ASSERT_TRUE(busy->send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_TRUE(asked_.wait());
    for (const double when : {noon + two_hours, noon - two_hours, 0.0, 4e9}) {
        gateway_->set_now(at(when));
        // The worker's own timers have come round in between.
        EXPECT_EQ(counters().requests_in_flight, 1U);
        EXPECT_EQ(counters().connections_open, 2U);
    }
    gateway_->set_now(at(noon));
    answer_.open();
    EXPECT_EQ(busy->read_reply().body, "ok");
    EXPECT_EQ(ask(*idle), 200);
}

}  // namespace
}  // namespace bearergate::gateway
