// Idle connections: which one is given out, and which never again.
#include <bearergate/net/task.hpp>
#include <bearergate/net/upstream_pool.hpp>

#include "net/support.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace bearergate::net {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1000s};

class UpstreamPoolTest : public testing::Test {
protected:
    // A connection as an exchange leaves it; its peer stays in peers_.
    std::unique_ptr<UpstreamConnection> connect() {
        peers_.push_back(std::make_unique<test::Pair>());
        auto connection = std::make_unique<UpstreamConnection>();
        connection->stream = Stream(peers_.back()->take_near(io_));
        connection->stream.attach(signal_, 1, 2);
        connection->server = peers_.size() - 1;
        return connection;
    }
    UpstreamPool make(std::size_t most = 3) {
        return {{.idle_connections = most, .idle = 4000ms}, buffers_};
    }

    boost::asio::io_context io_{1};
    Signal signal_;
    BufferPool buffers_{1024};
    std::vector<std::unique_ptr<test::Pair>> peers_;
};

TEST_F(UpstreamPoolTest, TheLastOneInComesOutFirstAndIsMarkedAsReused) {
    UpstreamPool pool = make();
    EXPECT_EQ(pool.take(start), nullptr);
    pool.put(connect(), start, {});
    pool.put(connect(), start, {});
    const auto taken = pool.take(start + 1s);
    ASSERT_NE(taken, nullptr);
    EXPECT_EQ(taken->server, 1U);
    EXPECT_TRUE(taken->reused);
    EXPECT_TRUE(taken->stream.is_receiving());
    EXPECT_EQ(taken->buffer.size(), 1024U);
    EXPECT_EQ(pool.size(), 1U);
}

TEST_F(UpstreamPoolTest, AnAnswerOnAReusedConnectionLandsInItsBuffer) {
    UpstreamPool pool = make();
    pool.put(connect(), start, {});
    auto taken = pool.take(start);
    taken->stream.attach(signal_, 1, 2);
    peers_[0]->write("answer");
    test::run_until(io_, [&] { return signal_.raised() == 1; });
    EXPECT_EQ(taken->stream.received()->bytes, 6U);
    EXPECT_EQ(std::string_view(taken->buffer.bytes().data(), 6), "answer");
}

TEST_F(UpstreamPoolTest, WhatTheUpstreamClosedResetOrSpokeOnIsNotGivenOut) {
    for (const int how : {0, 1, 2}) {
        SCOPED_TRACE(how);
        UpstreamPool pool = make();
        pool.put(connect(), start, {});
        test::Pair& peer = *peers_.back();
        if (how == 0) peer.close_far();
        if (how == 1) peer.reset_far();
        if (how == 2) peer.write("HTTP/1.1 408 Too late\r\n\r\n");
        io_.restart();
        test::run_until(io_, [&] {
            pool.sweep(start);
            return pool.size() == 0;
        });
        EXPECT_EQ(signal_.raised(), 0U) << "nobody is told: it idles";
        EXPECT_EQ(pool.take(start), nullptr);
    }
}

TEST_F(UpstreamPoolTest, TakeItselfSkipsWhatShowedStale) {
    UpstreamPool pool = make();
    pool.put(connect(), start, {});
    pool.put(connect(), start, {});
    peers_[1]->close_far();
    for (int turn = 0; turn < 20; ++turn) io_.run_one_for(5ms);
    const auto taken = pool.take(start);
    ASSERT_NE(taken, nullptr);
    EXPECT_EQ(taken->server, 0U);
    EXPECT_EQ(pool.size(), 0U);
}

TEST_F(UpstreamPoolTest, AnIdleConnectionHoldsNoMemoryToReceiveInto) {
    UpstreamPool pool = make();
    auto connection = connect();
    connection->buffer = buffers_.borrow();
    const char* const where = connection->buffer.bytes().data();
    pool.put(std::move(connection), start, {});
    ASSERT_EQ(pool.size(), 1U);
    EXPECT_EQ(buffers_.borrow().bytes().data(), where);
    EXPECT_FALSE(pool.take(start)->buffer);
}

