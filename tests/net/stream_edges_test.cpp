// Streams by the edges of what the kernel tells: what is there and is told no second time.
#include <bearergate/net/task.hpp>

#include "net/stream_fixture.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::net {
namespace {

using Condition = Stream::Condition;

class StreamEdges : public test::StreamFixture {
protected:
    // What comes until so much is there, or a receive brings none.
    std::string receive_text(std::size_t bytes) {
        std::string text;
        while (text.size() < bytes) {
            const std::size_t got = receive(64).bytes;
            if (got == 0) break;
            text.append(buffer_.data(), got);
        }
        return text;
    }
};

TEST_F(StreamEdges, WhatAFullBufferLeftIsReceivedWithoutAFurtherEvent) {
    test::Pair pair;
    open(pair);
    pair.write("twelve bytes");
    EXPECT_EQ(receive(8).bytes, 8U);
    EXPECT_EQ(receive(8).bytes, 4U);
}

TEST_F(StreamEdges, AWaitAfterABufferThatWasJustFilledStands) {
    test::Pair pair;
    open(pair);
    pair.write("eight by");
    EXPECT_EQ(receive(8).bytes, 8U);
    stream_.start_wait_readable();
    io_.poll();
    EXPECT_EQ(signal_.raised() & received, 0U) << "there is nothing to read";
    pair.write("x");
    EXPECT_TRUE(wait_for(received));
}

TEST_F(StreamEdges, AWaitSeesWhatAFullBufferLeft) {
    test::Pair pair;
    open(pair);
    pair.write("eight by and more");
    EXPECT_EQ(receive(8).bytes, 8U);
    stream_.start_wait_readable();
    EXPECT_EQ(signal_.raised() & received, received);
}

TEST_F(StreamEdges, AnEndBehindSeveralReceivesIsSeen) {
    test::Pair pair;
    open(pair);
    pair.write("twelve bytes");
    pair.close_far();
    EXPECT_EQ(receive(8).bytes, 8U);
    EXPECT_EQ(receive(8).bytes, 4U);
    EXPECT_EQ(receive(8).condition, Condition::ended);
    EXPECT_EQ(receive(8).condition, Condition::ended) << "it stays";
}

// The kernel ends a read before and behind the urgent byte, which is no part of what is read.
TEST_F(StreamEdges, UrgentDataHidesNothingBehindIt) {
    test::Pair pair;
    open(pair);
    pair.write("before");
    ASSERT_EQ(::send(pair.far(), "!", 1, MSG_OOB), 1);
    pair.write("behind");
    EXPECT_EQ(receive_text(12), "beforebehind");
}

// There a read ends behind a passed descriptor, too.
TEST_F(StreamEdges, APassedDescriptorHidesNothingBehindIt) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    open(Socket(io_, ends[0]));
    std::array<char, 4> text{'w', 'i', 't', 'h'};
    iovec part{.iov_base = text.data(), .iov_len = text.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* passed = CMSG_FIRSTHDR(&message);
    passed->cmsg_level = SOL_SOCKET;
    passed->cmsg_type = SCM_RIGHTS;
    passed->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(passed), &ends[1], sizeof(int));
    ASSERT_EQ(::sendmsg(ends[1], &message, 0), 4);
    ASSERT_EQ(::send(ends[1], "out", 3, 0), 3);
    EXPECT_EQ(receive_text(7), "without");
    ::close(ends[1]);
}

TEST_F(StreamEdges, WaitingForRoomWithBytesUnreadComesToRest) {
    test::Pair pair(4096);
    open(pair);
    while (test::send(stream_, std::string(10'000, 'x')).bytes != 0) {
    }
    pair.write("unread");
    stream_.start_wait_writable();
    EXPECT_LT(io_.poll(), 10U);
    EXPECT_EQ(signal_.raised(), 0U);
    while (!pair.read().empty()) {
    }
    EXPECT_TRUE(test::run_until(io_, [&] {
        pair.read();
        return (signal_.raised() & writable) != 0;
    }));
    EXPECT_EQ(receive(64).bytes, 6U);
}

// What one of them does may end the others before they are told.
TEST_F(StreamEdges, StreamsOfOneRoundMayEndOneAnother) {
    constexpr std::size_t count = 5;
    std::array<test::Pair, count> pairs;
    std::vector<std::unique_ptr<Stream>> streams;
    std::array<Signal, count> signals;
    std::array<std::array<char, 8>, count> buffers{};
    std::size_t resumed = 0;
    for (std::size_t each = 0; each < count; ++each) {
        streams.push_back(std::make_unique<Stream>(pairs[each].take_near(io_)));
        streams[each]->attach(signals[each], received, writable);
        streams[each]->start_receive(buffers[each]);
        spawn(
            [](Signal& signal, std::vector<std::unique_ptr<Stream>>& all,
               std::size_t& count_of_resumed) -> Task<void> {
                co_await signal.any(received);
                ++count_of_resumed;
                all.clear();
            }(signals[each], streams, resumed),
            [](const std::exception_ptr&) {});
    }
    for (auto& pair : pairs) pair.write("x");
    io_.poll();
    EXPECT_EQ(resumed, 1U);
    for (std::size_t each = 0; each < count; ++each) signals[each].raise(received);
}

TEST_F(StreamEdges, MoreStreamsThanOneRoundTakesAreAllTold) {
    constexpr std::size_t count = 300;
    std::vector<std::unique_ptr<test::Pair>> pairs;
    std::vector<std::unique_ptr<Stream>> streams;
    std::vector<std::array<char, 8>> buffers(count);
    for (std::size_t each = 0; each < count; ++each) {
        pairs.push_back(std::make_unique<test::Pair>());
        streams.push_back(std::make_unique<Stream>(pairs[each]->take_near(io_)));
        streams[each]->start_receive(buffers[each]);
        pairs[each]->write("x");
    }
    EXPECT_TRUE(test::run_until(io_, [&] {
        return std::ranges::all_of(streams,
                                   [](const auto& stream) { return stream->has_received(); });
    }));
}

TEST_F(StreamEdges, TheLoopEndsWhenNoStreamIsOpen) {
    test::Pair pair;
    open(pair);
    io_.poll();
    EXPECT_FALSE(io_.stopped());
    stream_.close();
    io_.run();
    io_.restart();

    test::Pair other;
    open(other);
    stream_.close();
    test::Pair third;
    open(third);
    third.write("x");
    EXPECT_EQ(receive(8).bytes, 1U) << "it was to stop, and goes on";
}

}  // namespace
}  // namespace bearergate::net
