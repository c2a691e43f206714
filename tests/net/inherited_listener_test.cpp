#include <bearergate/net/inherited_listener.hpp>

#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bearergate::net {
namespace {

using testing::HasSubstr;

constexpr int first = 700;
constexpr pid_t self = 4711;

// Puts descriptors where a handover says they are, and takes away what is left of them.
class InheritedListeners : public testing::Test {
protected:
    ~InheritedListeners() override {
        for (int descriptor = first; descriptor < first + count_; ++descriptor) {
            ::close(descriptor);
        }
    }
    int pass(int descriptor) {
        ::dup2(descriptor, first + count_);
        ::close(descriptor);
        return first + count_++;
    }
    Handover handover(const std::string& names = "") const {
        return {.process = std::to_string(self),
                .descriptors = std::to_string(count_),
                .names = names,
                .first = first};
    }
    static bool has_ipv6() {
        try {
            ::close(plain_listener(AF_INET6));
            return true;
        } catch (const std::runtime_error&) {
            return false;
        }
    }
    // As systemd opens them: plain, without any of our options.
    static int plain_listener(int family = AF_INET, int type = SOCK_STREAM) {
        const int made = ::socket(family, type, 0);
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_addr = in6addr_loopback;
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const bool is_six = family == AF_INET6;
        const int bound = ::bind(made,
                                 is_six ? reinterpret_cast<const sockaddr*>(&six)
                                        : reinterpret_cast<const sockaddr*>(&four),
                                 is_six ? sizeof six : sizeof four);
        if (bound != 0) {
            ::close(made);
            throw std::runtime_error("cannot bind");
        }
        ::listen(made, 16);
        return made;
    }
    static int option(int descriptor, int level, int which) {
        int value = -1;
        socklen_t size = sizeof value;
        ::getsockopt(descriptor, level, which, &value, &size);
        return value;
    }

    int count_ = 0;
};

TEST_F(InheritedListeners, AreNoneWithoutAHandover) {
    EXPECT_TRUE(inherited_listeners({}, self).empty());
    EXPECT_TRUE(inherited_listeners({.descriptors = "1"}, self).empty());
    EXPECT_TRUE(inherited_listeners({.process = std::to_string(self)}, self).empty());
    EXPECT_TRUE(
        inherited_listeners({.process = std::to_string(self), .descriptors = "0"}, self).empty());
}

TEST_F(InheritedListeners, ThatAreForAnotherProcessStayUntouched) {
    pass(plain_listener());
    EXPECT_TRUE(inherited_listeners(handover(), self + 1).empty());
    EXPECT_EQ(::fcntl(first, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(InheritedListeners, AreTakenInOrderWithNameAndAddress) {
    if (!has_ipv6()) GTEST_SKIP() << "SKIPPED: no IPv6 loopback here";
    test::TemporaryFolder folder;
    const std::string path = folder.file("gateway.sock");
    const int four = pass(plain_listener());
    const int six = pass(plain_listener(AF_INET6));
    const int local = pass(bind_listener({.text = path, .is_unix = true, .path = path}, true));
    const auto all = inherited_listeners(handover("public:other"), self);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].descriptor, four);
    EXPECT_EQ(all[0].name, "public");
    EXPECT_EQ(all[0].address, "127.0.0.1:" + std::to_string(local_port(four)));
    EXPECT_EQ(all[1].name, "other");
    EXPECT_EQ(all[1].address, "[::1]:" + std::to_string(local_port(six)));
    EXPECT_EQ(all[2].descriptor, local);
    EXPECT_EQ(all[2].name, "unknown");
    EXPECT_EQ(all[2].address, "unix:" + path);
}

TEST_F(InheritedListeners, AreMadeWhatOurOwnAre) {
    for (const int family : {AF_INET, AF_INET6}) {
        if (family == AF_INET6 && !has_ipv6()) continue;
        const int passed = pass(plain_listener(family));
        ASSERT_FALSE(inherited_listeners(handover(), self).empty());
        EXPECT_NE(::fcntl(passed, F_GETFL) & O_NONBLOCK, 0) << "an accept would stop a worker";
        EXPECT_NE(::fcntl(passed, F_GETFD) & FD_CLOEXEC, 0);
        EXPECT_EQ(option(passed, IPPROTO_TCP, TCP_NODELAY), 1);
        EXPECT_EQ(option(passed, SOL_SOCKET, SO_KEEPALIVE), 1);
    }
}

TEST_F(InheritedListeners, ThatAreAnythingElseAreRefusedByName) {
    const auto unbound = [](int family, int type) { return ::socket(family, type, 0); };
    const auto pair = [] {
        int ends[2] = {-1, -1};
        ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
        ::close(ends[1]);
        return ends[0];
    };
    const struct {
        const char* fault;
        std::function<int()> make;
    } cases[] = {
        {"is no socket", [] { return ::open("/dev/null", O_RDONLY); }},
        {"is no stream socket", [] { return plain_listener(AF_INET, SOCK_DGRAM); }},
        {"is no stream socket", [&] { return unbound(AF_UNIX, SOCK_SEQPACKET); }},
        {"does not listen", [&] { return unbound(AF_INET, SOCK_STREAM); }},
        {"does not listen", pair},
        {"is not open", [] { return -1; }},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.fault);
        const int stranger = c.make();
        ::close(first);
        count_ = 1;
        if (stranger >= 0) {
            ::dup2(stranger, first);
            ::close(stranger);
        }
        try {
            inherited_listeners(handover("wrong.socket"), self);
            ADD_FAILURE() << "was taken";
        } catch (const std::runtime_error& error) {
            EXPECT_THAT(error.what(), HasSubstr("\"wrong.socket\" " + std::string(c.fault)));
        }
    }
}

TEST_F(InheritedListeners, OfAHandoverThatMakesNoSenseAreAnError) {
    const struct {
        const char* process;
        const char* descriptors;
    } cases[] = {
        {"", "1"},      {"x", "1"},     {"-1", "1"},    {"4711x", "1"},          {"4711", ""},
        {"4711", "-1"}, {"4711", "1x"}, {"4711", " 1"}, {"4711", "99999999999"}, {"4711", "1025"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.process) + "/" + c.descriptors);
        const Handover senseless{
            .process = c.process, .descriptors = c.descriptors, .first = first};
        EXPECT_THROW(inherited_listeners(senseless, self), std::runtime_error);
    }
}

