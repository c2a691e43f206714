// Clients that come by TLS: who gets in, and how a connection of theirs begins and ends.

#include "gateway/front.hpp"
#include "gateway/tls_connection.hpp"

#include <csignal>
#include <thread>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  /open: public\n"
    "  /items: authenticated\n";
constexpr const char* http1 = "\x08http/1.1";

class TlsListener : public Front {
protected:
    // SSL_write has no way to ask for no signal when the gateway has closed.
    TlsListener() { std::signal(SIGPIPE, SIG_IGN); }

    void serve_tls(const std::string& more = "", const std::string& server = "") {
        const auto files = authority_.issue();
        serve(routes, "tls: { certificate: " + files.certificate +
                          ", private_key: " + files.private_key + more + " }" + server);
    }
    std::unique_ptr<TlsConnection> connect(TlsConnection::Options options = {}) {
        options.authority = authority_.file();
        return std::make_unique<TlsConnection>(gateway_->port(), options);
    }
    // The status of an answer to a good request; 0 for none.
    int answer(TlsConnection& client) {
        client.send(get("/open"));
        return client.read_reply().status;
    }
    bool all_are_gone() {
        return gateway_->wait_until(
            [](const gateway::Counters& counters) { return counters.connections_open == 0; });
    }

    net::test::Authority authority_{};
};

TEST_F(TlsListener, ServesByBothVersionsAndTellsTheUpstream) {
    serve_tls();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto client = connect({.version = version});
        ASSERT_TRUE(client->has_shaken_hands());
        for (int i = 0; i < 3; ++i) {
            client->send(get("/items", bearer()));
            EXPECT_EQ(client->read_reply().status, 200);
        }
        client->send(get("/items"));
        EXPECT_EQ(client->read_reply().status, 401);
    }
    EXPECT_EQ(upstream_.requests().size(), 6U);
    const SeenRequest request = upstream_.requests().back();
    EXPECT_EQ(request.header("X-Auth-Subject"), "ada");
    EXPECT_EQ(request.header("X-Forwarded-Proto"), "https");
    EXPECT_EQ(request.header("Forwarded"), "for=127.0.0.1;host=a.example;proto=https");
}

TEST_F(TlsListener, TakesNoOlderVersionThanItIsTold) {
    for (const auto& [setting, oldest] :
         {std::pair{"", TLS1_2_VERSION}, std::pair{", min_version: \"1.2\"", TLS1_2_VERSION},
          std::pair{", min_version: \"1.3\"", TLS1_3_VERSION}}) {
        serve_tls(setting);
        for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
            SCOPED_TRACE(std::string(setting) + std::to_string(version));
            const auto client = connect({.version = version});
            EXPECT_EQ(client->has_shaken_hands(), version >= oldest);
            EXPECT_EQ(answer(*client), version >= oldest ? 200 : 0);
        }
    }
}

TEST_F(TlsListener, SpeaksHttp1AndNothingElse) {
    serve_tls();
    for (const std::string& offered :
         {std::string(), std::string(http1), std::string("\x02h2") + http1}) {
        const auto client = connect({.protocols = offered});
        EXPECT_EQ(client->protocol(), offered.empty() ? "" : "http/1.1");
        EXPECT_EQ(answer(*client), 200);
    }
    EXPECT_FALSE(connect({.protocols = "\x02h2"})->has_shaken_hands());
    EXPECT_EQ(upstream_.requests().size(), 3U);
}

TEST_F(TlsListener, AskedToKnowItsClientsServesOnlyThose) {
    net::test::Authority other;
    serve_tls(", client_ca: " + authority_.file());
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        SCOPED_TRACE(version);
        EXPECT_EQ(answer(*connect({.version = version, .identity = authority_.issue()})), 200);
        EXPECT_EQ(answer(*connect({.version = version})), 0);
        EXPECT_EQ(answer(*connect({.version = version, .identity = other.issue()})), 0);
        const auto expired = authority_.issue({.expired = true});
        EXPECT_EQ(answer(*connect({.version = version, .identity = expired})), 0);
    }
    EXPECT_EQ(upstream_.requests().size(), 2U);
}

