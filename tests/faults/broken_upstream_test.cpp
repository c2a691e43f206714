// Upstreams that cannot be reached, or whose answer is none: 502, and nothing of why.

#include "support/dead_ends.hpp"
#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using test::UpstreamPeer;
using testing::HasSubstr;
using testing::Not;

class BrokenUpstream : public test::Relaying {
protected:
    // One request is 502 of this reason, says nothing else, and leaves the client its connection.
    void expect_502(const testing::Matcher<std::string>& reason) {
        const auto client = connect();
        for (int i = 0; i < 2; ++i) {
            ASSERT_TRUE(client->send("GET /secret HTTP/1.1\r\nHost: a.example\r\n\r\n"));
            const test::Reply reply = client->read_reply();
            EXPECT_EQ(reply.status, 502);
            EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
            EXPECT_EQ(reply.header("Cache-Control"), "no-store");
            EXPECT_EQ(reply.count("X-Request-Id"), 1U);
            for (const char* inner : {"127.0.0.1", "refused", "reset", "errno", "secret"}) {
                EXPECT_THAT(reply.body, Not(HasSubstr(inner)));
            }
            const test::LogRecord record = gateway_->next_record();
            EXPECT_EQ(record.status, 502U);
            EXPECT_THAT(record.reason, reason);
            EXPECT_THAT(reply.body, HasSubstr("\"reason\":\"" + record.reason + "\""));
        }
        const auto counted = counters();
        EXPECT_EQ(counted.upstream_errors, 2U);
        EXPECT_EQ(counted.upstream_retries, 0U);
        EXPECT_EQ(counted.upstream_reused, 0U) << "nothing of this is kept";
        EXPECT_EQ(counted.requests_in_flight, 0U);
    }
    void expect_broken(test::RecordingUpstream::Script script,
                       const testing::Matcher<std::string>& reason = "upstream_broken") {
        serve(std::move(script));
        expect_502(reason);
        EXPECT_EQ(upstream_->connections(), 2U);
    }
};

TEST_F(BrokenUpstream, NobodyListens) {
    const test::ClosedPort closed;
    run({.url = closed.url()});
    expect_502("upstream_unreachable");
}

TEST_F(BrokenUpstream, ThereIsNoSuchSocket) {
    run({.url = "unix:/nonexistent/upstream.sock"});
    expect_502("upstream_unreachable");
}

TEST_F(BrokenUpstream, NoAddressIsKnown) {
    const test::ClosedPort closed;
    run({.url = closed.url()});
    const auto none = std::make_shared<std::vector<net::UpstreamAddresses>>(1);
    gateway_->worker().use_upstreams(none);
    expect_502("upstream_unreachable");
    EXPECT_EQ(counters().upstream_connects, 0U);
}

TEST_F(BrokenUpstream, ItClosesOrResetsBeforeItAnswers) {
    expect_broken([](UpstreamPeer& peer) { peer.read_request(); });
    expect_broken([](UpstreamPeer& peer) {
        peer.read_request();
        peer.reset();
    });
    expect_broken([](UpstreamPeer&) {});  // not even read
    // Gone before or after the request was on its way to it.
    expect_broken([](UpstreamPeer& peer) { peer.reset(); },
                  testing::AnyOf("upstream_broken", "upstream_unreachable"));
    expect_broken([](UpstreamPeer& peer) {
        if (peer.read_request()) peer.finish();
        peer.wait_for_end();
    });
}

TEST_F(BrokenUpstream, ItClosesOrResetsInsideItsHead) {
    for (const char* part :
         {"H", "HTTP/1.1", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r", "HTTP/1.1 100 Continue\r\n\r\n"}) {
        SCOPED_TRACE(part);
        expect_broken(once(part));
        expect_broken([part](UpstreamPeer& peer) {
            if (!peer.read_request()) return;
            peer.send(part);
            peer.reset();
        });
    }
}

TEST_F(BrokenUpstream, ItDoesNotSpeakHttp) {
    for (const std::string& garbage :
         {std::string("<html>hello</html>\r\n\r\n"), std::string("220 mail ESMTP\r\n\r\n"),
          std::string("SSH-2.0-OpenSSH\r\n"), std::string("\0\x01\x02\x03", 4),
          std::string("\x15\x03\x01\x00\x02\x02\x46", 7), std::string("\r\n\r\n"),
          std::string("HTTP/1.1 200\nContent-Length: 2\n\nok"), std::string(100'000, 'A'),
          std::string("HTTP/1.1 twohundred OK\r\n\r\n"), std::string("GET / HTTP/1.1\r\n\r\n")}) {
        SCOPED_TRACE(garbage.substr(0, 40));
        expect_broken(once(garbage));
    }
}

TEST_F(BrokenUpstream, ItsHeadIsTooLarge) {
    const std::string begin = "HTTP/1.1 200 OK\r\n";
    expect_broken(once(begin + "X: " + std::string(20'000, 'a') + "\r\n\r\n"));
    std::string many = begin;
    for (int i = 0; i < 101; ++i) many += "X: a\r\n";
    expect_broken(once(many + "\r\n"));
    // It need not come to an end.
    expect_broken([begin](UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        bool there = peer.send(begin);
        while (there) there = peer.send("X-Endless: endless\r\n");
    });
}

TEST_F(BrokenUpstream, ALargeHeadWithinTheLimitsIsFine) {
    std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
    for (int i = 0; i < 90; ++i)
        head += "X-" + std::to_string(i) + ": " + std::string(160, 'a') + "\r\n";
    answer_with(head + "\r\n");
    EXPECT_EQ(get().headers.size(), 92U);
}

TEST_F(BrokenUpstream, ABodyThatWasSentInVainIsReadAndTheClientKeepsItsConnection) {
    serve([](UpstreamPeer& peer) {
        if (peer.read_head()) peer.reset();
    });
    const auto client = connect();
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(
            client->send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 30000\r\n\r\n" +
                         std::string(30'000, 'b')));
        EXPECT_EQ(client->read_reply().status, 502);
    }
    EXPECT_EQ(upstream_->connections(), 2U) << "a POST is never sent twice";
}

TEST_F(BrokenUpstream, RecoversWithTheNextRequest) {
    serve([](UpstreamPeer& peer) { peer.reset(); });
    EXPECT_EQ(get().status, 502);
    upstream_->play(
        test::RecordingUpstream::answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    EXPECT_EQ(get().status, 200);
}

}  // namespace
}  // namespace bearergate::gateway
