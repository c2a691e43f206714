// How long a client is waited for, and what it is told when that was too long.

#include "gateway/front.hpp"

#include <atomic>
#include <future>
#include <thread>

namespace bearergate::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr const char* routes =
    "  /open: public\n"
    "  /items: authenticated\n";

class ClientTimeouts : public Front {
protected:
    // The upstream reads what comes until the gateway ends the connection; how it did.
    std::future<Connection::End> upstream_reads_on() {
        auto end = std::make_shared<std::promise<Connection::End>>();
        upstream_.play([end](UpstreamPeer& peer) { end->set_value(peer.wait_for_end()); });
        return end->get_future();
    }
    // What a client that is sent away hears, and what is noted down about it.
    void expect_sent_away(Connection& client, const char* reason) {
        const Reply reply = client.read_reply();
        EXPECT_EQ(reply.status, 408);
        EXPECT_EQ(reply.header("Connection"), "close");
        EXPECT_NE(reply.body.find(reason), std::string::npos) << reply.body;
        EXPECT_EQ(client.read_all(), "");
        EXPECT_EQ(client.end(), Connection::End::closed);
        const LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.reason, reason);
        EXPECT_EQ(record.status, 408U);
        EXPECT_EQ(record.request_id, reply.header("X-Request-Id"));
    }
};

TEST_F(ClientTimeouts, AHeadThatDoesNotEndInTimeIs408) {
    serve(routes, "timeouts: { header: 300ms }");
    for (const std::string& part : {std::string("G"), get("/open").substr(0, 30)}) {
        SCOPED_TRACE(part);
        Connection client(gateway_->port());
        const auto began = Clock::now();
        client.send(part);
        expect_sent_away(client, "header_timeout");
        EXPECT_GE(Clock::now() - began, milliseconds(300));
    }
    EXPECT_EQ(counted(core::Reason::header_timeout), 2U);
    expect_upstream_untouched();
}

TEST_F(ClientTimeouts, DribblingDoesNotMakeAHeadsTimeLonger) {
    serve(routes, "timeouts: { header: 500ms }");
    Connection client(gateway_->port());
    client.send("GET /open HTTP/1.1\r\nHost: a\r\n");
    std::atomic<bool> over = false;
    std::thread dribble([&] {
        while (!over && client.send("X: y\r\n")) std::this_thread::sleep_for(milliseconds(20));
    });
    const Reply reply = client.read_reply();
    over = true;
    dribble.join();
    EXPECT_EQ(reply.status, 408);
    expect_upstream_untouched();
}

TEST_F(ClientTimeouts, AHeadsTimeBeginsWithItsFirstByteOnly) {
    serve(routes, "timeouts: { header: 300ms }");
    Connection client(gateway_->port());
    for (int i = 0; i < 2; ++i) {
        client.send(get("/open"));
        EXPECT_EQ(client.read_reply().status, 200);
        std::this_thread::sleep_for(milliseconds(700));
    }
    client.send(get("/open"));
    EXPECT_EQ(client.read_reply().status, 200);
}

TEST_F(ClientTimeouts, ANewConnectionThatSaysNothingIsClosedAfterAHeadsTime) {
    serve(routes, "timeouts: { header: 300ms }");
    Connection silent(gateway_->port());
    const auto began = Clock::now();
    EXPECT_EQ(silent.read_all(), "");
    EXPECT_EQ(silent.end(), Connection::End::closed);
    EXPECT_GE(Clock::now() - began, milliseconds(300));
    ask(get("/nowhere"));
    EXPECT_EQ(gateway_->next_record().path, "/nowhere") << "and nothing is logged of it";
}