TEST_F(TlsListener, ClosesOnWhoeverSpeaksPlainly) {
    serve_tls();
    for (const std::string& bytes :
         {get("/open"), std::string("\x16\x03"), std::string(20'000, 'x'),
          std::string("\x16\x03\x01\x00\x05hello", 10)}) {
        Connection client(gateway_->port());
        client.send(bytes);
        client.finish();
        EXPECT_EQ(client.read_all().find("HTTP"), std::string::npos);
    }
    EXPECT_TRUE(all_are_gone());
    EXPECT_EQ(answer(*connect()), 200);
    EXPECT_EQ(gateway_->next_record().path, "/open") << "nothing of the others is logged";
    EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(TlsListener, AHandshakeHasItsTime) {
    serve_tls("", ", timeouts: { tls: 300ms }");
    Connection silent(gateway_->port());
    Connection slow(gateway_->port());
    const auto began = std::chrono::steady_clock::now();
    slow.send("\x16\x03\x01\x02");
    EXPECT_EQ(silent.read_all(), "");
    EXPECT_EQ(slow.read_all(), "");
    EXPECT_NE(silent.end(), Connection::End::none);
    EXPECT_NE(slow.end(), Connection::End::none);
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(300));
    EXPECT_TRUE(all_are_gone());
}

TEST_F(TlsListener, SaysProperlyWhenItIsDone) {
    serve_tls("", ", timeouts: { idle: 400ms }");
    const auto closing = connect();
    closing->send(get("/open", "Connection: close\r\n"));
    EXPECT_TRUE(closing->read_all().ends_with("\r\n\r\nok"));
    EXPECT_TRUE(closing->was_told_the_end());

    const auto refused = connect();
    refused->send("nonsense\r\n\r\n");
    EXPECT_TRUE(refused->read_all().starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(refused->was_told_the_end());

    const auto idle = connect();
    EXPECT_EQ(answer(*idle), 200);
    EXPECT_EQ(idle->read_all(), "");
    EXPECT_TRUE(idle->was_told_the_end());
}

TEST_F(TlsListener, AnswersWhoHasProperlySaidAll) {
    serve_tls();
    const auto client = connect();
    client->send(get("/open"));
    client->say_end();
    EXPECT_TRUE(client->read_all().ends_with("\r\n\r\nok"));
}

// Anybody on the way can end a connection, but cannot say goodbye in the client's name.
TEST_F(TlsListener, AnEndWithoutGoodbyeIsNoEndOfABody) {
    serve_tls();
    const auto client = connect();
    client->send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    ASSERT_TRUE(upstream_.wait_for_connections(1));
    client->end_without_a_word();
    EXPECT_EQ(client->read_all(), "");
    EXPECT_EQ(gateway_->next_record().note, "client_gone");
    EXPECT_TRUE(upstream_.requests().empty());
}

TEST_F(TlsListener, CarriesLargeBodiesBothWays) {
    constexpr std::size_t bytes = 3'000'000;
    serve_tls();
    upstream_.play([](UpstreamPeer& peer) {
        while (const auto request = peer.read_request()) {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(request->body.size()) +
                      "\r\n\r\n" + request->body);
        }
    });
    std::string body;
    while (body.size() < bytes) body += std::to_string(body.size()) + ",";
    const auto client = connect();
    for (int i = 0; i < 2; ++i) {
        client->send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n" + body);
        EXPECT_TRUE(client->read_reply().body == body);
    }
}

TEST_F(TlsListener, LetsARefusalBeReadBeforeItCloses) {
    serve_tls();
    const auto client = connect();
    const std::string body(500'000, 'x');
    client->send("POST /items HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_EQ(client->read_reply().status, 401);
    EXPECT_EQ(client->read_all(), "");
    EXPECT_TRUE(client->was_told_the_end());
    expect_upstream_untouched();
}

}  // namespace
}  // namespace bearergate::test
