// Upstreams over TLS: the right one is spoken to, and nobody else hears a word.

#include "support/tls_upstream.hpp"

#include "net/certificates.hpp"
#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>

namespace bearergate::gateway {
namespace {

using net::test::Authority;
using net::test::Identity;
using test::TlsUpstream;
using testing::HasSubstr;
using testing::Not;

class TlsUpstreamTest : public test::Relaying {
protected:
    ~TlsUpstreamTest() override { gateway_.reset(); }

    void start(const Identity& identity, TlsUpstream::Options options) {
        options.certificate = identity.certificate;
        options.private_key = identity.private_key;
        tls_ = std::make_unique<TlsUpstream>(std::move(options));
    }
    void start(const Identity& identity) { start(identity, {}); }
    // `host` as the URL has it; `more` within the upstream's `tls`.
    void run_at(const std::string& host, const std::string& more = "") {
        run({.upstream = "tls: { ca: \"" + authority_.file() + "\", " + more + " }",
             .url = "https://" + host + ":" + std::to_string(tls_->port())});
    }
    void expect_refused() {
        const test::Reply reply = get("/secret");
        EXPECT_EQ(reply.status, 502);
        EXPECT_THAT(reply.body, HasSubstr("upstream_unreachable"));
        for (const char* inner :
             {"certificate", "tls", "TLS", "ssl", "verify", "expired", "host"}) {
            EXPECT_THAT(reply.body, Not(HasSubstr(inner)));
        }
        EXPECT_EQ(tls_->seen().requests, 0U) << "nobody else may hear the request";
        EXPECT_EQ(counters().upstream_errors, 1U);
        EXPECT_EQ(gateway_->next_record().reason, "upstream_unreachable");
    }

    Authority authority_{};
    std::unique_ptr<TlsUpstream> tls_{};
};

TEST_F(TlsUpstreamTest, IsVerifiedSpokenToAndKept) {
    start(authority_.issue());
    for (const char* host : {"127.0.0.1", "localhost"}) {
        SCOPED_TRACE(host);
        const auto before = tls_->seen();
        run_at(host);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(get().body, "ok");
        const auto seen = tls_->seen();
        EXPECT_EQ(seen.connections, before.connections + 1);
        EXPECT_EQ(seen.requests, before.requests + 3);
        EXPECT_EQ(counters().upstream_reused, 2U);
        // A name goes into the handshake; an address does not (RFC 6066 section 3).
        EXPECT_EQ(seen.server_name, std::string(host) == "localhost" ? "localhost" : "");
        EXPECT_THAT(seen.last_request, HasSubstr("\r\nHost: a.example\r\n"));
        EXPECT_THAT(seen.last_request, HasSubstr("\r\nX-Forwarded-Proto: http\r\n"));
    }
}

TEST_F(TlsUpstreamTest, AServerNameOfItsOwnIsAskedForAndVerified) {
    start(authority_.issue({.alternatives = "DNS:backend.internal"}));
    run_at("127.0.0.1", "server_name: backend.internal");
    EXPECT_EQ(get().body, "ok");
    EXPECT_EQ(tls_->seen().server_name, "backend.internal");
    tls_.reset();
    start(authority_.issue());
    run_at("127.0.0.1", "server_name: backend.internal");
    expect_refused();
}

TEST_F(TlsUpstreamTest, WhoCannotBeVerifiedIsNotSpokenTo) {
    Authority another;
    const struct {
        const char* name;
        Identity identity;
    } cases[] = {
        {"another name", authority_.issue({.alternatives = "DNS:other.example,IP:127.0.0.2"})},
        {"no name", authority_.issue({.alternatives = ""})},
        {"expired", authority_.issue({.expired = true})},
        {"self-signed", authority_.issue({.self_signed = true})},
        {"another authority", another.issue()},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        start(c.identity);
        run_at("127.0.0.1");
        expect_refused();
        gateway_.reset();
    }
}

TEST_F(TlsUpstreamTest, TheSystemsAuthoritiesDoNotVouchForOurs) {
    start(authority_.issue());
    run({.url = "https://127.0.0.1:" + std::to_string(tls_->port())});
    expect_refused();
}

TEST_F(TlsUpstreamTest, AnOldProtocolIsRefused) {
    start(authority_.issue(), {.highest_version = TLS1_1_VERSION});
    run_at("127.0.0.1");
    expect_refused();
}

TEST_F(TlsUpstreamTest, AClientCertificateIsShownWhereOneIsConfigured) {
    const Identity ours = authority_.issue();
    start(authority_.issue(), {.client_ca = authority_.file()});
    run_at("127.0.0.1",
           "certificate: \"" + ours.certificate + "\", private_key: \"" + ours.private_key + "\"");
    EXPECT_EQ(get().body, "ok");
    EXPECT_EQ(tls_->seen().client, "end");
    run_at("127.0.0.1");
    EXPECT_EQ(get().status, 502);
    EXPECT_EQ(tls_->seen().requests, 1U);
}

TEST_F(TlsUpstreamTest, BytesInPlaintextAreNoAnswer) {
    // Sent before the handshake by whoever sits between: they must not become the response.
    start(authority_.issue(),
          {.plaintext_first = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"});
    run_at("127.0.0.1");
    expect_refused();
}

TEST_F(TlsUpstreamTest, AServerWithoutTlsIsNone) {
    upstream_ = std::make_unique<test::RecordingUpstream>([](test::UpstreamPeer& peer) {
        peer.read_bytes(1);
        peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    run({.upstream = "tls: { ca: \"" + authority_.file() + "\" }",
         .url = "https://127.0.0.1:" + std::to_string(upstream_->port())});
    EXPECT_EQ(get("/secret").status, 502);
    EXPECT_THAT(upstream_->raw(0), Not(HasSubstr("secret")));
}

TEST_F(TlsUpstreamTest, AHandshakeThatHangsEndsWithTheConnectTime) {
    upstream_ = std::make_unique<test::RecordingUpstream>(
        [](test::UpstreamPeer& peer) { peer.wait_for_end(); });
    run({.upstream = "timeouts: { connect: 200ms }, tls: { ca: \"" + authority_.file() + "\" }",
         .url = "https://127.0.0.1:" + std::to_string(upstream_->port())});
    EXPECT_EQ(get().status, 504);
}

TEST_F(TlsUpstreamTest, OnlyAnAnnouncedEndEndsABody) {
    for (const bool announced : {true, false}) {
        SCOPED_TRACE(announced);
        start(authority_.issue(), {.says_goodbye = announced,
                                   .response = "HTTP/1.1 200 OK\r\n\r\nto the end",
                                   .closes_after_response = true});
        run_at("127.0.0.1");
        const test::Reply reply = get();
        EXPECT_EQ(reply.status, announced ? 200 : 0);
        EXPECT_EQ(gateway_->next_record().note, announced ? "" : "upstream_incomplete");
        gateway_.reset();
        // A sized body is whole without one.
        start(authority_.issue(), {.says_goodbye = announced, .closes_after_response = true});
        run_at("127.0.0.1");
        EXPECT_EQ(get().body, "ok");
        gateway_.reset();
    }
}

TEST_F(TlsUpstreamTest, ALargeAnswerArrivesWhole) {
    const std::string body(3'000'000, 'b');
    start(authority_.issue(), {.response = "HTTP/1.1 200 OK\r\nContent-Length: " +
                                           std::to_string(body.size()) + "\r\n\r\n" + body});
    run_at("127.0.0.1");
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(get().body == body);
    EXPECT_EQ(counters().upstream_reused, 1U);
}

}  // namespace
}  // namespace bearergate::gateway
