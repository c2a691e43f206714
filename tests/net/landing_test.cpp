// Receives into blocks that borrow their memory when there is something to put there.
#include <bearergate/net/landing.hpp>
#include <bearergate/net/stream.hpp>

#include "net/support.hpp"
#include "support/starvation.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

namespace bearergate::net {
namespace {

using Condition = Stream::Condition;
constexpr Signal::Bits received = 1;

class LandingTest : public testing::Test {
protected:
    LandingTest() {
        stream_ = Stream(pair_.take_near(io_));
        stream_.attach(signal_, received, 2);
    }
    // What the receive that stands brings.
    Stream::Received arrival() {
        test::run_until(io_, [&] { return (signal_.raised() & received) != 0; });
        signal_.clear(received);
        return stream_.received().value_or(Stream::Received{.condition = Condition::cancelled});
    }
    std::string_view text(std::size_t bytes) const { return {block_.bytes().data(), bytes}; }

    boost::asio::io_context io_{1};
    test::Pair pair_;
    Signal signal_;
    BufferPool pool_{64};
    BufferPool::Block block_ = pool_.vacant();
    Stream stream_;
};

TEST_F(LandingTest, HowMuchThereIsRoomForIsKnownWithoutMemory) {
    EXPECT_EQ(Landing(block_).size(), 64U);
    EXPECT_EQ(Landing(block_, 60).size(), 4U);
    std::array<char, 10> there{};
    EXPECT_EQ(Landing(std::span<char>(there)).size(), 10U);
    EXPECT_EQ(Landing(std::span<char>(there)).prepare().data(), there.data());
    EXPECT_EQ(Landing().size(), 0U);
    EXPECT_FALSE(block_);
}

TEST_F(LandingTest, AReceiveThatStandsHoldsNoMemoryUntilBytesCome) {
    stream_.start_receive(Landing(block_));
    io_.poll();
    EXPECT_TRUE(stream_.is_quiet());
    EXPECT_FALSE(block_);
    pair_.write("hello");
    EXPECT_EQ(arrival().bytes, 5U);
    ASSERT_TRUE(block_);
    EXPECT_EQ(text(5), "hello");
}

TEST_F(LandingTest, BytesComeBehindThoseThatAreThere) {
    std::memcpy(block_.hold().data(), "hel", 3);
    const char* const where = block_.bytes().data();
    stream_.start_receive(Landing(block_, 3));
    pair_.write("lo");
    EXPECT_EQ(arrival().bytes, 2U);
    EXPECT_EQ(block_.bytes().data(), where);
    EXPECT_EQ(text(5), "hello");
}

TEST_F(LandingTest, WhatIsThereStaysWhereNothingCame) {
    std::memcpy(block_.hold().data(), "hel", 3);
    stream_.start_receive(Landing(block_, 3));
    io_.poll();
    EXPECT_TRUE(block_);
    pair_.close_far();
    EXPECT_EQ(arrival().condition, Condition::ended);
    ASSERT_TRUE(block_);
    EXPECT_EQ(text(3), "hel");
}

TEST_F(LandingTest, NoMoreThanTheRestOfTheBlockIsReceived) {
    block_.hold();
    stream_.start_receive(Landing(block_, 60));
    pair_.write("eight of");
    EXPECT_EQ(arrival().bytes, 4U);
    EXPECT_EQ(std::string_view(block_.bytes().data() + 60, 4), "eigh");
}

TEST_F(LandingTest, AnEndBorrowsNothing) {
    stream_.start_receive(Landing(block_));
    pair_.close_far();
    EXPECT_EQ(arrival().condition, Condition::ended);
    EXPECT_FALSE(block_);
    stream_.start_receive(Landing(block_));  // tried at once
    EXPECT_EQ(arrival().condition, Condition::ended);
    EXPECT_FALSE(block_);
}

TEST_F(LandingTest, AResetBorrowsNothing) {
    stream_.start_receive(Landing(block_));
    pair_.reset_far();
    EXPECT_EQ(arrival().condition, Condition::failed);
    EXPECT_FALSE(block_);
    EXPECT_FALSE(stream_.has_error()) << "the peer's doing";
}

TEST_F(LandingTest, AResetThatATryFindsBorrowsNothing) {
    pair_.write("all there is");
    stream_.start_receive(Landing(block_));
    EXPECT_EQ(arrival().bytes, 12U);
    block_.release();
    pair_.reset_far();
    stream_.start_receive(Landing(block_), Stream::Awaits::silence);
    EXPECT_EQ(arrival().condition, Condition::failed);
    EXPECT_FALSE(block_);
}

// What came is lost, and whoever asked hears whose fault that was.
TEST_F(LandingTest, WithoutMemoryTheReceiveFails) {
    stream_.start_receive(Landing(block_));
    io_.poll();
    const auto kept = pool_.borrow();
    pair_.write("hello");
    {
        const bearergate::test::Starvation nothing_left(1);
        for (int turn = 0; turn < 100 && stream_.is_receiving(); ++turn) {
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(100));
        }
    }
    EXPECT_EQ(signal_.raised(), received);
    EXPECT_EQ(stream_.received()->condition, Condition::failed);
    EXPECT_TRUE(stream_.has_error());
    EXPECT_FALSE(block_);
    EXPECT_TRUE(stream_.is_open());
}

TEST_F(LandingTest, WithoutMemoryATryThrows) {
    pair_.write("hello");
    stream_.start_receive(Landing(block_));
    EXPECT_EQ(arrival().bytes, 5U);
    block_.release();
    const auto kept = pool_.borrow();
    pair_.write("more");
    io_.poll();  // so that it is known to be there
    {
        const bearergate::test::Starvation nothing_left(1);
        EXPECT_THROW(stream_.start_receive(Landing(block_)), std::bad_alloc);
    }
    EXPECT_FALSE(block_);
    stream_.close();
}

// Receives that find something at once are tried by us, the others by the loop.
TEST_F(LandingTest, EachOfManyReceivesInARowHoldsWhatItBrought) {
    for (int round = 0; round < 40; ++round) {
        const std::string said = std::to_string(round);
        pair_.write(said);
        stream_.start_receive(Landing(block_));
        const auto got = arrival();
        ASSERT_EQ(text(got.bytes), said);
        block_.release();
    }
    stream_.start_receive(Landing(block_));
    io_.poll();
    EXPECT_FALSE(block_);
}

TEST_F(LandingTest, AClosedStreamLeavesTheBlockAlone) {
    stream_.start_receive(Landing(block_));
    pair_.write("too late");
    stream_.close();
    io_.poll();
    EXPECT_FALSE(block_);
    block_ = {};
}

}  // namespace
}  // namespace bearergate::net
