// How much a client may take up: connections, bytes and fields of a head, a token.

#include "gateway/front.hpp"
#include "support/gate.hpp"
#include "support/sanitized.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <vector>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  /open: public\n"
    "  /items: authenticated\n";

class ClientLimits : public Front {
protected:
    Reply answer_to_long_head(const std::string& request) {
        Connection client(gateway_->port());
        client.send(request);
        return client.read_reply();
    }
};

// A request of exactly so many bytes.
std::string of_size(std::size_t bytes) {
    const std::string rest = "GET /open HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
    return "GET /open HTTP/1.1\r\nHost: a\r\nX: " + std::string(bytes - rest.size(), 'x') +
           "\r\n\r\n";
}
std::string of_fields(std::size_t count) {
    std::string request = "GET /open HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < count; ++i) request += "X: y\r\n";
    return request + "\r\n";
}

TEST_F(ClientLimits, AHeadMayHaveItsBytesAndNoMore) {
    serve(routes, "limits: { header_bytes: 2KiB }");
    Connection client(gateway_->port());
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(client.send(of_size(2048)));
        EXPECT_EQ(client.read_reply().status, 200) << "wherever in the buffer it begins";
    }
    EXPECT_EQ(answer_to_long_head(of_size(2049)).status, 431);
    EXPECT_EQ(answer_to_long_head("GET /" + std::string(2048, 'x')).status, 431);
    EXPECT_EQ(answer_to_long_head(std::string(2048, 'x')).status, 431) << "a method without end";
    EXPECT_EQ(upstream_.requests().size(), 20U);
}

TEST_F(ClientLimits, TooMuchOfAHeadIsAnsweredWhateverComesBehind) {
    serve(routes);
    Connection client(gateway_->port());
    ASSERT_TRUE(client.send(of_size(1'000'000)));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 431);
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(client.end(), Connection::End::closed) << "no reset that could eat the answer";
    expect_upstream_untouched();
}

TEST_F(ClientLimits, AHeadMayHaveItsFieldsAndNoMore) {
    serve(routes);
    EXPECT_EQ(ask(of_fields(100)).status, 200);
    EXPECT_EQ(ask(of_fields(101)).status, 431);
    serve(routes, "limits: { header_count: 3 }");
    EXPECT_EQ(ask(of_fields(3)).status, 200);
    EXPECT_EQ(ask(of_fields(4)).status, 431);
    EXPECT_EQ(upstream_.requests().size(), 2U);
}

