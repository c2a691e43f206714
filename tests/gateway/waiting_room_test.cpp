#include <bearergate/gateway/waiting_room.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

namespace bearergate::gateway {
namespace {

TokenName name(std::uint8_t which, std::uint64_t generation = 1) {
    TokenName made{.generation = generation};
    made.digest.fill(which);
    return made;
}

TEST(WaitingRoom, OneTokenIsOnePlaceHoweverOftenItComes) {
    WaitingRoom room(1'000'000);
    WaitingToken& token = room.enter(name(1), "text");
    EXPECT_EQ(token.text, "text");
    EXPECT_EQ(&room.enter(name(1), "text"), &token);
    EXPECT_NE(&room.enter(name(2), "other"), &token);
    EXPECT_NE(&room.enter(name(1, 2), "text"), &token);  // of another policy
    room.leave(room.find(name(1)));
    EXPECT_EQ(room.find(name(1)), room.end());
    EXPECT_NE(room.find(name(1, 2)), room.end());
    EXPECT_FALSE(room.empty());
}

TEST(WaitingRoom, IsBoundedByWhatItsTokensTakeInMemory) {
    const std::string token(1'000, 'x');
    WaitingRoom room(5 * (token.size() + sizeof(WaitingRoom::Tokens::value_type) + 48));
    std::uint8_t count = 0;
    while (room.has_room_for(token)) room.enter(name(count++), token);
    EXPECT_EQ(count, 5);
    room.enter(name(0), token);  // is there already: takes nothing
    room.leave(room.find(name(0)));
    EXPECT_TRUE(room.has_room_for(token));
    EXPECT_FALSE(room.has_room_for(token + "x"));
    room.enter(name(0), token);
    EXPECT_FALSE(room.has_room_for(""));
    while (!room.empty()) room.leave(room.begin());
    EXPECT_TRUE(room.has_room_for(std::string(5'000, 'x')));
}

TEST(WaitingRoom, CountsWhoWaitsAndForgetsWhoIsGone) {
    WaitingRoom room(1'000'000);
    net::Signal signal;
    VerdictWaiter first(signal, 1);
    room.enter(name(1), "a").waiters.push_back(first);
    {
        VerdictWaiter second(signal, 1);
        room.enter(name(2), "b").waiters.push_back(second);
        EXPECT_EQ(room.waiters(), 2U);
    }
    EXPECT_EQ(room.waiters(), 1U);
    first.answer(std::unexpected(core::Reason::key_unknown));
    EXPECT_EQ(room.waiters(), 0U);
    EXPECT_FALSE(room.empty());
}

TEST(Deliveries, EverybodyGetsTheVerdictOfTheirTokenOnce) {
    net::Signal signal;
    std::array waiters{std::make_unique<VerdictWaiter>(signal, 1U),
                       std::make_unique<VerdictWaiter>(signal, 2U),
                       std::make_unique<VerdictWaiter>(signal, 4U)};
    Waiters good;
    good.push_back(*waiters[0]);
    good.push_back(*waiters[1]);
    Waiters bad;
    bad.push_back(*waiters[2]);
    const TokenPtr token = std::make_shared<const core::VerifiedToken>();
    Deliveries deliveries;
    deliveries.add(std::move(good), token);
    deliveries.add(std::move(bad), std::unexpected(core::Reason::signature_invalid));
    deliveries.add(Waiters{}, token);
    EXPECT_EQ(signal.raised(), 0U);  // not before the room was looked through
    deliveries.deliver();
    EXPECT_EQ(signal.raised(), 7U);
    for (const std::size_t i : {0U, 1U}) {
        const auto verdict = waiters[i]->take();
        ASSERT_TRUE(verdict);
        EXPECT_EQ(verdict->value(), token);
        EXPECT_FALSE(waiters[i]->take());
    }
    EXPECT_EQ(waiters[2]->take()->error(), core::Reason::signature_invalid);
}

TEST(Deliveries, WhoVanishesBeforeItsTurnIsPassedOver) {
    net::Signal signal;
    auto gone = std::make_unique<VerdictWaiter>(signal, 1U);
    VerdictWaiter stays(signal, 2);
    Waiters waiters;
    waiters.push_back(*gone);
    waiters.push_back(stays);
    Deliveries deliveries;
    deliveries.add(std::move(waiters), std::unexpected(core::Reason::overloaded));
    gone.reset();
    deliveries.deliver();
    EXPECT_EQ(signal.raised(), 2U);
    EXPECT_TRUE(stays.take());
}

}  // namespace
}  // namespace bearergate::gateway