TEST_F(InheritedListeners, AreFoundByTheVeryAddress) {
    const int four = pass(plain_listener());
    const std::uint16_t port = local_port(four);
    auto all = inherited_listeners(handover(), self);
    const ListenAddress others[] = {
        {.text = "another port", .host = "127.0.0.1", .port = static_cast<std::uint16_t>(port ^ 1)},
        {.text = "another address", .host = "127.0.0.2", .port = port},
        {.text = "every address", .host = "0.0.0.0", .port = port},
        {.text = "of the other family", .host = "::1", .port = port},
        {.text = "a port of the system's choosing", .host = "127.0.0.1", .port = 0},
        {.text = "a path", .is_unix = true, .path = "/127.0.0.1:" + std::to_string(port)}};
    for (const ListenAddress& other : others) {
        EXPECT_FALSE(take_one_on(other, all)) << other.text;
    }
    const ListenAddress same{.text = "it", .host = "127.0.0.1", .port = port};
    EXPECT_EQ(take_one_on(same, all), four);
    EXPECT_FALSE(take_one_on(same, all));
    EXPECT_TRUE(all.empty());
}

TEST_F(InheritedListeners, AreFoundHoweverTheConfigurationSpellsTheirAddress) {
    if (!has_ipv6()) GTEST_SKIP() << "SKIPPED: no IPv6 loopback here";
    const int six = pass(plain_listener(AF_INET6));
    auto all = inherited_listeners(handover(), self);
    EXPECT_EQ(take_one_on({.text = "it", .host = "0:0:0:0:0:0:0:1", .port = local_port(six)}, all),
              six);
}

TEST_F(InheritedListeners, OfAnAbstractNameAreNoFile) {
    const int made = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const sockaddr nameless{.sa_family = AF_UNIX, .sa_data = {}};
    ASSERT_EQ(::bind(made, &nameless, sizeof nameless.sa_family), 0);  // the kernel chooses a name
    ASSERT_EQ(::listen(made, 1), 0);
    pass(made);
    EXPECT_THAT(inherited_listeners(handover(), self).front().address,
                testing::StartsWith("unix:@"));
}

TEST(TakeHandover, LeavesNothingInTheEnvironment) {
    ::setenv("LISTEN_PID", "12", 1);
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_FDNAMES", "a:b", 1);
    ::setenv("LISTEN_PIDFDID", "7", 1);
    const Handover handover = take_handover();
    EXPECT_EQ(handover.process, "12");
    EXPECT_EQ(handover.descriptors, "2");
    EXPECT_EQ(handover.names, "a:b");
    EXPECT_EQ(handover.first, 3);
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"}) {
        EXPECT_EQ(std::getenv(name), nullptr) << name;
    }
    EXPECT_FALSE(take_handover().process);
}

}  // namespace
}  // namespace bearergate::net