TEST_F(ClientLimits, ATokenMayHaveItsBytesAndNoMore) {
    const std::string token = issuer_.token();
    for (const std::size_t bytes : {token.size(), token.size() - 1}) {
        serve(routes, "limits: { token_bytes: " + std::to_string(bytes) + "B }");
        const Reply reply = ask(get("/items", "Authorization: Bearer " + token + "\r\n"));
        EXPECT_EQ(reply.status, bytes == token.size() ? 200 : 401);
        EXPECT_EQ(gateway_->next_record().reason, bytes == token.size() ? "" : "token_too_large");
    }
    EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(ClientLimits, AtTheLimitOfConnectionsAcceptingPausesAndGoesOn) {
    Gate answer;
    upstream_.play([&](UpstreamPeer& peer) {
        while (peer.read_request()) {
            answer.wait();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    serve(routes, "limits: { connections: 2 }");
    Connection first(gateway_->port());
    Connection second(gateway_->port());
    for (Connection* client : {&first, &second}) client->send(get("/open"));
    ASSERT_TRUE(upstream_.wait_for_requests(2));
    Connection third(gateway_->port());
    ASSERT_TRUE(third.is_open()) << "in the kernel's queue";
    third.send(get("/nowhere"));
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    while (std::chrono::steady_clock::now() < until) {
        EXPECT_EQ(gateway_->counters().connections_accepted, 2U) << "who is served is not cut";
    }
    answer.open();
    EXPECT_EQ(first.read_reply().status, 200);
    EXPECT_EQ(second.read_reply().status, 200);
    EXPECT_EQ(third.read_reply().status, 404);
    EXPECT_EQ(gateway_->counters().connections_accepted, 3U);
    const auto two = [](const gateway::Counters& c) { return c.connections_open == 2; };
    EXPECT_TRUE(gateway_->wait_until(two));
}

TEST_F(ClientLimits, WhoHasSaidNothingWholeMakesRoomAndThenWhoHasIdledForLongest) {
    serve(routes, "limits: { connections: 3 }");
    Connection silent(gateway_->port());
    const auto let_in = [](std::uint64_t count) {
        return [count](const gateway::Counters& c) { return c.connections_accepted == count; };
    };
    ASSERT_TRUE(gateway_->wait_until(let_in(1)));
    Connection kept(gateway_->port());
    Connection half(gateway_->port());
    kept.send(get("/open"));
    EXPECT_EQ(kept.read_reply().status, 200);
    half.send("GET /open HTT");
    ASSERT_TRUE(gateway_->wait_until(let_in(3)));
    EXPECT_EQ(gateway_->counters().connections_open, 3U) << "at the limit nobody has to go yet";

    Connection fourth(gateway_->port());
    fourth.send(get("/open"));
    EXPECT_EQ(fourth.read_reply().status, 200);
    EXPECT_EQ(silent.read_all(), "");
    EXPECT_EQ(silent.end(), Connection::End::closed);
    Connection fifth(gateway_->port());
    fifth.send(get("/open"));
    EXPECT_EQ(fifth.read_reply().status, 200);
    EXPECT_EQ(half.read_all(), "") << "half a head is nothing yet";
    kept.send(get("/open"));
    EXPECT_EQ(kept.read_reply().status, 200) << "it has had an answer, which the others had not";
    Connection sixth(gateway_->port());
    sixth.send(get("/open"));
    EXPECT_EQ(sixth.read_reply().status, 200);
    EXPECT_EQ(fourth.read_all(), "") << "of those that have, who has idled for longest";
}

TEST_F(ClientLimits, ABodyUnderWayMakesNoRoom) {
    serve(routes, "limits: { connections: 2 }");
    Connection busy(gateway_->port());
    busy.send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    ASSERT_TRUE(gateway_->wait_until([](const auto& c) { return c.requests_in_flight == 1; }));
    for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(get("/open")).status, 200);
    busy.send("cd");
    EXPECT_EQ(busy.read_reply().status, 200);
}

TEST_F(ClientLimits, HalfAHeadShutsNobodyOut) {
    serve(routes, "limits: { connections: 10 }");
    std::vector<std::unique_ptr<Connection>> slow;
    for (int i = 0; i < 50; ++i) {
        slow.push_back(std::make_unique<Connection>(gateway_->port()));
        slow.back()->send("GET /open HTTP/1.1\r\nHost: a\r\n");
    }
    EXPECT_EQ(ask(get("/open")).status, 200);
}

TEST_F(ClientLimits, SilenceShutsNobodyOut) {
    serve(routes, "limits: { connections: 10 }");
    std::vector<std::unique_ptr<Connection>> silent;
    for (int i = 0; i < 50; ++i) silent.push_back(std::make_unique<Connection>(gateway_->port()));
    EXPECT_EQ(ask(get("/open")).status, 200);
}

// How many descriptors the process may have, until the end of the scope.
class DescriptorLimit {
public:
    explicit DescriptorLimit(rlim_t most) {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit lowered{.rlim_cur = most, .rlim_max = before_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &lowered);
    }
    DescriptorLimit(const DescriptorLimit&) = delete;
    DescriptorLimit& operator=(const DescriptorLimit&) = delete;
    ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

TEST_F(ClientLimits, WithoutDescriptorsAcceptingPausesAndGoesOn) {
    if (test::is_sanitized) GTEST_SKIP() << "SKIPPED: UBSan needs descriptors for its own checks";
    serve(routes);
    Connection first(gateway_->port());
    first.send(get("/open"));
    EXPECT_EQ(first.read_reply().status, 200);
    const int next = ::dup(STDIN_FILENO);  // the lowest that is free
    ASSERT_GE(next, 0);
    ::close(next);
    std::unique_ptr<Connection> second;
    {
        const DescriptorLimit limit(static_cast<rlim_t>(next) + 1);
        second = std::make_unique<Connection>(gateway_->port());  // takes the last one
        ASSERT_TRUE(second->is_open());
        second->send(get("/open"));
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
        while (std::chrono::steady_clock::now() < until) {
            first.send(get("/open"));
            EXPECT_EQ(first.read_reply().status, 200) << "who is in is served";
            EXPECT_EQ(gateway_->counters().connections_accepted, 1U);
        }
    }
    EXPECT_EQ(second->read_reply().status, 200);
}

TEST_F(ClientLimits, WhatIsLoggedIsAsConfigured) {
    for (const char* access : {"all", "denied", "off"}) {
        SCOPED_TRACE(access);
        serve(routes, "", std::string("logging: { access: ") + access + " }");
        EXPECT_EQ(ask(get("/open")).status, 200);
        EXPECT_EQ(ask(get("/nowhere")).status, 404);
        const auto gone = [](const gateway::Counters& c) { return c.connections_open == 0; };
        ASSERT_TRUE(gateway_->wait_until(gone));
        std::vector<unsigned> logged;
        const auto take = [](const gateway::AccessRecord& record, void* to) {
            static_cast<std::vector<unsigned>*>(to)->push_back(record.status);
        };
        gateway_->worker().log().pop(100, take, &logged);
        using Logged = std::vector<unsigned>;
        EXPECT_EQ(logged, access == std::string("all")      ? Logged({200, 404})
                          : access == std::string("denied") ? Logged({404})
                                                            : Logged({}));
    }
}

}  // namespace
}  // namespace bearergate::test