TEST_F(UpstreamPoolTest, AConnectionThatAlreadyShowsMoreThanItsAnswerIsNotKept) {
    UpstreamPool pool = make();
    auto connection = connect();
    connection->buffer = buffers_.borrow();
    connection->stream.start_receive(connection->buffer.bytes());
    peers_[0]->write("a second answer to one question");
    test::run_until(io_, [&] { return signal_.raised() == 1; });
    pool.put(std::move(connection), start, {});
    EXPECT_EQ(pool.size(), 0U);

    auto closed = connect();
    closed->stream.close();
    pool.put(std::move(closed), start, {});
    EXPECT_EQ(pool.size(), 0U);
}

// What is told together is told in some order, and who comes first might take a connection before
// it was told itself.
TEST_F(UpstreamPoolTest, WhatTheKernelHasToldAlreadyCountsThoughNobodyHeardOfIt) {
    for (const bool closes : {false, true}) {
        SCOPED_TRACE(closes);
        UpstreamPool pool = make();
        const auto first = connect();
        std::array<char, 8> buffer{};
        first->stream.start_receive(buffer);
        const auto& firsts_peer = *peers_.back();
        pool.put(connect(), start, {});
        std::optional<bool> was_lent;
        spawn(
            [](Signal& signal, UpstreamPool& from, std::optional<bool>& lent) -> Task<void> {
                co_await signal.any(1);
                lent = from.take(start) != nullptr;
            }(signal_, pool, was_lent),
            [](const std::exception_ptr&) {});
        firsts_peer.write("x");
        if (closes) {
            peers_.back()->close_far();
        } else {
            peers_.back()->write("a second answer to one question");
        }
        io_.poll();
        EXPECT_EQ(was_lent, false);
    }
}

TEST_F(UpstreamPoolTest, NothingOutlivesItsTime) {
    const struct {
        std::optional<std::chrono::seconds> timeout;
        std::chrono::milliseconds kept;
    } cases[] = {
        {std::nullopt, 4000ms}, {60s, 4000ms}, {std::chrono::seconds::max(), 4000ms},
        {3s, 2000ms},  // a second less than the upstream said
        {2s, 1000ms},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.kept.count());
        UpstreamPool pool = make();
        pool.put(connect(), start, c.timeout);
        pool.sweep(start + c.kept - 1ms);
        EXPECT_EQ(pool.size(), 1U);
        EXPECT_EQ(pool.take(start + c.kept), nullptr);
        pool.put(connect(), start, c.timeout);
        pool.sweep(start + c.kept);
        EXPECT_EQ(pool.size(), 0U);
    }
    for (const auto timeout : {1s, 0s, -1s, std::chrono::seconds::min()}) {
        SCOPED_TRACE(timeout.count());
        UpstreamPool pool = make();
        pool.put(connect(), start, timeout);
        EXPECT_EQ(pool.size(), 0U);
    }
}

TEST_F(UpstreamPoolTest, KeepsNoMoreThanItMayAndDropsTheOldest) {
    UpstreamPool pool = make(2);
    for (int count = 0; count < 3; ++count) pool.put(connect(), start, {});
    EXPECT_EQ(pool.size(), 2U);
    EXPECT_EQ(pool.take(start)->server, 2U);
    EXPECT_EQ(pool.take(start)->server, 1U);
    bool ended = false;
    peers_[0]->read(1, &ended);
    EXPECT_TRUE(ended);

    UpstreamPool none = make(0);
    none.put(connect(), start, {});
    EXPECT_EQ(none.size(), 0U);
}

