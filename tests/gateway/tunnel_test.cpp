// What becomes of an upgraded connection: bytes both ways, until one of its ends or its time.

#include "support/gate.hpp"
#include "support/relaying.hpp"
#include "support/test_issuer.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace bearergate::gateway {
namespace {

using End = test::Connection::End;
using test::Issuer;
using test::UpstreamPeer;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* accepted =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

std::string handshake(const std::string& token = "") {
    return "GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n";
}

class TunnelTest : public test::Relaying {
protected:
    // The script goes on where the tunnel begins.
    static test::RecordingUpstream::Script after_accept(test::RecordingUpstream::Script script) {
        return [script = std::move(script)](UpstreamPeer& peer) {
            if (!peer.read_head() || !peer.send(accepted)) return;
            peer.stop_noting();
            script(peer);
        };
    }
    static void echo(UpstreamPeer& peer) {
        for (auto got = peer.read_bytes(1); !got.empty(); got = peer.read_bytes(1)) {
            if (!peer.send(got)) return;
        }
    }
    std::unique_ptr<test::Connection> open(const std::string& token = "") const {
        auto client = connect();
        EXPECT_TRUE(client->send(handshake(token)));
        EXPECT_THAT(client->read_head(), HasSubstr(" 101 "));
        return client;
    }
    // With a token that is valid, the issuer's skew included, for this much longer.
    void run_with_token(milliseconds left, const std::string& at_expiry) {
        upstream_ = std::make_unique<test::RecordingUpstream>(after_accept(echo));
        const double now = Issuer::expires_at + 30 - std::chrono::duration<double>(left).count();
        gateway_ = std::make_unique<test::Gateway>(
            "server: { timeouts: { tunnel_at_expiry: " + at_expiry + " } }\n" +  //
                "issuer: " + issuer_.issuer() + "\naudience: https://api.example\n" +
                "upstream: " + upstream_->url() + "\nroutes:\n  GET /chat: authenticated\n",
            test::Gateway::Options{.keys = {{issuer_.issuer(), issuer_.jwks()}},
                                   .now = core::WallTime(std::chrono::duration<double>(now))});
    }
    static bool answers(test::Connection& client) {
        return client.send("p") && client.read_bytes(1) == "p";
    }
    Issuer issuer_{};
    std::atomic<std::size_t> sent_ = 0;
    test::Gate over_{};
};

TEST_F(TunnelTest, TheClientsEndLeavesTheOtherDirectionOpen) {
    serve(after_accept([](UpstreamPeer& peer) {
        const End end = peer.wait_for_end();
        EXPECT_EQ(end, End::closed) << "an end, not a reset";
        peer.send("last words");
    }));
    const auto client = open();
    ASSERT_TRUE(client->send("all"));
    client->finish();
    EXPECT_EQ(client->read_all(), "last words");
    EXPECT_EQ(client->end(), End::closed);
    const test::LogRecord record = gateway_->next_record();
    EXPECT_EQ(record.bytes_in, 3U);
    EXPECT_EQ(record.bytes_out, 10U);
}

TEST_F(TunnelTest, TheUpstreamsEndLeavesTheOtherDirectionOpen) {
    std::string heard;
    test::Gate over;
    serve(after_accept([&](UpstreamPeer& peer) {
        peer.send("bye");
        peer.finish();
        heard = peer.read_bytes(10);
        over.open();
    }));
    const auto client = open();
    EXPECT_EQ(client->read_all(), "bye");
    EXPECT_EQ(client->end(), End::closed);
    ASSERT_TRUE(client->send("not so fast"));
    ASSERT_TRUE(over.wait());
    EXPECT_EQ(heard, "not so fas");
}

TEST_F(TunnelTest, AResetOfEitherSideEndsTheOther) {
    serve(after_accept([](UpstreamPeer& peer) { peer.reset(); }));
    const auto client = open();
    client->read_all();
    EXPECT_NE(client->end(), End::none);

    test::Gate over;
    serve(after_accept([&over](UpstreamPeer& peer) {
        EXPECT_NE(peer.wait_for_end(), End::none);
        over.open();
    }));
    const auto other = open();
    other->reset();
    EXPECT_TRUE(over.wait());
    EXPECT_TRUE(gateway_->wait_until([](const auto& c) { return c.connections_open == 0; }));
}

TEST_F(TunnelTest, AnUpstreamThatSaysGoodbyeWhileTheClientTalksIsHeard) {
    // Its last words are there, although what we sent it comes back as a reset.
    const std::string words(30'000, 'w');  // what the kernel takes at once
    for (int i = 0; i < 20; ++i) {
        serve(after_accept([words](UpstreamPeer& peer) { peer.send(words); }));
        const auto client = open();
        const std::string chatter(50'000, 'c');
        client->send(chatter);
        client->send(chatter);
        EXPECT_EQ(client->read_all().size(), words.size());
    }
}

TEST_F(TunnelTest, LargeTransfersBothWaysAtOnceArriveWhole) {
    constexpr std::size_t size = 24 << 20;
    const auto piece_at = [](std::size_t at, char salt) {
        std::string piece(1 << 16, '\0');
        for (std::size_t i = 0; i < piece.size(); ++i) {
            piece[i] = static_cast<char>((at + i) * 31 / 7 + static_cast<std::size_t>(salt));
        }
        return piece;
    };
    const auto send_all = [&](auto& to, char salt) {
        for (std::size_t at = 0; at < size; at += 1 << 16) {
            if (!to.send(piece_at(at, salt))) return;
        }
        to.finish();
    };
    const auto read_all = [&](auto& from, char salt) {
        std::size_t right = 0;
        while (right < size && from.read_bytes(1 << 16) == piece_at(right, salt)) right += 1 << 16;
        return right;
    };
    std::size_t upstream_got = 0;
    serve(after_accept([&](UpstreamPeer& peer) {
        std::thread sender([&] { send_all(peer, 'u'); });
        upstream_got = read_all(peer, 'c');
        sender.join();
        over_.open();
    }));
    const auto client = open();
    std::thread sender([&] { send_all(*client, 'c'); });
    EXPECT_EQ(read_all(*client, 'u'), size);
    sender.join();
    EXPECT_EQ(client->read_all(), "");
    const test::LogRecord record = gateway_->next_record();
    EXPECT_EQ(record.bytes_in, size);
    EXPECT_EQ(record.bytes_out, size);
    EXPECT_TRUE(over_.wait());
    EXPECT_EQ(upstream_got, size);
}

TEST_F(TunnelTest, EndsWhenNothingMovesInEitherDirection) {
    test::Gate over;
    serve(after_accept([&over](UpstreamPeer& peer) {
              EXPECT_NE(peer.wait_for_end(), End::none);
              over.open();
          }),
          {.server = "timeouts: { tunnel: 300ms, idle: 10ms }"});
    const auto client = open();
    EXPECT_EQ(client->read_all(), "");
    EXPECT_TRUE(over.wait());
    EXPECT_EQ(gateway_->next_record().note, "tunnel_idle");
}

TEST_F(TunnelTest, BytesInOneDirectionKeepItOpen) {
    serve(after_accept([](UpstreamPeer& peer) {
              const auto end = Clock::now() + milliseconds(2500);
              while (Clock::now() < end && peer.send("tick")) {
                  std::this_thread::sleep_for(milliseconds(50));
              }
              peer.send("tock");
          }),
          {.server = "timeouts: { tunnel: 1500ms }"});
    const auto client = open();
    EXPECT_THAT(client->read_all(), testing::EndsWith("tock"));
}

TEST_F(TunnelTest, EndsWithItsToken) {
    run_with_token(milliseconds(1500), "close");
    const auto client = open(issuer_.token());
    EXPECT_TRUE(answers(*client));
    EXPECT_EQ(client->read_all(), "");
    EXPECT_NE(client->end(), End::none);
    EXPECT_EQ(gateway_->next_record().note, "token_expired");
}

TEST_F(TunnelTest, OutlivesItsTokenWhereThatIsConfigured) {
    run_with_token(milliseconds(100), "keep");
    const auto client = open(issuer_.token());
    const auto end = Clock::now() + milliseconds(600);
    while (Clock::now() < end) ASSERT_TRUE(answers(*client));
}

TEST_F(TunnelTest, TheClocksJumpsDoNotMoveItsEnd) {
    run_with_token(std::chrono::minutes(10), "close");
    const auto client = open(issuer_.token());
    ASSERT_TRUE(answers(*client));
    gateway_->set_now(core::WallTime(std::chrono::duration<double>(Issuer::expires_at + 7200)));
    const auto end = Clock::now() + milliseconds(500);
    while (Clock::now() < end) ASSERT_TRUE(answers(*client));
}

TEST_F(TunnelTest, ASlowReaderHoldsTheOtherSideBack) {
    constexpr std::size_t size = 96 << 20;
    serve(after_accept([&](UpstreamPeer& peer) {
        const std::string piece(1 << 16, 'x');
        while (sent_ < size && peer.send(piece)) sent_ += piece.size();
    }));
    test::Connection client(gateway_->port(), 4096);
    ASSERT_TRUE(client.send(handshake()));
    EXPECT_THAT(client.read_head(), HasSubstr(" 101 "));
    // Until the kernel's buffers are full and the upstream stands still.
    for (std::size_t before = 1; before != sent_;) {
        before = sent_;
        std::this_thread::sleep_for(milliseconds(300));
    }
    EXPECT_LT(sent_, size / 2);
    std::size_t got = 0;
    for (std::size_t piece = 1; piece > 0; got += piece) piece = client.read_bytes(1 << 16).size();
    EXPECT_EQ(got, size);
}

}  // namespace
}  // namespace bearergate::gateway
