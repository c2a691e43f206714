// Listening sockets that outlive the gateway, as systemd's do: one binary follows another, and no
// client notices.

#include "support/http_client.hpp"
#include "support/process.hpp"
#include "support/recording_upstream.hpp"
#include "support/running_gateway.hpp"
#include "support/temporary_folder.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bearergate::test {
namespace {

using testing::HasSubstr;

constexpr const char* get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// A socket as systemd opens and keeps it.
class KeptSocket {
public:
    explicit KeptSocket(int type = SOCK_STREAM) : socket_(::socket(AF_INET, type, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const where = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket_, where, size) != 0) throw std::runtime_error("cannot bind");
        if (type == SOCK_STREAM) ::listen(socket_, SOMAXCONN);
        ::getsockname(socket_, where, &size);
        port_ = ntohs(address.sin_port);
    }
    KeptSocket(const KeptSocket&) = delete;
    KeptSocket& operator=(const KeptSocket&) = delete;
    ~KeptSocket() { ::close(socket_); }

    int descriptor() const { return socket_; }
    std::uint16_t port() const { return port_; }
    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

class Handover : public testing::Test {
protected:
    std::string configuration(const std::string& listen,
                              const std::string& admin = "127.0.0.1:0") const {
        return "server: { listen: \"" + listen + "\", workers: 4 }\nadmin: { listen: \"" + admin +
               "\" }\n"
               "issuers: { dev: { issuer: https://dev.example, jwks_uri: \"http://127.0.0.1:1/\" } "
               "}\n"
               "audience: https://api.example\nlogging: { access: off }\nupstream: " +
               upstream_.url() + "\nroutes:\n  \"/**\": public\n";
    }
    std::unique_ptr<RunningGateway> start(const std::vector<int>& listeners) const {
        return std::make_unique<RunningGateway>(BEARERGATE_BINARY, configuration(public_.address()),
                                                RunningGateway::Options{.listeners = listeners});
    }
    // A client that sends request after request on one connection, and makes another when it is
    // told to. Counts what was not served.
    void persist() {
        while (!enough_) {
            Connection client(public_.port());
            if (!client.is_open()) ++refused_;
            for (bool again = client.is_open(); again && !enough_;) {
                const Reply reply = client.send(get) ? client.read_reply() : Reply{};
                reply.status == 200 && reply.body == "ok" ? ++served_ : ++failed_;
                again = reply.status == 200 && reply.header("Connection") != "close";
            }
        }
    }
    // One that makes a connection for each request.
    void reconnect() {
        while (!enough_) {
            Connection client(public_.port());
            if (!client.is_open()) {
                ++refused_;
                continue;
            }
            client.send(get) && client.read_reply().status == 200 ? ++served_ : ++failed_;
        }
    }
    void wait_for_more(int count) const {
        const int target = served_ + count;
        while (served_ < target && failed_ + refused_ == 0) std::this_thread::yield();
    }

    RecordingUpstream upstream_{
        RecordingUpstream::answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")};
    KeptSocket public_{};
    std::atomic<int> served_ = 0;
    std::atomic<int> failed_ = 0;
    std::atomic<int> refused_ = 0;
    std::atomic<bool> enough_ = false;
};

TEST_F(Handover, ServesOnTheSocketsThatItIsGiven) {
    const KeptSocket admin;
    RunningGateway gateway(
        BEARERGATE_BINARY, configuration(public_.address(), admin.address()),
        RunningGateway::Options{.listeners = {admin.descriptor(), public_.descriptor()}});
    EXPECT_EQ(gateway.port(), public_.port());
    EXPECT_EQ(gateway.admin_port(), admin.port());
    // All workers accept from the one queue: none may block the others, and all must serve.
    for (int i = 0; i < 64; ++i) ASSERT_EQ(ask(public_.port(), {}).status, 200) << i;
    EXPECT_EQ(ask(admin.port(), {.target = "/healthz"}).status, 200);
    EXPECT_THAT(gateway.log(), HasSubstr("\"socket\":\"inherited\""));
}

TEST_F(Handover, WhoeverComesWhileNobodyServesIsServedByTheNext) {
    auto gateway = start({public_.descriptor()});
    ASSERT_EQ(ask(public_.port(), {}).status, 200);
    gateway->process().signal(SIGTERM);
    ASSERT_EQ(gateway->process().wait(), 0);
    std::vector<std::unique_ptr<Connection>> waiting;
    for (int i = 0; i < 20; ++i) {
        waiting.push_back(std::make_unique<Connection>(public_.port()));
        ASSERT_TRUE(waiting.back()->is_open()) << "refused";
        ASSERT_TRUE(waiting.back()->send(get));
    }
    gateway = start({public_.descriptor()});
    for (const auto& client : waiting) EXPECT_EQ(client->read_reply().status, 200);
}

TEST_F(Handover, UnderLoadNotOneConnectionIsRefusedAndNotOneRequestFails) {
    auto gateway = start({public_.descriptor()});
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) clients.emplace_back([this] { persist(); });
    for (int i = 0; i < 8; ++i) clients.emplace_back([this] { reconnect(); });
    for (int upgrade = 0; upgrade < 5; ++upgrade) {
        wait_for_more(300);
        gateway->process().signal(SIGTERM);
        EXPECT_EQ(gateway->process().wait(), 0);
        gateway = start({public_.descriptor()});
    }
    wait_for_more(300);
    enough_ = true;
    for (auto& client : clients) client.join();
    EXPECT_EQ(refused_, 0);
    EXPECT_EQ(failed_, 0);
    EXPECT_EQ(upstream_.requests().size(), static_cast<std::size_t>(served_));
}

// A supervisor that starts the next before it ends the one before.
TEST_F(Handover, TwoMayServeOnOneSocketForAWhile) {
    auto before = start({public_.descriptor()});
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) clients.emplace_back([this] { persist(); });
    for (int i = 0; i < 4; ++i) clients.emplace_back([this] { reconnect(); });
    for (int upgrade = 0; upgrade < 3; ++upgrade) {
        auto after = start({public_.descriptor()});
        wait_for_more(100);
        before->process().signal(SIGTERM);
        EXPECT_EQ(before->process().wait(), 0);
        before = std::move(after);
    }
    wait_for_more(100);
    enough_ = true;
    for (auto& client : clients) client.join();
    EXPECT_EQ(refused_, 0);
    EXPECT_EQ(failed_, 0);
}

TEST_F(Handover, WhatNobodyWouldAcceptFromIsAnErrorAtTheStart) {
    const TemporaryFolder folder;
    const KeptSocket stranger;
    const KeptSocket datagrams(SOCK_DGRAM);
    const struct {
        const KeptSocket& passed;
        std::string message;
    } cases[] = {{stranger, "passed a socket on " + stranger.address()},
                 {datagrams, "is no stream socket"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.message);
        const std::string file = folder.write("gateway.yaml", configuration("127.0.0.1:0"));
        const Outcome outcome =
            run({BEARERGATE_BINARY, "run", "-c", file}, {.listeners = {c.passed.descriptor()}});
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.output, "");
        EXPECT_THAT(outcome.errors, HasSubstr(c.message));
    }
}

}  // namespace
}  // namespace bearergate::test