TEST_F(ClientTimeouts, ABodyThatStopsComingIs408AndCutsTheUpstreamOff) {
    serve(routes, "timeouts: { idle: 300ms }");
    for (const std::string framing :
         {"Content-Length: 10\r\n\r\n12345", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"}) {
        SCOPED_TRACE(framing);
        const auto connection = upstream_.connections();
        auto end = upstream_reads_on();
        Connection client(gateway_->port());
        client.send("POST /open HTTP/1.1\r\nHost: a\r\n" + framing);
        expect_sent_away(client, "body_timeout");
        EXPECT_NE(end.get(), Connection::End::none);
        EXPECT_FALSE(upstream_.raw(connection).ends_with("0\r\n\r\n"));
    }
}

TEST_F(ClientTimeouts, AClientThatWasAskedForItsBodyAndSendsNoneIs408) {
    serve(routes, "timeouts: { idle: 300ms }");
    auto end = upstream_reads_on();
    Connection client(gateway_->port());
    client.send(
        "POST /open HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        "Content-Length: 5\r\n\r\n");
    EXPECT_EQ(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    expect_sent_away(client, "body_timeout");
    EXPECT_NE(end.get(), Connection::End::none);
}

TEST_F(ClientTimeouts, ABodyMayTakeItsTimeAsLongAsItComes) {
    serve(routes, "timeouts: { idle: 3s, header: 100ms }");
    Connection client(gateway_->port());
    client.send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    for (const char c : std::string("hello")) {
        std::this_thread::sleep_for(milliseconds(800));
        client.send({&c, 1});
    }
    EXPECT_EQ(client.read_reply().status, 200);
    EXPECT_EQ(upstream_.requests().back().body, "hello");
}

TEST_F(ClientTimeouts, AnIdleConnectionIsClosedWithoutAWord) {
    serve(routes, "timeouts: { idle: 400ms }");
    Connection fresh(gateway_->port());
    Connection used(gateway_->port());
    const auto began = Clock::now();
    used.send(get("/open"));
    EXPECT_EQ(used.read_reply().status, 200);
    for (Connection* client : {&fresh, &used}) {
        EXPECT_EQ(client->read_all(), "");
        EXPECT_EQ(client->end(), Connection::End::closed);
    }
    EXPECT_GE(Clock::now() - began, milliseconds(400));
    EXPECT_EQ(gateway_->next_record().path, "/open");
    ask(get("/nowhere"));
    EXPECT_EQ(gateway_->next_record().path, "/nowhere") << "and nothing is logged of it";
}

TEST_F(ClientTimeouts, WaitingForTheUpstreamIsNotIdling) {
    serve(routes, "timeouts: { idle: 100ms }");
    upstream_.play([](UpstreamPeer& peer) {
        peer.read_request();
        std::this_thread::sleep_for(milliseconds(700));
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        peer.wait_for_end();
    });
    EXPECT_EQ(ask(get("/open")).body, "ok");
}

TEST_F(ClientTimeouts, AClientThatReadsNothingIsCutOff) {
    serve(routes, "timeouts: { idle: 400ms }");
    constexpr std::size_t bytes = 50'000'000;
    std::promise<bool> all_sent;
    upstream_.play([&](UpstreamPeer& peer) {
        peer.read_request();
        all_sent.set_value(peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) +
                                     "\r\n\r\n" + std::string(bytes, 'x')));
    });
    Connection client(gateway_->port(), 4096);
    client.send(get("/open"));
    EXPECT_FALSE(all_sent.get_future().get()) << "the upstream was kept waiting, then cut off";
    EXPECT_EQ(gateway_->next_record().note, "client_gone");
    EXPECT_EQ(client.read_reply().status, 0) << "a part of an answer must not look whole";
}

// Several times as long as it may rest, and it rests never: the kernel must not make it look so.
TEST_F(ClientTimeouts, AClientThatReadsSlowlyGetsItAll) {
    serve(routes, "timeouts: { idle: 1500ms }");
    constexpr std::size_t bytes = 16'000'000;
    constexpr std::size_t sip = 50'000;
    constexpr std::size_t sips = 30;
    upstream_.play(
        RecordingUpstream::answer("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) +
                                  "\r\n\r\n" + std::string(bytes, 'x')));
    Connection client(gateway_->port(), 65'536);
    client.send(get("/open"));
    client.read_head();
    for (std::size_t i = 0; i < sips; ++i) {
        std::this_thread::sleep_for(milliseconds(200));
        ASSERT_EQ(client.read_bytes(sip).size(), sip) << i;
    }
    EXPECT_EQ(client.read_bytes(bytes - sips * sip).size(), bytes - sips * sip);
}

}  // namespace
}  // namespace bearergate::test
