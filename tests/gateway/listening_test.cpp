// Who of the workers accepts from which socket.
#include <bearergate/gateway/listening.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

// Whatever descriptor it goes by.
ino_t socket_of(int descriptor) {
    struct stat found{};
    return ::fstat(descriptor, &found) == 0 ? found.st_ino : 0;
}

config::Address loopback(std::uint16_t port) {
    return {.text = "127.0.0.1:" + std::to_string(port), .host = "127.0.0.1", .port = port};
}

// So many sockets on one port, as a service manager passes them.
std::vector<net::InheritedListener> inherit(std::size_t count, std::uint16_t& port) {
    std::vector<net::InheritedListener> inherited;
    for (std::size_t i = 0; i < count; ++i) {
        const int descriptor =
            net::bind_listener({.text = "test", .host = "127.0.0.1", .port = port}, false);
        port = net::local_port(descriptor);
        inherited.push_back({.descriptor = descriptor,
                             .name = "test",
                             .address = "127.0.0.1:" + std::to_string(port)});
    }
    return inherited;
}

TEST(Listening, EveryInheritedSocketIsAcceptedFromAndNoWorkerIdles) {
    for (const std::size_t sockets : {1U, 2U, 3U, 5U}) {
        for (const std::size_t workers : {1U, 2U, 3U, 4U}) {
            SCOPED_TRACE(std::to_string(sockets) + " sockets, " + std::to_string(workers) +
                         " workers");
            std::uint16_t port = 0;
            std::vector<net::InheritedListener> inherited = inherit(sockets, port);
            std::set<ino_t> passed;
            for (const auto& one : inherited) passed.insert(socket_of(one.descriptor));
            Listening listening({loopback(port)}, workers, inherited);
            EXPECT_TRUE(inherited.empty());
            EXPECT_EQ(listening.ports(), std::vector<std::uint16_t>{port});
            EXPECT_EQ(listening.inherited(), std::vector<bool>{true});
            std::set<ino_t> accepted_from;
            std::set<int> descriptors;
            for (std::size_t worker = 0; worker < workers; ++worker) {
                const std::vector<int> taken = listening.take(worker);
                EXPECT_FALSE(taken.empty()) << "worker " << worker << " has nothing to accept from";
                for (const int descriptor : taken) {
                    accepted_from.insert(socket_of(descriptor));
                    EXPECT_TRUE(descriptors.insert(descriptor).second) << "two would close it";
                }
            }
            EXPECT_EQ(accepted_from, passed);
            for (const int descriptor : descriptors) ::close(descriptor);
        }
    }
}

TEST(Listening, BindsWhatWasNotInheritedAndLeavesWhatIsNotItsOwn) {
    std::uint16_t port = 0;
    std::vector<net::InheritedListener> inherited = inherit(1, port);
    std::uint16_t other = 0;
    inherited.push_back(inherit(1, other).front());
    Listening listening({loopback(0), loopback(port)}, 2, inherited);
    ASSERT_EQ(inherited.size(), 1U);
    EXPECT_EQ(net::local_port(inherited.front().descriptor), other);
    EXPECT_EQ(listening.inherited(), (std::vector<bool>{false, true}));
    EXPECT_NE(listening.ports()[0], port);
    EXPECT_EQ(listening.ports()[1], port);
    std::map<std::uint16_t, std::set<ino_t>> sockets;
    for (std::size_t worker = 0; worker < 2; ++worker) {
        for (const int descriptor : listening.take(worker)) {
            sockets[net::local_port(descriptor)].insert(socket_of(descriptor));
            ::close(descriptor);
        }
    }
    EXPECT_EQ(sockets[listening.ports()[0]].size(), 2U) << "a queue for each worker";
    EXPECT_EQ(sockets[port].size(), 1U) << "one queue for both";
    ::close(inherited.front().descriptor);
}

TEST(Listening, ClosesWhatNobodyTook) {
    std::uint16_t port = 0;
    std::vector<net::InheritedListener> inherited = inherit(1, port);
    const int passed = inherited.front().descriptor;
    {
        const Listening listening({loopback(port)}, 3, inherited);
    }
    EXPECT_EQ(socket_of(passed), 0U);
}

}  // namespace
}  // namespace bearergate::gateway
