// More clients than file descriptors: it takes no more, spins not, and recovers.

#include "support/gate.hpp"
#include "support/http_client.hpp"
#include "support/recording_upstream.hpp"
#include "support/running_gateway.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Descriptors : public testing::Test {
protected:
    void start(int limit) {
        const std::string yaml =
            "server: { listen: \"127.0.0.1:0\", workers: 1 }\nadmin: { listen: \"127.0.0.1:0\" }\n"
            "issuers: { dev: { issuer: https://dev.example, jwks_uri: \"http://127.0.0.1:1/\" } }\n"
            "audience: https://api.example\nlogging: { access: off }\nupstream: " +
            upstream_.url() + "\nroutes:\n  \"/**\": public\n";
        gateway_ = std::make_unique<RunningGateway>(
            BEARERGATE_BINARY, yaml,
            RunningGateway::Options{
                .before = {"sh", "-c",
                           "ulimit -n " + std::to_string(limit) + "; exec \"$0\" \"$@\""}});
    }
    bool wait_for_200() const {
        const auto end = Clock::now() + seconds(20);
        while (ask(gateway_->port(), {.target = "/after"}).status != 200) {
            if (Clock::now() > end) return false;
            std::this_thread::sleep_for(milliseconds(10));
        }
        return true;
    }

    Gate asked_{};
    Gate answer_{};
    RecordingUpstream upstream_{[this](UpstreamPeer& peer) {
        while (const auto request = peer.read_request()) {
            if (request->target == "/slow") {
                asked_.open();
                answer_.wait();
            }
            if (!peer.send(fine)) return;
        }
    }};
    std::unique_ptr<RunningGateway> gateway_{};
};

TEST_F(Descriptors, ExhaustionPausesAcceptingAndNothingElse) {
    start(64);
    if (!gateway_->shows_descriptors()) GTEST_SKIP() << "SKIPPED: only root sees what it has open";
    Connection busy(gateway_->port());
    ASSERT_TRUE(busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_TRUE(asked_.wait());

    std::vector<std::unique_ptr<Connection>> flood;
    for (int i = 0; i < 200; ++i) {
        flood.push_back(std::make_unique<Connection>(gateway_->port()));
        flood.back()->send("GET / HTT");  // as far as it gets
    }
    // Until it takes no more: each sample is long after the one before.
    for (std::size_t before = 0; before != gateway_->descriptors();) {
        before = gateway_->descriptors();
        std::this_thread::sleep_for(milliseconds(300));
    }
    EXPECT_GT(gateway_->descriptors(), 24U);
    EXPECT_LT(gateway_->descriptors(), 64U) << "some are left for the upstreams' connections";
    // What it costs to be in want of them: a second of it, by its CPU time.
    const auto before = gateway_->cpu_time();
    std::this_thread::sleep_for(seconds(1));
    EXPECT_LT(gateway_->cpu_time() - before, milliseconds(250)) << "it spins";

    answer_.open();
    EXPECT_EQ(busy.read_reply().body, "ok") << "what was under way goes on";
    flood.clear();
    EXPECT_TRUE(wait_for_200()) << "and the rest, as soon as there are some";
    gateway_->process().signal(SIGTERM);
    EXPECT_EQ(gateway_->process().wait(), 0);
}

}  // namespace
}  // namespace bearergate::test
