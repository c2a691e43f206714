// What must go on without memory: a timer, a call onto a loop, accepting.
#include <bearergate/net/alarm.hpp>
#include <bearergate/net/buzzer.hpp>
#include <bearergate/net/deadline.hpp>
#include <bearergate/net/doorbell.hpp>
#include <bearergate/net/listener.hpp>
#include <bearergate/net/resolver.hpp>

#include "net/support.hpp"
#include "support/gate.hpp"
#include "support/starvation.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::net {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using bearergate::test::Starvation;

class AlarmTest : public testing::Test {
protected:
    // Without memory, which testing itself would need.
    static bool starve_until(boost::asio::io_context& io, const bool& so) {
        const Starvation nothing_left(1);
        const auto end = Clock::now() + 10s;
        while (!so && Clock::now() < end) {
            try {
                io.restart();
                io.run_one_for(10ms);
            } catch (const std::bad_alloc&) {
                // It is run again.
            }
        }
        return so;
    }
    boost::asio::io_context io_{1};
};

TEST_F(AlarmTest, RingsOnceWhenItsTimeIsOver) {
    int rung = 0;
    Alarm alarm(io_, [&] { ++rung; });
    const auto began = Clock::now();
    alarm.set(20ms);
    io_.run();
    EXPECT_EQ(rung, 1) << "and nothing is waited for any more";
    EXPECT_GE(Clock::now() - began, 20ms);
    alarm.set(0ms);
    io_.restart();
    io_.run();
    EXPECT_EQ(rung, 2) << "no time at all is not never";
}

TEST_F(AlarmTest, OnlyTheTimeThatWasSetLastCounts) {
    int rung = 0;
    Alarm alarm(io_, [&] { ++rung; });
    alarm.set(1h);
    alarm.set(1ms);
    io_.run();
    EXPECT_EQ(rung, 1);
    alarm.set(1ms);
    alarm.clear();
    io_.restart();
    io_.run();
    EXPECT_EQ(rung, 1);
    alarm.set(0ms);
    std::this_thread::sleep_for(2ms);  // it is over, and has not rung yet
    const auto began = Clock::now();
    alarm.set(30ms);
    io_.restart();
    io_.run();
    EXPECT_EQ(rung, 2);
    EXPECT_GE(Clock::now() - began, 30ms);
}

TEST_F(AlarmTest, MayBeSetOrDestroyedWhenItRings) {
    std::unique_ptr<Alarm> alarm;
    int rung = 0;
    alarm = std::make_unique<Alarm>(io_, [&] {
        if (++rung < 3) return alarm->set(1ms);
        alarm.reset();
    });
    alarm->set(1ms);
    io_.run();
    EXPECT_EQ(rung, 3);
}

TEST_F(AlarmTest, RingsWithoutMemory) {
    int rung = 0;
    bool is_over = false;
    std::unique_ptr<Alarm> alarm;
    alarm = std::make_unique<Alarm>(io_, [&] {
        alarm->set(1ms);
        is_over = ++rung == 5;
        if (rung % 2 == 1) throw std::bad_alloc();
    });
    alarm->set(1ms);
    EXPECT_TRUE(starve_until(io_, is_over));
}

TEST_F(AlarmTest, ASweepGoesOnWithoutMemory) {
    DeadlineSweep sweep(io_, 1ms);
    Signal signal;
    Deadline deadline(signal, 1);
    sweep.add(deadline);
    sweep.start();
    for (int times = 0; times < 3; ++times) {
        signal.clear(1);
        deadline.set(sweep.now() + 3ms);
        bool is_over = false;
        Alarm end(io_, [&] { is_over = true; });
        end.set(20ms);
        EXPECT_TRUE(starve_until(io_, is_over));
        EXPECT_EQ(signal.raised(), 1U);
    }
}

TEST_F(AlarmTest, ADoorbellIsAnsweredOnceForAllWhoRangBefore) {
    int answered = 0;
    Doorbell bell(io_, [&] { ++answered; });
    {
        const Starvation nothing_left(1);
        for (int times = 0; times < 3; ++times) bell.ring();
        io_.run();
    }
    EXPECT_EQ(answered, 1);
    std::thread other([&] { bell.ring(); });
    other.join();
    io_.restart();
    io_.run();
    EXPECT_EQ(answered, 2);
}

