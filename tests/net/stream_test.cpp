// Streams over loopback TCP and unix sockets: what a peer does, and what raises which bit.
#include "net/stream_fixture.hpp"

#include <memory>
#include <vector>

namespace bearergate::net {
namespace {

using Condition = Stream::Condition;

class StreamTest : public test::StreamFixture {};

TEST_F(StreamTest, ReceivesWhatThePeerSendsAndSendsWhatItIsGiven) {
    test::Pair pair;
    Stream& stream = open(pair);
    pair.write("hello");
    const Stream::Received got = receive();
    EXPECT_EQ(got.condition, Condition::open);
    EXPECT_EQ(std::string_view(buffer_.data(), got.bytes), "hello");

    const std::array<std::string_view, 4> pieces{"one ", "", "two ", "three"};
    EXPECT_EQ(stream.send(pieces).bytes, 13U);
    EXPECT_EQ(pair.read(), "one two three");
    EXPECT_EQ(stream.peer(), "127.0.0.1");
    EXPECT_FALSE(stream.is_tls());
}

TEST_F(StreamTest, AReceiveStandsUntilSomethingComes) {
    test::Pair pair;
    Stream& stream = open(pair);
    stream.start_receive(buffer_);
    io_.poll();
    EXPECT_TRUE(stream.is_receiving());
    EXPECT_FALSE(stream.has_received());
    EXPECT_EQ(signal_.raised(), 0U);
    pair.write("x");
    ASSERT_TRUE(wait_for(received));
    EXPECT_TRUE(stream.has_received());
    EXPECT_FALSE(stream.is_receiving());
    EXPECT_EQ(stream.received()->bytes, 1U);
    EXPECT_FALSE(stream.received()) << "taken";
}

TEST_F(StreamTest, AnOrderlyEndIsNotAReset) {
    {
        test::Pair pair;
        open(pair);
        pair.write("last");
        pair.close_far();
        EXPECT_EQ(receive().bytes, 4U);
        EXPECT_EQ(receive().condition, Condition::ended);
    }
    {
        test::Pair pair;
        open(pair);
        pair.reset_far();
        EXPECT_EQ(receive().condition, Condition::failed);
    }
}

TEST_F(StreamTest, AnEndAndAResetThatCameWithTheBytesAreSeenWithoutFurtherEvents) {
    for (const bool by_reset : {false, true}) {
        SCOPED_TRACE(by_reset);
        test::Pair pair;
        Stream& stream = open(pair);
        stream.start_receive(buffer_);
        io_.poll();
        pair.write("all");
        by_reset ? pair.reset_far() : pair.close_far();
        ASSERT_TRUE(wait_for(received));
        signal_.clear(received);
        // A reset may overtake the bytes.
        if (stream.received()->condition == Condition::open) {
            EXPECT_EQ(receive().condition, by_reset ? Condition::failed : Condition::ended);
        } else {
            EXPECT_TRUE(by_reset);
        }
    }
}

TEST_F(StreamTest, AStandingReceiveSeesAnEndThatCameWithTheBytesBeforeIt) {
    test::Pair pair;
    Stream& stream = open(pair);
    stream.start_receive(buffer_);
    io_.poll();
    // In one event: no other one will tell of the end.
    pair.write("all");
    ::shutdown(pair.far(), SHUT_WR);
    ASSERT_TRUE(wait_for(received));
    signal_.clear(received);
    EXPECT_EQ(stream.received()->bytes, 3U);
    stream.start_receive(buffer_);
    ASSERT_TRUE(wait_for(received));
    EXPECT_EQ(stream.received()->condition, Condition::ended);
}

TEST_F(StreamTest, AStandingReceiveGetsWhatCameBetween) {
    test::Pair pair;
    Stream& stream = open(pair);
    for (int turn = 0; turn < 10; ++turn) {
        stream.start_receive(buffer_);
        pair.write("abc");
        ASSERT_TRUE(wait_for(received));
        signal_.clear(received);
        EXPECT_EQ(stream.received()->bytes, 3U);
        // While nothing stands: the event comes and goes, or has yet to come.
        pair.write("def");
        if (turn % 2 == 0) io_.poll();
        EXPECT_EQ(receive().bytes, 3U);
    }
}

TEST_F(StreamTest, AReceiveThatFindsSomethingIsOverAtOnceButNotForEver) {
    test::Pair pair;
    Stream& stream = open(pair);
    pair.write("x");
    receive();  // leaves the socket empty
    pair.write(std::string(100, 'x'));
    io_.poll();  // so that they are known to be there
    unsigned at_once = 0;
    for (;;) {
        stream.start_receive(std::span(buffer_).first(1));
        if ((signal_.raised() & received) == 0) break;
        signal_.clear(received);
        stream.received();
        ASSERT_LT(++at_once, 100U) << "other connections would have to wait";
    }
    EXPECT_GT(at_once, 0U);
    ASSERT_TRUE(wait_for(received));
    EXPECT_EQ(stream.received()->bytes, 1U);
}

TEST_F(StreamTest, AReceiveThatWaitsItsTurnCanBeCancelledOrClosed) {
    for (const bool by_close : {false, true}) {
        SCOPED_TRACE(by_close);
        test::Pair pair;
        Stream& stream = open(pair);
        pair.write("x");
        receive();
        pair.write(std::string(100, 'x'));
        io_.poll();
        do {
            signal_.clear(received);
            stream.received();
            stream.start_receive(std::span(buffer_).first(1));
        } while ((signal_.raised() & received) != 0);
        if (by_close) {
            stream.close();
            io_.poll();
            EXPECT_EQ(signal_.raised(), 0U);
            continue;
        }
        stream.cancel_receive();
        EXPECT_EQ(stream.received()->condition, Condition::cancelled);
        signal_.clear(received);
        stream.start_receive(std::span(buffer_).first(2));
        ASSERT_TRUE(wait_for(received));
        EXPECT_EQ(stream.received()->bytes, 2U);
        signal_.clear(received);
        io_.poll();
        EXPECT_EQ(signal_.raised(), 0U) << "received twice";
    }
}

TEST_F(StreamTest, ThePeersHalfCloseLeavesTheOtherDirectionOpen) {
    test::Pair pair;
    Stream& stream = open(pair);
    ::shutdown(pair.far(), SHUT_WR);
    EXPECT_EQ(receive().condition, Condition::ended);
    EXPECT_EQ(test::send(stream, "answer").bytes, 6U);
    EXPECT_EQ(pair.read(), "answer");
}

TEST_F(StreamTest, ShutdownSendEndsOnlyOurDirection) {
    test::Pair pair;
    Stream& stream = open(pair);
    test::send(stream, "bye");
    stream.shutdown_send();
    EXPECT_EQ(pair.read(), "bye");
    bool ended = false;
    pair.read(1, &ended);
    EXPECT_TRUE(ended);
    pair.write("still here");
    EXPECT_EQ(receive().bytes, 10U);
}

TEST_F(StreamTest, ASlowReaderGetsEverythingInOrder) {
    test::Pair pair(4096);
    Stream& stream = open(pair);
    std::string all(1'000'000, '\0');
    for (std::size_t at = 0; at < all.size(); ++at) all[at] = static_cast<char>(at * 7 + at / 251);

    std::string arrived;
    std::size_t sent = 0;
    unsigned waits = 0;
    while (sent < all.size()) {
        const std::string_view rest = std::string_view(all).substr(sent);
        const std::array<std::string_view, 3> pieces{
            rest.substr(0, 10), rest.substr(10, 0),
            rest.substr(std::min<std::size_t>(10, rest.size()))};
        const Stream::Sent some = stream.send(pieces);
        ASSERT_FALSE(some.failed);
        sent += some.bytes;
        if (sent == all.size()) break;
        ++waits;
        stream.start_wait_writable();
        test::run_until(io_, [&] {
            arrived += pair.read(3000);
            return (signal_.raised() & writable) != 0;
        });
        signal_.clear(writable);
    }
    while (arrived.size() < all.size()) arrived += pair.read();
    EXPECT_GT(waits, 0U);
    EXPECT_TRUE(arrived == all);
}

TEST_F(StreamTest, SendingToAPeerThatIsGoneFailsWithoutASignalOfTheSystem) {
    test::Pair pair;
    Stream& stream = open(pair);
    pair.reset_far();
    EXPECT_EQ(receive().condition, Condition::failed);
    EXPECT_TRUE(test::send(stream, "x").failed);
    stream.start_wait_writable();
    EXPECT_TRUE(wait_for(writable)) << "a wait that nobody ends would hang a session";
}

TEST_F(StreamTest, ACancelledReceiveGivesTheBufferBackAndCanBeStartedAgain) {
    test::Pair pair;
    Stream& stream = open(pair);
    stream.start_receive(buffer_);
    io_.poll();
    stream.cancel_receive();
    ASSERT_TRUE(wait_for(received));
    signal_.clear(received);
    EXPECT_EQ(stream.received()->condition, Condition::cancelled);
    pair.write("later");
    EXPECT_EQ(receive().bytes, 5U);
    stream.cancel_receive();
    EXPECT_EQ(signal_.raised(), 0U) << "there was nothing to cancel";
}

TEST_F(StreamTest, ACancelThatComesTooLateLosesNoBytes) {
    test::Pair pair;
    Stream& stream = open(pair);
    pair.write("early");
    stream.start_receive(buffer_);  // the event is queued
    stream.cancel_receive();
    ASSERT_TRUE(wait_for(received));
    signal_.clear(received);
    EXPECT_EQ(stream.received()->condition, Condition::cancelled);
    EXPECT_EQ(receive().bytes, 5U);
}

TEST_F(StreamTest, CancellingAReceiveDoesNotLoseTheWaitForRoom) {
    test::Pair pair(4096);
    Stream& stream = open(pair);
    const std::string much(100'000, 'x');
    while (test::send(stream, much).bytes != 0) {
    }
    stream.start_wait_writable();
    stream.start_receive(buffer_);
    io_.poll();
    stream.cancel_receive();
    ASSERT_TRUE(wait_for(received));
    EXPECT_EQ(signal_.raised() & writable, 0U) << "there is no room yet";
    test::run_until(io_, [&] {
        pair.read();
        return (signal_.raised() & writable) != 0;
    });
}

TEST_F(StreamTest, WaitingForReadableTakesNothing) {
    test::Pair pair;
    Stream& stream = open(pair);
    stream.start_wait_readable();
    EXPECT_TRUE(stream.is_receiving());
    pair.write("abc");
    ASSERT_TRUE(wait_for(received));
    signal_.clear(received);
    const Stream::Received what = *stream.received();
    EXPECT_EQ(what.bytes, 0U);
    EXPECT_EQ(what.condition, Condition::open);
    EXPECT_EQ(receive().bytes, 3U);

    stream.start_wait_readable();
    io_.poll();
    stream.cancel_receive();
    EXPECT_EQ(stream.received()->condition, Condition::cancelled);
    signal_.clear(received);
    pair.write("defg");
    EXPECT_EQ(receive().bytes, 4U);
}

TEST_F(StreamTest, AfterCloseNothingIsRaisedAndTheBufferIsLeftAlone) {
    // Each with an event under way: cancelled, already performed by the kernel, or not yet.
    for (const int when : {0, 1, 2}) {
        SCOPED_TRACE(when);
        test::Pair pair(4096);
        Stream& stream = open(pair);
        auto buffer = std::make_unique<std::array<char, 64>>();
        buffer->fill('.');
        if (when == 1) pair.write("performed at once");
        stream.start_receive(*buffer);
        if (when == 2) {
            io_.poll();
            pair.write("not looked at yet");
        }
        while (test::send(stream, std::string(10'000, 'x')).bytes != 0) {
        }
        stream.start_wait_writable();
        stream.close();
        buffer->fill('.');
        EXPECT_FALSE(stream.is_open());
        EXPECT_FALSE(stream.is_receiving());
        for (int turn = 0; turn < 10; ++turn) io_.poll();
        EXPECT_EQ(signal_.raised(), 0U);
        EXPECT_EQ(std::string_view(buffer->data(), 3), "...");
        EXPECT_FALSE(stream.received());
        io_.restart();
    }
}

TEST_F(StreamTest, AStreamMayGoWithEverythingUnderWay) {
    for (const bool run_first : {false, true}) {
        test::Pair pair(4096);
        auto stream = std::make_unique<Stream>(pair.take_near(io_));
        stream->attach(signal_, received, writable);
        auto buffer = std::make_unique<std::array<char, 64>>();
        stream->start_receive(*buffer);
        while (test::send(*stream, std::string(10'000, 'x')).bytes != 0) {
        }
        stream->start_wait_writable();
        if (run_first) io_.poll();
        pair.write("something");
        stream.reset();
        buffer.reset();
        io_.poll();
        io_.restart();
        EXPECT_EQ(signal_.raised(), 0U);
    }
}

TEST_F(StreamTest, OperationsThatOutliveTheLoopAreFreedWithIt) {
    auto io = std::make_unique<boost::asio::io_context>(1);
    test::Pair pair;
    auto stream = std::make_unique<Stream>(pair.take_near(*io));
    stream->start_receive(buffer_);
    stream.reset();
    io.reset();
}

TEST_F(StreamTest, ResetMakesThePeerSeeABrokenConnection) {
    test::Pair pair;
    Stream& stream = open(pair);
    test::send(stream, "half of a mess");
    EXPECT_EQ(pair.read(4), "half");
    stream.reset();
    char byte = 0;
    ssize_t got = 0;
    while ((got = ::recv(pair.far(), &byte, 1, 0)) > 0) {
    }
    EXPECT_EQ(got, -1);
    EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(StreamTest, ADetachedStreamRemembersWhatHappened) {
    test::Pair pair;
    Stream& stream = open(pair);
    stream.start_receive(buffer_);
    stream.detach();
    pair.close_far();
    test::run_until(io_, [&] { return stream.has_received(); });
    EXPECT_EQ(signal_.raised(), 0U);
    stream.attach(signal_, received, writable);
    EXPECT_EQ(signal_.raised(), received) << "nobody would tell it again";
    EXPECT_EQ(stream.received()->condition, Condition::ended);
}

TEST_F(StreamTest, AClosedStreamAnswersInsteadOfHanging) {
    stream_.attach(signal_, received, writable);
    stream_.start_receive(buffer_);
    EXPECT_EQ(signal_.raised(), received);
    EXPECT_EQ(stream_.received()->condition, Condition::failed);
    stream_.start_wait_writable();
    EXPECT_EQ(signal_.raised(), received | writable);
    EXPECT_TRUE(test::send(stream_, "x").failed);
    stream_.shutdown_send();
    stream_.reset();
    EXPECT_FALSE(stream_.is_open());
}

}  // namespace
}  // namespace bearergate::net
