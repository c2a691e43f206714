// Upstream names that do not resolve, do, and do so no more. The names are this test's own: the
// gateway runs with a hosts file and no name server of its own, which takes a mount namespace.

#include "support/http_client.hpp"
#include "support/recording_upstream.hpp"
#include "support/running_gateway.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* set_up =
    "mount --bind \"$1\" /etc/hosts && mount --bind \"$2\" /etc/resolv.conf && "
    "mount --bind \"$3\" /etc/nsswitch.conf || exit 77\nshift 3\nexec \"$@\"";

class Names : public testing::Test {
protected:
    Names() {
        write_hosts("");
        folder_.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
        folder_.write("nsswitch.conf", "hosts: files\n");
    }
    void SetUp() override {
        auto probe = before();
        probe.emplace_back("true");
        if (run(probe).code != 0) {
            GTEST_SKIP() << "SKIPPED: no mount namespaces here; as root, or with user namespaces";
        }
    }
    // In place: the file that was mounted is the one that is read.
    void write_hosts(const std::string& line) const {
        std::ofstream(folder_.file("hosts"), std::ios::trunc) << line << "\n";
    }
    std::vector<std::string> before() const {
        return {"unshare",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                set_up,
                "sh",
                folder_.file("hosts"),
                folder_.file("resolv.conf"),
                folder_.file("nsswitch.conf")};
    }
    void start() {
        gateway_ = std::make_unique<RunningGateway>(
            BEARERGATE_BINARY,
            "server: { listen: \"127.0.0.1:0\", workers: 1 }\nadmin: { listen: \"127.0.0.1:0\" }\n"
            "issuers: { dev: { issuer: https://dev.example, jwks_uri: \"http://127.0.0.1:1/\" } }\n"
            "audience: https://api.example\n"
            "upstreams:\n  named: { url: \"http://backend.test:" +
                std::to_string(upstream_.port()) + "\" }\n  literal: { url: \"" + upstream_.url() +
                "\" }\n"
                "routes:\n  GET /named: { access: public, upstream: named }\n"
                "  GET /literal: { access: public, upstream: literal }\n",
            RunningGateway::Options{.before = before()});
    }
    bool wait_for(int status) const {
        const auto end = Clock::now() + std::chrono::seconds(20);
        while (ask(gateway_->port(), {.target = "/named"}).status != status) {
            if (Clock::now() > end) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return true;
    }

    TemporaryFolder folder_{};
    RecordingUpstream upstream_{};
    std::unique_ptr<RunningGateway> gateway_{};
};

TEST_F(Names, OneThatDoesNotResolveFailsItsRequestsAndNoOthersUntilItDoes) {
    start();
    EXPECT_TRUE(wait_for(502));
    EXPECT_EQ(ask(gateway_->port(), {.target = "/literal"}).status, 200);
    EXPECT_NE(gateway_->log().find("does not resolve"), std::string::npos);
    write_hosts("127.0.0.1 backend.test");
    EXPECT_TRUE(wait_for(200)) << "without a restart";
    EXPECT_NE(gateway_->log().find("upstream name resolves"), std::string::npos);
    // Gone again, its last good address serves.
    write_hosts("");
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(ask(gateway_->port(), {.target = "/named"}).status, 200);
    }
}

TEST_F(Names, EveryAddressOfANameIsTried) {
    write_hosts("127.0.0.2 backend.test\n127.0.0.1 backend.test");
    start();
    EXPECT_TRUE(wait_for(200));
}

}  // namespace
}  // namespace bearergate::test
