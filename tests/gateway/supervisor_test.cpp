#include <bearergate/gateway/supervisor.hpp>

#include "support/notify_socket.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <string>

namespace bearergate::gateway {
namespace {

using namespace std::chrono_literals;

TEST(Supervisor, IsToldByPathAndByAbstractName) {
    const test::TemporaryFolder folder;
    const std::string abstract = "@bearergate-supervisor-test-" + std::to_string(::getpid());
    for (const std::string& address : {folder.file("notify"), abstract}) {
        SCOPED_TRACE(address);
        test::NotifySocket socket(address);
        Supervisor supervisor(address);
        EXPECT_TRUE(supervisor.listens());
        EXPECT_TRUE(supervisor.ready("Serving"));
        EXPECT_EQ(socket.next(), "READY=1\nSTATUS=Serving\n");
        EXPECT_TRUE(supervisor.stopping("Draining", 35s));
        EXPECT_EQ(socket.next(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000\nSTATUS=Draining\n");
    }
}

TEST(Supervisor, HearsWhenAReloadBegan) {
    const test::TemporaryFolder folder;
    test::NotifySocket socket(folder.file("notify"));
    Supervisor supervisor(socket.address());
    timespec before{};
    ::clock_gettime(CLOCK_MONOTONIC, &before);
    EXPECT_TRUE(supervisor.reloading("Reloading"));
    timespec after{};
    ::clock_gettime(CLOCK_MONOTONIC, &after);
    const std::string message = socket.next();
    const std::string begin = "RELOADING=1\nMONOTONIC_USEC=";
    ASSERT_TRUE(message.starts_with(begin)) << message;
    long time = 0;
    std::from_chars(message.data() + begin.size(), message.data() + message.size(), time);
    EXPECT_GE(time, before.tv_sec * 1'000'000 + before.tv_nsec / 1000);
    EXPECT_LE(time, after.tv_sec * 1'000'000 + after.tv_nsec / 1000);
    EXPECT_TRUE(message.ends_with("\nSTATUS=Reloading\n"));
}

TEST(Supervisor, HearsEachStatusOnce) {
    const test::TemporaryFolder folder;
    test::NotifySocket socket(folder.file("notify"));
    Supervisor supervisor(socket.address());
    supervisor.ready("Serving");
    supervisor.status("Serving");
    supervisor.status("Serving; no keys");
    supervisor.status("Serving; no keys");
    supervisor.status("Serving");
    EXPECT_EQ(socket.next(), "READY=1\nSTATUS=Serving\n");
    EXPECT_EQ(socket.next(), "STATUS=Serving; no keys\n");
    EXPECT_EQ(socket.next(), "STATUS=Serving\n");
    EXPECT_EQ(socket.next(0ms), "");
}

// A line of its own would be a message of its own: to the service manager, "MAINPID=1" means it.
TEST(Supervisor, AStatusIsOneLineWhateverIsInIt) {
    const test::TemporaryFolder folder;
    test::NotifySocket socket(folder.file("notify"));
    Supervisor supervisor(socket.address());
    supervisor.status("no keys of a\nMAINPID=1\r\x7f");
    EXPECT_EQ(socket.next(), "STATUS=no keys of a MAINPID=1  \n");
}

TEST(Supervisor, ThatIsNotThereIsNoTrouble) {
    Supervisor nobody;
    EXPECT_FALSE(nobody.listens());
    EXPECT_TRUE(nobody.ready("Serving"));
    const test::TemporaryFolder folder;
    const std::string too_long = "/" + std::string(200, 'x');
    for (const std::string& address :
         {folder.file("absent"), std::string("relative"), std::string("vsock:2:1"), too_long}) {
        SCOPED_TRACE(address);
        Supervisor supervisor(address);
        EXPECT_TRUE(supervisor.listens());
        EXPECT_FALSE(supervisor.ready("Serving"));
    }
}

TEST(Supervisor, ThatDoesNotReadKeepsNobodyWaitingForLong) {
    const test::TemporaryFolder folder;
    test::NotifySocket socket(folder.file("notify"));
    Supervisor supervisor(socket.address());
    int delivered = 0;
    while (supervisor.ready("Serving")) ASSERT_LT(++delivered, 100'000);
    EXPECT_GT(delivered, 0);
}

TEST(TakeNotifySocket, LeavesNothingInTheEnvironment) {
    ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
    EXPECT_EQ(take_notify_socket(), "/run/notify");
    EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
    EXPECT_EQ(take_notify_socket(), "");
}

}  // namespace
}  // namespace bearergate::gateway
