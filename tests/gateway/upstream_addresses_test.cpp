// From an upstream's URLs to a connection: servers in turn, addresses in turn.

#include "support/dead_ends.hpp"
#include "support/relaying.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;
using test::RecordingUpstream;

constexpr const char* fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr const char* apart = "idle_connections: 0, timeouts: { connect: 400ms }";

std::string list(const std::string& a, const std::string& b) {
    return "[ \"" + a + "\", \"" + b + "\" ]";
}

class UpstreamAddresses : public test::Relaying {
protected:
    // The upstream's addresses from now on, as a name with several of them would have.
    void use(const std::vector<tcp::endpoint>& endpoints) {
        auto all = std::make_shared<std::vector<net::UpstreamAddresses>>(1);
        auto& server = all->front().servers.emplace_back();
        for (const auto& endpoint : endpoints) server.endpoints.emplace_back(endpoint);
        gateway_->worker().use_upstreams(std::move(all));
    }
    static tcp::endpoint at(const char* address, std::uint16_t port) {
        return {make_address(address), port};
    }
};

TEST_F(UpstreamAddresses, AUnixSocketIsOne) {
    const test::TemporaryFolder folder;
    upstream_ = std::make_unique<RecordingUpstream>(RecordingUpstream::answer(fine),
                                                    folder.file("upstream.sock"));
    run({});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(get("/a").body, "ok");
    EXPECT_EQ(upstream_->connections(), 1U);
    EXPECT_EQ(upstream_->requests()[0].header("Host"), "a.example");
    // Without a Host of the client's there must be one all the same.
    EXPECT_EQ(exchange("GET / HTTP/1.0\r\n\r\n").status, 200);
    EXPECT_EQ(upstream_->requests()[3].header("Host"), "localhost");
}

TEST_F(UpstreamAddresses, ServersTakeTurns) {
    RecordingUpstream a(RecordingUpstream::answer(fine));
    RecordingUpstream b(RecordingUpstream::answer(fine));
    run({.upstream = apart, .url = list(a.url(), b.url())});
    for (int i = 0; i < 6; ++i) ASSERT_EQ(get().status, 200);
    EXPECT_EQ(a.connections(), 3U);
    EXPECT_EQ(b.connections(), 3U);
}

TEST_F(UpstreamAddresses, TheHostOfTheServerThatAnswersIsTheOneSent) {
    RecordingUpstream a(RecordingUpstream::answer(fine));
    RecordingUpstream b(RecordingUpstream::answer(fine));
    run({.upstream = std::string(apart) + ", host: upstream", .url = list(a.url(), b.url())});
    for (int i = 0; i < 2; ++i) ASSERT_EQ(get().status, 200);
    EXPECT_EQ("http://" + a.requests()[0].header("Host"), a.url());
    EXPECT_EQ("http://" + b.requests()[0].header("Host"), b.url());
}

TEST_F(UpstreamAddresses, ADownServersTurnsAreTheNextOnes) {
    const test::ClosedPort closed;
    RecordingUpstream good(RecordingUpstream::answer(fine));
    for (const std::string& urls :
         {list(closed.url(), good.url()), list(good.url(), closed.url())}) {
        run({.upstream = apart, .url = urls});
        for (int i = 0; i < 6; ++i) ASSERT_EQ(get().status, 200);
        EXPECT_EQ(counters().upstream_errors, 0U);
        EXPECT_EQ(counters().upstream_connects, 9U);
    }
}

TEST_F(UpstreamAddresses, AServerThatHangsCostsItsConnectTimeAndNoMore) {
    const test::FullBacklog full;
    RecordingUpstream good(RecordingUpstream::answer(fine));
    run({.upstream = apart, .url = list(full.url(), good.url())});
    EXPECT_EQ(get().status, 200);
    EXPECT_EQ(get().status, 200);
}

TEST_F(UpstreamAddresses, ABrokenAnswerIsNoReasonToAskAnother) {
    RecordingUpstream bad([](test::UpstreamPeer& peer) { peer.read_request(); });
    RecordingUpstream good(RecordingUpstream::answer(fine));
    run({.upstream = apart, .url = list(bad.url(), good.url())});
    EXPECT_EQ(get().status, 502);
    EXPECT_EQ(good.connections(), 0U) << "the request may have had its effect";
}

TEST_F(UpstreamAddresses, WhenNoneAnswersTheLastFailureIsTheAnswer) {
    const test::ClosedPort closed;
    const test::FullBacklog full;
    run({.upstream = apart, .url = list(full.url(), closed.url())});
    EXPECT_EQ(get().status, 502);
    run({.upstream = apart, .url = list(closed.url(), full.url())});
    EXPECT_EQ(get().status, 504);
}

TEST_F(UpstreamAddresses, EveryAddressOfANameIsTried) {
    const test::ClosedPort closed;
    answer_with(fine, {.upstream = apart});
    use({at("::1", closed.port()), at("127.0.0.1", closed.port()),
         at("127.0.0.1", upstream_->port())});
    EXPECT_EQ(get().status, 200);
    EXPECT_EQ(counters().upstream_connects, 3U);
}

TEST_F(UpstreamAddresses, AnAddressThatHangsLeavesTheOthersTheirShareOfTheTime) {
    const test::FullBacklog full;
    answer_with(fine, {.upstream = apart});
    use({at("127.0.0.1", full.port()), at("127.0.0.1", upstream_->port())});
    EXPECT_EQ(get().status, 200);
}

TEST_F(UpstreamAddresses, ANewAddressIsUsedFromTheNextConnectionOn) {
    RecordingUpstream other(RecordingUpstream::answer(fine));
    answer_with(fine, {.upstream = apart});
    ASSERT_EQ(get().status, 200);
    use({at("127.0.0.1", other.port())});
    ASSERT_EQ(get().status, 200);
    EXPECT_EQ(upstream_->connections(), 1U);
    EXPECT_EQ(other.connections(), 1U);
}

TEST_F(UpstreamAddresses, AClientThatGoesDuringAConnectLeavesNothingBehind) {
    const test::FullBacklog full;
    run({.upstream = "timeouts: { connect: 1h }", .url = full.url()});
    const auto client = connect();
    ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_TRUE(gateway_->wait_until([](const auto& c) { return c.upstream_connects == 1; }));
    client->reset();
    EXPECT_EQ(gateway_->next_record().note, "client_gone");
    EXPECT_TRUE(gateway_->wait_until([](const auto& c) { return c.connections_open == 0; }));
    EXPECT_EQ(counters().upstream_errors, 0U);
}

// A busy connection never gets old: it must go because of where it leads.
TEST_F(UpstreamAddresses, AWarmConnectionDoesNotOutliveItsAddress) {
    RecordingUpstream before(RecordingUpstream::answer(fine));
    RecordingUpstream after(RecordingUpstream::answer(fine));
    run({.url = before.url()});
    for (int i = 0; i < 3; ++i) ASSERT_EQ(get().status, 200);
    ASSERT_TRUE(wait_for_idle_upstream_connections(1));
    use({at("127.0.0.1", before.port())});
    for (int i = 0; i < 3; ++i) ASSERT_EQ(get().status, 200);
    EXPECT_EQ(before.connections(), 1U) << "it is where it was";
    use({at("127.0.0.1", after.port())});
    for (int i = 0; i < 3; ++i) ASSERT_EQ(get().status, 200);
    EXPECT_EQ(before.requests().size(), 6U);
    EXPECT_EQ(after.requests().size(), 3U);
}

}  // namespace
}  // namespace bearergate::gateway
