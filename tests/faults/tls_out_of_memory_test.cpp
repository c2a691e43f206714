// Memory runs out while both sides speak TLS, OpenSSL's own included: connections are lost, the
// gateway is not, and nobody is let in or half answered for it.

#include "faults/starving.hpp"
#include "gateway/tls_connection.hpp"
#include "support/test_issuer.hpp"
#include "support/tls_upstream.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>

namespace bearergate::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TlsOutOfMemory : public Starving {
protected:
    TlsOutOfMemory() {
        std::signal(SIGPIPE, SIG_IGN);
        const auto files = authority_.issue();
        gateway_ = std::make_unique<RunningGateway>(
            STARVING_BINARY,
            "server:\n  listen: \"127.0.0.1:0\"\n  workers: 2\n  tls: { certificate: " +
                files.certificate + ", private_key: " + files.private_key +
                " }\nadmin: { listen: \"127.0.0.1:0\" }\nissuers:\n  file: { issuer: " +
                issuer_.issuer() + ", jwks_file: " + folder_.write("keys.json", issuer_.jwks()) +
                " }\naudience: https://api.example\nupstreams:\n  default:\n    url: "
                "https://localhost:" +
                std::to_string(upstream_.port()) + "\n    tls: { ca: " + authority_.file() +
                " }\nroutes:\n  GET /open: public\n  GET /items: { scopes: [read] }\n");
    }
    TlsUpstream::Options options_of_upstream() {
        const auto files = authority_.issue();
        return {.certificate = files.certificate, .private_key = files.private_key};
    }
    std::string good_token() const {
        return issuer_.token(R"({"scope":"read",)" + issued_now() + "}");
    }
    // The status of an answer, 0 for none. One that permits is whole, or it is none.
    static int ask_on(TlsConnection& client, const std::string& target, const std::string& bearer) {
        const std::string authorization =
            bearer.empty() ? "" : "Authorization: Bearer " + bearer + "\r\n";
        if (!client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + authorization +
                         "\r\n")) {
            return 0;
        }
        const Reply reply = client.read_reply();
        if (reply.status == 200) EXPECT_EQ(reply.body, "ok");
        return reply.status;
    }
    int get(const std::string& target, const std::string& bearer = "") const {
        TlsConnection client(gateway_->port(), {.authority = authority_.file()});
        return client.has_shaken_hands() ? ask_on(client, target, bearer) : 0;
    }
    net::test::Authority authority_{};
    TemporaryFolder folder_{};
    Issuer issuer_{"https://file.example"};
    TlsUpstream upstream_{options_of_upstream()};
};

TEST_F(TlsOutOfMemory, CostsConnectionsAndNothingElse) {
    const std::string token = good_token();
    const std::string forged = with_flipped_signature(token, 9);
    ASSERT_TRUE(comes(200, [&] { return get("/items", token); }));
    const bool counts = gateway_->shows_descriptors();  // to root only
    const std::size_t descriptors = counts ? gateway_->descriptors() : 0;

    for (const int every : {1, 2, 3, 5, 11, 30, 200, 1}) {
        SCOPED_TRACE(every);
        TlsConnection kept(gateway_->port(), {.authority = authority_.file()});
        ASSERT_EQ(ask_on(kept, "/items", token), 200);
        starve(every);
        if (every == 1) {
            // Not at once: the signal may still be on its way.
            EXPECT_TRUE(comes(1, [&] { return get("/open") != 200 ? 1 : 0; }))
                << "it does not starve";
        }
        for (const auto end = Clock::now() + milliseconds(700); Clock::now() < end;) {
            ask_on(kept, "/items", token);
            get("/open");
            get("/items", token);
            EXPECT_NE(get("/items", forged), 200);
        }
        starve(0);
        EXPECT_TRUE(comes(200, [&] { return get("/open"); }));
        EXPECT_TRUE(comes(200, [&] { return get("/items", token); }));
        EXPECT_EQ(get("/items", forged), 401);
        EXPECT_EQ(get("/items"), 401);
    }
    const auto has_no_more = [&] { return gateway_->descriptors() <= descriptors + 8 ? 1 : 0; };
    if (counts) {
        EXPECT_TRUE(comes(1, has_no_more))
            << gateway_->descriptors() << " descriptors after " << descriptors;
    }
    gateway_->process().signal(SIGTERM);
    EXPECT_EQ(gateway_->process().wait(), 0);
}

}  // namespace
}  // namespace bearergate::test
