// What sessions put off until everything that was ready has been looked at.
#include <bearergate/net/task.hpp>
#include <bearergate/net/turn.hpp>

#include "net/support.hpp"

#include <boost/asio/post.hpp>

#include <memory>
#include <optional>
#include <string>

namespace bearergate::net {
namespace {

struct TurnTest : testing::Test {
    boost::asio::io_context io{1};
    std::optional<Turns> turns{io};
    std::string order{};

    // Takes a seat and notes down its name when its turn has come.
    Task<void> waits_its_turn(Signal& signal, char name) {
        TurnSeat seat(signal, 1);
        turns->take(seat);
        co_await signal.any(1);
        order += name;
    }
    void spawn_one(Signal& signal, char name) {
        spawn(waits_its_turn(signal, name), [](std::exception_ptr) {});
    }
    void note(char name) {
        boost::asio::post(io, [this, name] { order += name; });
    }
};

TEST_F(TurnTest, ComesAfterEverythingThatWasReady) {
    Signal first;
    note('1');
    boost::asio::post(io, [&] { spawn_one(first, 'T'); });
    note('2');
    note('3');
    io.run();
    EXPECT_EQ(order, "123T");
}

TEST_F(TurnTest, ServesAllInTheOrderTheyCame) {
    Signal a, b, c;
    spawn_one(a, 'a');
    spawn_one(b, 'b');
    spawn_one(c, 'c');
    EXPECT_EQ(order, "") << "not before the loop has had a look around";
    io.run_one();
    EXPECT_EQ(order, "abc") << "in one turn";
}

TEST_F(TurnTest, PassesOverWhoHasGone) {
    Signal stays, goes;
    auto seat = std::make_unique<TurnSeat>(goes, 1);
    turns->take(*seat);
    spawn_one(stays, 's');
    seat.reset();
    io.run();
    EXPECT_EQ(order, "s");
    EXPECT_EQ(goes.raised(), 0U);
}

TEST_F(TurnTest, MayEndTheSeatOfWhoComesNext) {
    Signal first, next;
    auto seat = std::make_unique<TurnSeat>(next, 1);
    const auto ends_the_next = [&]() -> Task<void> {
        TurnSeat own(first, 1);
        turns->take(own);
        turns->take(*seat);
        co_await first.any(1);
        seat.reset();
    };
    spawn(ends_the_next(), [](std::exception_ptr) {});
    io.run();
    EXPECT_EQ(next.raised(), 0U);
}

TEST_F(TurnTest, WhoComesInATurnWaitsForTheNext) {
    Signal once, again;
    const auto twice = [&]() -> Task<void> {
        co_await waits_its_turn(once, '1');
        note('-');
        co_await waits_its_turn(again, '2');
    };
    spawn(twice(), [](std::exception_ptr) {});
    io.run();
    EXPECT_EQ(order, "1-2");
}

TEST_F(TurnTest, NobodyIsServedOnceItIsOver) {
    Signal signal;
    TurnSeat seat(signal, 1);
    turns->take(seat);
    turns.reset();
    io.run();
    EXPECT_EQ(signal.raised(), 0U);
}

}  // namespace
}  // namespace bearergate::net
