// `bearergate run`, the real binary: how it starts, drains and stays alive.

#include <bearergate/net/http_server.hpp>

#include "support/free_port.hpp"
#include "support/http_client.hpp"
#include "support/loop.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace bearergate::test {
namespace {

using testing::HasSubstr;

class RunCommand : public testing::Test {
protected:
    RunCommand() {
        upstream_ = std::make_unique<net::HttpServer>(
            loop_.io(), net::ListenAddress{.text = "127.0.0.1:0", .host = "127.0.0.1"},
            net::HttpServer::Limits{},
            [this](const net::HttpQuestion& question, net::HttpServer::Answer give) {
                if (question.path() != "/slow") return give({.body = "from upstream"});
                held_ = std::move(give);
                holding_.set_value();
            });
        upstream_->start();
        loop_.start();
    }
    ~RunCommand() override { loop_.stop(); }

    std::string configuration(const std::string& listen = "127.0.0.1:0",
                              const std::string& admin = "off") const {
        return "server: { listen: \"" + listen + "\", workers: 2 }\n" +  //
               "admin: { listen: \"" + admin + "\" }\n" +                //
               "issuers: { dev: { issuer: https://dev.example, jwks_file: keys.json } }\n" +
               "audience: https://api.example\n" +
               "upstream: http://127.0.0.1:" + std::to_string(upstream_->port()) + "\n" +
               "routes:\n  GET /open: public\n  GET /slow: public\n  GET /items: authenticated\n";
    }
    std::vector<std::string> command(const std::string& text) const {
        folder_.write("keys.json", R"({"keys":[]})");
        return {BEARERGATE_BINARY, "run", "-c", folder_.write("gateway.yaml", text)};
    }
    // The port of the first line that says where it listens.
    static std::uint16_t port_of(Process& gateway) {
        if (!gateway.wait_for_output("\"listening\"")) return 0;
        if (!gateway.wait_for_output("127.0.0.1:")) return 0;
        const std::string& output = gateway.output();
        const std::size_t line = output.find("\"listening\"");
        constexpr std::string_view before = "127.0.0.1:";
        std::size_t start = output.find(before, line);
        if (start == std::string::npos) return 0;
        start += before.size();
        std::uint16_t port = 0;
        std::from_chars(output.data() + start, output.data() + output.size(), port);
        return port;
    }
    static bool comes_up(std::uint16_t port) {
        for (int tries = 0; tries < 500; ++tries) {
            if (ask(port, {.target = "/open"}).status == 200) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return false;
    }

    TemporaryFolder folder_{};
    Loop loop_{};
    net::HttpServer::Answer held_{};
    std::promise<void> holding_{};
    std::unique_ptr<net::HttpServer> upstream_{};
};

// Starting programs is denied by a filter, where the build has libseccomp; what it denies is for
// process_test to say.
TEST_F(RunCommand, ServesWithNothingThatItDoesNotNeed) {
    Process gateway(command(configuration()));
    ASSERT_NE(port_of(gateway), 0);
    std::ifstream file("/proc/" + std::to_string(gateway.pid()) + "/status");
    std::string status((std::istreambuf_iterator<char>(file)), {});
    EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
#ifdef BEARERGATE_SECCOMP
    EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
    EXPECT_THAT(gateway.output(), testing::Not(HasSubstr("\"missing\"")));
#else
    EXPECT_TRUE(gateway.wait_for_output("built without libseccomp"));
#endif
}

#ifdef BEARERGATE_SECCOMP
// As a container runtime might: the call that would set a filter is itself filtered. That is so for
// one thread and for what it starts.
bool forbid_filters() {
    std::array filter{sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
                      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{.len = filter.size(), .filter = filter.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(RunCommand, SaysWhichProtectionItCouldNotHaveAndServes) {
    std::thread confined([this] {
        ASSERT_TRUE(forbid_filters());
        Process gateway(command(configuration()));
        const std::uint16_t port = port_of(gateway);
        EXPECT_TRUE(gateway.wait_for_output("a filter that denies system calls"));
        EXPECT_EQ(ask(port, {.target = "/open"}).status, 200);
    });
    confined.join();
}
#endif

TEST_F(RunCommand, WhatCannotServeIsTwoWithoutALineOfLog) {
    const std::string taken = "127.0.0.1:" + std::to_string(upstream_->port());
    const std::string good = configuration();
    std::string no_certificate = good;
    no_certificate.replace(no_certificate.find("workers: 2"), 10,
                           "workers: 2, tls: { certificate: no.crt, private_key: no.key }");
    const struct {
        const char* name;
        std::string configuration;
        const char* message;
    } cases[] = {
        {"an empty file", "", "gateway.yaml"},
        {"nonsense", "routes: [\n", "gateway.yaml:"},
        {"an unknown key", good + "rotues: {}\n", "rotues"},
        {"an address in use", configuration(taken), "cannot listen on 127.0.0.1:"},
        {"the admin address in use", configuration("127.0.0.1:0", taken), "cannot listen on"},
        {"no such certificate", no_certificate, "no.crt"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const Outcome outcome = run(command(c.configuration));
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.output, "");
        EXPECT_THAT(outcome.errors, HasSubstr(c.message));
    }
    EXPECT_EQ(run({BEARERGATE_BINARY, "run"}).code, 2);
    EXPECT_EQ(run({BEARERGATE_BINARY, "run", "-c", folder_.file("absent.yaml")}).code, 2);
}

TEST_F(RunCommand, FewDescriptorsMeanFewerClientsAndNoFailures) {
    std::vector<std::string> poor = command(configuration());
    poor.insert(poor.begin(), {"/bin/sh", "-c", "ulimit -n 100; exec \"$0\" \"$@\""});
    Process gateway(poor);
    const std::uint16_t port = port_of(gateway);
    ASSERT_NE(port, 0) << gateway.errors();
    EXPECT_TRUE(gateway.wait_for_output("fewer connections than configured"));
    std::vector<std::unique_ptr<Connection>> clients;
    for (int i = 0; i < 120; ++i) {
        clients.push_back(std::make_unique<Connection>(port));
        ASSERT_TRUE(clients.back()->send("GET /open HTTP/1.1\r\nHost: x\r\n\r\n"));
        ASSERT_EQ(clients.back()->read_reply().status, 200) << i;
    }
    EXPECT_TRUE(gateway.wait_for_output("the limit of connections is reached"));
}

TEST_F(RunCommand, ATermSignalFinishesWhatIsInFlight) {
    Process gateway(command(configuration()));
    const std::uint16_t port = port_of(gateway);
    ASSERT_NE(port, 0) << gateway.errors();
    std::optional<Connection> idle(port);
    ASSERT_TRUE(idle->send("GET /open HTTP/1.1\r\nHost: x\r\n\r\n"));
    idle->read_until("from upstream");
    std::optional<Connection> busy(port);
    ASSERT_TRUE(busy->send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    holding_.get_future().wait();

    gateway.signal(SIGTERM);
    EXPECT_EQ(idle->read_all(), "");
    idle.reset();
    EXPECT_FALSE(Connection(port).is_open());
    loop_.on([this] { held_({.body = "whole"}); });
    EXPECT_THAT(busy->read_all(), testing::EndsWith("whole"));
    busy.reset();
    EXPECT_EQ(gateway.wait(), 0) << gateway.errors();
    EXPECT_THAT(gateway.output(), HasSubstr("draining"));
}

TEST_F(RunCommand, ASecondSignalEndsItAtOnce) {
    Process gateway(command(configuration()));
    const std::uint16_t port = port_of(gateway);
    ASSERT_NE(port, 0) << gateway.errors();
    Connection busy(port);
    ASSERT_TRUE(busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    holding_.get_future().wait();
    gateway.signal(SIGINT);
    ASSERT_TRUE(gateway.wait_for_output("draining"));
    gateway.signal(SIGTERM);
    EXPECT_EQ(gateway.wait(std::chrono::seconds(10)), 1);
    EXPECT_EQ(busy.read_all(), "");
}

TEST_F(RunCommand, AHangUpSignalIsNoReasonToEnd) {
    Process gateway(command(configuration()));
    const std::uint16_t port = port_of(gateway);
    ASSERT_NE(port, 0) << gateway.errors();
    gateway.signal(SIGHUP);
    ASSERT_TRUE(gateway.wait_for_output("SIGHUP"));
    EXPECT_EQ(ask(port, {.target = "/open"}).status, 200);
}

TEST_F(RunCommand, AConfigurationThatIsGoneIsNamed) {
    const std::vector<std::string> words = command(configuration());
    Process gateway(words);
    ASSERT_NE(port_of(gateway), 0) << gateway.errors();
    std::filesystem::remove(words.back());
    gateway.signal(SIGHUP);
    ASSERT_TRUE(gateway.wait_for_output("was not reloaded"));
    EXPECT_THAT(gateway.output(),
                HasSubstr("\"message\":\"" + words.back() + ": No such file or directory\"}"));
}

// Whoever opens a pipe waits until somebody writes to it; the control thread has other things to
// do.
TEST_F(RunCommand, APipeInPlaceOfItsConfigurationHoldsNothingUp) {
    Process gateway(command(configuration()));
    const std::uint16_t port = port_of(gateway);
    ASSERT_NE(port, 0) << gateway.errors();
    ASSERT_EQ(::mkfifo(folder_.file("pipe").c_str(), 0600), 0);
    std::filesystem::rename(folder_.file("pipe"), folder_.file("gateway.yaml"));
    EXPECT_TRUE(gateway.wait_for_output("not a regular file"));
    EXPECT_EQ(ask(port, {.target = "/open"}).status, 200);
    gateway.signal(SIGTERM);
    EXPECT_EQ(gateway.wait(), 0);
}

TEST_F(RunCommand, MayStartFromAPipe) {
    std::vector<std::string> words = command(configuration());
    words.back() = folder_.file("pipe");
    ASSERT_EQ(::mkfifo(words.back().c_str(), 0600), 0);
    Process gateway(words);
    std::ofstream(words.back()) << configuration();
    EXPECT_NE(port_of(gateway), 0) << gateway.errors();
}

TEST_F(RunCommand, ServesOnWhenItsLogGoesNowhere) {
    // One of the system's choosing cannot be read off a log that is lost.
    const std::uint16_t port = free_port();
    const std::string listen = "127.0.0.1:" + std::to_string(port);
    Process gateway(command(configuration(listen)), {.output_file = "/dev/full"});
    ASSERT_TRUE(comes_up(port));
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(ask(port, {.target = "/open"}).status, 200);
    }
    gateway.signal(SIGTERM);
    EXPECT_EQ(gateway.wait(), 0);
}

// A socket with the number of standard output would have the log written at it.
TEST_F(RunCommand, NothingOfItsOwnGetsTheNumberOfAClosedOutput) {
    const std::uint16_t port = free_port();
    std::vector<std::string> words = command(configuration("127.0.0.1:" + std::to_string(port)));
    words.insert(words.begin(), {"/bin/sh", "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-"});
    Process gateway(words);
    ASSERT_TRUE(comes_up(port));
    const std::string folder = "/proc/" + std::to_string(gateway.pid()) + "/fd/";
    std::error_code hidden;  // from who is not root, and from root in a container
    static_cast<void>(std::filesystem::read_symlink(folder + "0", hidden));
    if (hidden) GTEST_SKIP() << "SKIPPED: nobody may see what it has open: " << hidden.message();
    for (const char* number : {"0", "1", "2"}) {
        EXPECT_EQ(std::filesystem::read_symlink(folder + number), "/dev/null") << number;
    }
    gateway.signal(SIGTERM);
    EXPECT_EQ(gateway.wait(), 0);
}

TEST_F(RunCommand, ServesOnWhenTheReaderOfItsLogIsGone) {
    auto gateway = std::make_unique<Process>(command(configuration()));
    const std::uint16_t port = port_of(*gateway);
    ASSERT_NE(port, 0) << gateway->errors();
    gateway->stop_reading();
    for (int i = 0; i < 50; ++i) ASSERT_EQ(ask(port, {.target = "/open"}).status, 200);
    gateway->signal(SIGTERM);
    EXPECT_EQ(gateway->wait(), 0);
}

}  // namespace
}  // namespace bearergate::test