TEST_F(UpstreamPoolTest, KeepsOnlyWhatLeadsToWhereTheUpstreamIsNow) {
    using boost::asio::ip::make_address;
    const Endpoint here = boost::asio::ip::tcp::endpoint(make_address("192.0.2.1"), 80);
    const Endpoint there = boost::asio::ip::tcp::endpoint(make_address("192.0.2.2"), 80);
    const auto connect_to = [&](const Endpoint& endpoint) {
        auto connection = connect();
        connection->server = 0;
        connection->endpoint = endpoint;
        return connection;
    };
    UpstreamPool pool = make();
    pool.put(connect_to(here), start, {});
    pool.put(connect_to(there), start, {});
    auto in_use_here = connect_to(here);
    auto in_use_there = connect_to(there);
    pool.turn_to(std::make_shared<const UpstreamAddresses>(
        UpstreamAddresses{.servers = {{.endpoints = {there}}}}));
    EXPECT_EQ(pool.size(), 1U);
    bool ended = false;
    peers_[0]->read(1, &ended);
    EXPECT_TRUE(ended);
    pool.put(std::move(in_use_here), start, {});
    EXPECT_EQ(pool.size(), 1U);
    pool.put(std::move(in_use_there), start, {});
    EXPECT_EQ(pool.size(), 2U);
    EXPECT_EQ(pool.take(start)->endpoint, there);

    pool.turn_to(std::make_shared<const UpstreamAddresses>());
    EXPECT_EQ(pool.size(), 0U) << "it is nowhere";
}

TEST_F(UpstreamPoolTest, ThatRetiredKeepsNone) {
    UpstreamPool pool = make();
    pool.put(connect(), start, {});
    pool.retire();
    EXPECT_EQ(pool.size(), 0U);
    pool.put(connect(), start, {});
    EXPECT_EQ(pool.size(), 0U);
    bool ended = false;
    peers_[0]->read(1, &ended);
    EXPECT_TRUE(ended);
}

// After so many receives in a row the loop's others come first, but whoever takes the connection
// next may come before the look that was put off.
TEST_F(UpstreamPoolTest, LooksForMoreThanTheAnswerHoweverMuchOfItCameAtOnce) {
    for (int receives = 1; receives < 40; ++receives) {
        SCOPED_TRACE(receives);
        UpstreamPool pool = make();
        auto connection = connect();
        connection->buffer = buffers_.borrow();
        const std::span<char> one_byte = connection->buffer.bytes().first(1);
        const auto receive = [&] {
            connection->stream.start_receive(one_byte);
            test::run_until(io_, [&] { return connection->stream.has_received(); });
            ASSERT_EQ(connection->stream.received()->bytes, 1U);
        };
        connection->stream.start_receive(one_byte);
        peers_.back()->write("a");
        test::run_until(io_, [&] { return connection->stream.has_received(); });
        ASSERT_TRUE(connection->stream.received());
        peers_.back()->write(std::string(static_cast<std::size_t>(receives) + 1, 'b'));
        for (int i = 0; i < receives; ++i) receive();
        pool.put(std::move(connection), start, {});
        EXPECT_EQ(pool.size(), 0U);
    }
}

TEST(BufferPool, LendsReusesAndLimitsWhatItKeeps) {
    BufferPool pool(512, 1);
    BufferPool::Block first = pool.borrow();
    BufferPool::Block second = pool.borrow();
    EXPECT_EQ(first.bytes().size(), 512U);
    EXPECT_NE(first.bytes().data(), second.bytes().data());
    const char* where = second.bytes().data();
    second.release();
    EXPECT_FALSE(second);
    EXPECT_TRUE(second.bytes().empty());
    second.release();
    first = pool.borrow();  // gives its own back, which is one too many to keep
    EXPECT_EQ(first.bytes().data(), where);
    const BufferPool::Block moved = std::move(first);
    EXPECT_EQ(moved.bytes().data(), where);
    EXPECT_EQ(pool.block_bytes(), 512U);
}

}  // namespace
}  // namespace bearergate::net
