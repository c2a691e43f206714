// What a response costs while it is waited for, and what becomes of it without memory.
#include <bearergate/gateway/response_flow.hpp>

#include "net/support.hpp"
#include "support/starvation.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <new>
#include <string_view>

namespace bearergate::gateway {
namespace {

class ResponseFlowTest : public testing::Test {
protected:
    ResponseFlowTest() {
        upstream_.stream = net::Stream(to_upstream_.take_near(io_));
        upstream_.stream.attach(client_.signal, event::upstream_received, event::upstream_writable);
        flow_.start(terms_.limits);
        advance();
    }

    bool advance() { return flow_.advance(client_, upstream_, terms_, true); }
    void run_until_told() {
        for (int turn = 0; turn < 100 && !upstream_.stream.has_received(); ++turn) {
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(100));
        }
    }

    boost::asio::io_context io_{1};
    net::test::Pair from_client_;
    net::test::Pair to_upstream_;
    net::DeadlineSweep sweep_{io_};
    Client client_{net::Stream(from_client_.take_near(io_)), sweep_};
    net::BufferPool pool_{1024};
    net::UpstreamConnection upstream_{.buffer = pool_.vacant()};
    ResponseFlow::Terms terms_{.method = "GET"};
    ResponseFlow flow_;
};

TEST_F(ResponseFlowTest, HoldsMemoryOnlyWhileAPieceOfItIsOnItsWay) {
    EXPECT_FALSE(upstream_.buffer) << "nothing has come";
    to_upstream_.write("HTTP/1.1 200 OK\r\nContent-");
    run_until_told();
    advance();
    EXPECT_TRUE(upstream_.buffer) << "half a head stays";
    to_upstream_.write("Length: 4\r\n\r\nab");
    run_until_told();
    advance();
    EXPECT_EQ(flow_.state(), ResponseFlow::State::body);
    EXPECT_FALSE(upstream_.buffer) << "what came has gone on";
    to_upstream_.write("cd");
    run_until_told();
    advance();
    EXPECT_EQ(flow_.state(), ResponseFlow::State::complete);
    EXPECT_TRUE(from_client_.read().ends_with("\r\n\r\nabcd"));
}

// Taken for an upstream that went away in silence, a request would be sent a second time.
TEST_F(ResponseFlowTest, WithoutMemoryForItTheFailureIsOurs) {
    const auto kept = pool_.borrow();
    to_upstream_.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    {
        const test::Starvation nothing_left(1);
        run_until_told();
    }
    EXPECT_THROW(advance(), std::bad_alloc);
}

TEST_F(ResponseFlowTest, AnUpstreamThatGoesAwayInSilenceIsJustThat) {
    to_upstream_.reset_far();
    run_until_told();
    advance();
    EXPECT_EQ(flow_.state(), ResponseFlow::State::silent);
}

}  // namespace
}  // namespace bearergate::gateway
