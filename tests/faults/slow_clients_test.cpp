// Clients that are slow on purpose, played by slowhttptest against a gateway of this test's own:
// who behaves is served all the while, and memory stays where it is.

#include "support/http_client.hpp"
#include "support/metrics_text.hpp"
#include "support/recording_upstream.hpp"
#include "support/running_gateway.hpp"
#include "support/sanitized.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

constexpr std::size_t mebibyte = 1024 * 1024;

class SlowClients : public testing::Test {
protected:
    void SetUp() override {
        if (run({"sh", "-c", "command -v slowhttptest"}).code != 0) {
            GTEST_SKIP() << "SKIPPED: no slowhttptest here; scripts/setup --faults installs it";
        }
    }
    void serve(std::size_t connections) {
        gateway_ = std::make_unique<RunningGateway>(
            BEARERGATE_BINARY,
            "server: { listen: \"127.0.0.1:0\", workers: 1, limits: { connections: " +
                std::to_string(connections) +
                " } }\nadmin: { listen: \"127.0.0.1:0\" }\n"
                "issuers: { dev: { issuer: https://dev.example, jwks_uri: \"http://127.0.0.1:1/\" "
                "} }\naudience: https://api.example\nlogging: { access: off }\nupstream: " +
                upstream_.url() + "\nroutes:\n  \"/**\": public\n  GET /closed: authenticated\n");
    }
    double accepted() const {
        return MetricsText(ask(gateway_->admin_port(), {.target = "/metrics"}).body)
            .sum("bearergate_connections_accepted_total");
    }
    // While it attacks: who behaves asks again and again, each time on a new connection.
    void attack(std::vector<std::string> how, const std::string& target,
                std::size_t most_growth = 32 * mebibyte) {
        ASSERT_EQ(ask(gateway_->port(), {.target = "/well"}).status, 200);
        const std::size_t before = gateway_->resident_bytes();
        std::vector<std::string> command{"slowhttptest", "-c", "400", "-r", "200", "-l", "6",
                                         "-i",           "1",  "-p",  "3"};
        command.insert(command.end(), how.begin(), how.end());
        command.insert(command.end(),
                       {"-u", "http://127.0.0.1:" + std::to_string(gateway_->port()) + target});
        Process attacker(command, {.output_file = folder_.file("attack.log")});
        std::size_t most = 0;
        std::size_t asked = 0;
        milliseconds longest{0};
        for (const auto end = Clock::now() + seconds(6); Clock::now() < end;) {
            const auto began = Clock::now();
            EXPECT_EQ(ask(gateway_->port(), {.target = "/well"}).status, 200);
            longest =
                std::max(longest, std::chrono::duration_cast<milliseconds>(Clock::now() - began));
            most = std::max(most, gateway_->resident_bytes());
            ++asked;
            std::this_thread::sleep_for(milliseconds(20));
        }
        attacker.signal(SIGINT);
        attacker.wait(seconds(5));
        EXPECT_GT(accepted(), static_cast<double>(asked + 200)) << "nobody has attacked";
        EXPECT_LT(longest, seconds(5)) << "by a debug build beside other tests";
        if (!is_sanitized) EXPECT_LT(most, before + most_growth);
        EXPECT_EQ(ask(gateway_->port(), {.target = "/well"}).status, 200);
    }

    TemporaryFolder folder_{};
    RecordingUpstream upstream_{[](UpstreamPeer& peer) {
        peer.stop_noting();
        const std::string large(mebibyte, 'x');
        while (const auto request = peer.read_request()) {
            const std::string body = request->target == "/large" ? large : "ok";
            if (!peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                           "\r\n\r\n" + body)) {
                return;
            }
        }
    }};
    std::unique_ptr<RunningGateway> gateway_{};
};

TEST_F(SlowClients, HeadsThatNeverEndShutNobodyOut) {
    serve(100);  // fewer than attack
    attack({"-H", "-t", "GET", "-x", "24"}, "/open");
}

TEST_F(SlowClients, BodiesThatNeverEndAreOnlyThat) {
    serve(1000);
    attack({"-B", "-s", "8192", "-x", "10"}, "/open");
}

TEST_F(SlowClients, AnswersThatNobodyReadsAreNotHeld) {
    serve(1000);
    attack({"-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "32", "-k", "3"}, "/large",
           64 * mebibyte);
}

TEST_F(SlowClients, ManyRangesAreTheUpstreamsToJudge) {
    serve(1000);
    attack({"-R", "-a", "5", "-b", "3000"}, "/open");
}

}  // namespace
}  // namespace bearergate::test
