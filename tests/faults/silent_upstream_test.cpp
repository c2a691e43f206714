// Upstreams that let us wait: 504 once their time is over, and never longer.

#include "support/dead_ends.hpp"
#include "support/gate.hpp"
#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <thread>

namespace bearergate::gateway {
namespace {

using test::UpstreamPeer;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr const char* soon = "timeouts: { response: 200ms, body: 200ms, connect: 200ms }";
// Long enough for any machine, and much shorter than what waits without a limit would take.
constexpr std::chrono::seconds late{8};

class SilentUpstream : public test::Relaying {
protected:
    void expect_504(std::string_view request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n") {
        const auto began = Clock::now();
        const test::Reply reply = exchange(request);
        EXPECT_EQ(reply.status, 504);
        EXPECT_THAT(reply.body, HasSubstr("upstream_timeout"));
        EXPECT_LT(Clock::now() - began, late);
        EXPECT_EQ(gateway_->next_record().reason, "upstream_timeout");
        EXPECT_EQ(counters().upstream_errors, 1U);
        EXPECT_EQ(counters().upstream_retries, 0U);
    }
};

TEST_F(SilentUpstream, AConnectThatHangs) {
    const test::FullBacklog full;
    run({.upstream = soon, .url = full.url()});
    expect_504();
}

TEST_F(SilentUpstream, NoAnswer) {
    test::Gate ended;
    serve(
        [&ended](UpstreamPeer& peer) {
            peer.read_request();
            peer.wait_for_end();
            ended.open();
        },
        {.upstream = soon});
    expect_504();
    EXPECT_TRUE(ended.wait()) << "the upstream's connection is closed";
}

TEST_F(SilentUpstream, ARouteMayHaveATimeOfItsOwn) {
    serve([](UpstreamPeer& peer) { peer.wait_for_end(); },
          {.route = "{ access: public, timeout: 200ms }"});
    expect_504();
}

TEST_F(SilentUpstream, AnswersThatNeverEndTheirHead) {
    // A byte now and then is no answer, nor are interim ones.
    for (const std::string drip : {"X", "HTTP/1.1 100 Continue\r\n\r\n"}) {
        SCOPED_TRACE(drip);
        serve(
            [drip](UpstreamPeer& peer) {
                if (!peer.read_request()) return;
                if (drip == "X") peer.send("HTTP/1.1 200 OK\r\nX-Drip: ");
                const auto end = Clock::now() + late;
                for (int sent = 0; Clock::now() < end; ++sent) {
                    if (drip != "X" && sent == 9) break;
                    if (!peer.send(drip)) return;
                    std::this_thread::sleep_for(std::chrono::milliseconds(50));
                }
                peer.wait_for_end();
            },
            {.upstream = soon});
        expect_504();
    }
}

TEST_F(SilentUpstream, ARequestThatItDoesNotTake) {
    test::Gate over;
    serve(
        [&over](UpstreamPeer& peer) {
            peer.read_head();
            over.wait();  // and reads no more
        },
        {.upstream = soon});
    const auto client = connect();
    ASSERT_TRUE(
        client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000000\r\n\r\n"));
    const std::string piece(1 << 20, 'x');
    const auto began = Clock::now();
    for (int i = 0; i < 95 && client->send(piece); ++i) {
    }
    EXPECT_EQ(client->read_reply().status, 504);
    over.open();
    EXPECT_LT(Clock::now() - began, late);
}

TEST_F(SilentUpstream, ARequestThatItTakesSlowlyIsTaken) {
    constexpr std::size_t sip = 1 << 16;
    constexpr std::size_t bytes = 512 * sip;
    serve(
        [](UpstreamPeer& peer) {
            if (!peer.read_head()) return;
            peer.stop_noting();
            std::size_t got = 0;
            for (std::size_t part = 1; part > 0 && got < bytes; got += part) {
                part = peer.read_bytes(sip).size();
                // Slowly until it is clear that time alone does not end it.
                if (got < 30 * sip) std::this_thread::sleep_for(std::chrono::milliseconds(150));
            }
            if (got == bytes) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        },
        {.upstream = "timeouts: { response: 1s }"});
    const auto client = connect();
    ASSERT_TRUE(client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: " +
                             std::to_string(bytes) + "\r\n\r\n"));
    ASSERT_TRUE(client->send(std::string(bytes, 'x')));
    EXPECT_EQ(client->read_reply().status, 200);
}

TEST_F(SilentUpstream, ARequestsOwnSlownessIsNotHeldAgainstIt) {
    serve(
        [](UpstreamPeer& peer) {
            if (peer.read_request()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        },
        {.upstream = soon});
    const auto client = connect();
    ASSERT_TRUE(client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\n"));
    // Twice the upstream's time, in pieces: nothing to wait for but time itself.
    for (int i = 0; i < 10; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        ASSERT_TRUE(client->send("x"));
    }
    EXPECT_EQ(client->read_reply().status, 200);
}

TEST_F(SilentUpstream, AStallInTheMiddleOfABodyCutsTheClient) {
    const struct {
        const char* response;
        test::Connection::End end;
        const char* request;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", test::Connection::End::closed,
         "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
         test::Connection::End::closed, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        // For a client that takes the end of the connection for the end of the body: a reset.
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
         test::Connection::End::reset, "GET / HTTP/1.0\r\nHost: a\r\n\r\n"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.response);
        serve(
            [&c](UpstreamPeer& peer) {
                if (!peer.read_request()) return;
                peer.send(c.response);
                peer.wait_for_end();
            },
            {.upstream = soon});
        const auto client = connect();
        ASSERT_TRUE(client->send(c.request));
        const auto began = Clock::now();
        EXPECT_THAT(client->read_all(), testing::Not(HasSubstr("\r\n0\r\n\r\n")));
        EXPECT_EQ(client->end(), c.end);
        EXPECT_LT(Clock::now() - began, late);
        const test::LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.status, 200U);
        EXPECT_EQ(record.note, "upstream_incomplete");
    }
}

TEST_F(SilentUpstream, AClientThatTakesItsTimeIsNotHeldAgainstIt) {
    // Larger than all buffers on the way, and not read for longer than the upstream may stall.
    constexpr std::size_t size = 48 << 20;
    serve(
        [](UpstreamPeer& peer) {
            if (!peer.read_request()) return;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
            const std::string piece(1 << 20, 'y');
            for (std::size_t sent = 0; sent < size; sent += piece.size()) peer.send(piece);
        },
        {.upstream = soon});
    test::Connection client(gateway_->port(), 4096);
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    EXPECT_THAT(client.read_head(), HasSubstr("200 OK"));
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    std::size_t got = 0;
    while (got < size) {
        const std::size_t piece = client.read_bytes(1 << 16).size();
        if (piece == 0) break;
        got += piece;
    }
    EXPECT_EQ(got, size);
}

}  // namespace
}  // namespace bearergate::gateway