TEST_F(AlarmTest, ADoorbellThatIsGoneIsNotAnswered) {
    int answered = 0;
    auto bell = std::make_unique<Doorbell>(io_, [&] { ++answered; });
    bell->ring();
    bell.reset();
    io_.run();
    EXPECT_EQ(answered, 0);
}

TEST_F(AlarmTest, ABuzzerIsAnsweredOnceForAllWhoRangBefore) {
    int answered = 0;
    bool is_over = false;
    Buzzer bell(io_, [&] { ++answered; });
    Alarm end(io_, [&] { is_over = true; });
    end.set(20ms);
    for (int times = 0; times < 3; ++times) bell.ring();
    EXPECT_TRUE(starve_until(io_, is_over)) << "it needs no memory";
    EXPECT_EQ(answered, 1);
    std::thread other([&] { bell.ring(); });
    EXPECT_TRUE(test::run_until(io_, [&] { return answered == 2; }));
    other.join();
}

TEST_F(AlarmTest, ABuzzerThatIsRungWhileItIsAnsweredIsAnsweredAgain) {
    int answered = 0;
    std::unique_ptr<Buzzer> bell;
    bell = std::make_unique<Buzzer>(io_, [&] {
        if (++answered < 3) bell->ring();
    });
    bell->ring();
    EXPECT_TRUE(test::run_until(io_, [&] { return answered == 3; }));
    bell.reset();
    io_.run();  // it was all that the loop had to wait for
    EXPECT_EQ(answered, 3);
}

TEST_F(AlarmTest, ABuzzerThatIsGoneIsNotAnswered) {
    int answered = 0;
    auto bell = std::make_unique<Buzzer>(io_, [&] { ++answered; });
    bell->ring();
    bell.reset();
    io_.run();
    EXPECT_EQ(answered, 0);
}

TEST_F(AlarmTest, AcceptingGoesOnWhenThereIsMemoryAgain) {
    const int descriptor = bind_listener({.text = "test", .host = "127.0.0.1"}, false);
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
    int accepted = 0;
    Listener listener(io_, descriptor, [] { return true; }, [&](const Socket&) { ++accepted; });
    listener.start();
    const auto visit = [&] {
        const int visitor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::connect(visitor, reinterpret_cast<sockaddr*>(&address), size), 0);
        return visitor;
    };
    for (int times = 1; times <= 3; ++times) {
        const int lost = visit();
        bool is_over = false;
        Alarm end(io_, [&] { is_over = true; });
        end.set(30ms);
        EXPECT_TRUE(starve_until(io_, is_over));
        const int served = visit();
        const int before = accepted;
        test::run_until(io_, [&] { return accepted > before; });
        ::close(lost);
        ::close(served);
    }
}

TEST_F(AlarmTest, WhoeverAskedForANameIsToldAndTheNextOneFindsIt) {
    // Shared with the resolver's threads, which nobody waits for.
    const auto gate = std::make_shared<bearergate::test::Gate>();
    Resolver resolver(io_, [gate](const std::string& host) {
        if (host == "first.test") gate->wait();
        return std::vector{boost::asio::ip::make_address("192.0.2.1")};
    });
    std::optional<std::vector<Endpoint>> found;
    bool is_told = false;
    resolver.resolve({.host = "first.test", .port = 80}, [&](std::vector<Endpoint> all) {
        found = std::move(all);
        is_told = true;
    });
    Alarm by_then_there_is_no_memory(io_, [&] { gate->open(); });
    by_then_there_is_no_memory.set(0ms);
    EXPECT_TRUE(starve_until(io_, is_told));
    EXPECT_TRUE(found->empty());
    for (const char* host : {"first.test", "second.test"}) {
        found.reset();
        resolver.resolve({.host = host, .port = 80},
                         [&](std::vector<Endpoint> all) { found = std::move(all); });
        test::run_until(io_, [&] { return found.has_value(); });
        EXPECT_EQ(found->size(), 1U) << host;
    }
}

}  // namespace
}  // namespace bearergate::net
