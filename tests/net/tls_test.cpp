// TLS streams: every byte arrives, or its loss shows.
#include <bearergate/net/stream.hpp>
#include <bearergate/net/tls.hpp>

#include "net/tls_fixture.hpp"

#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace bearergate::net {
namespace {

class TlsTest : public test::TlsFixture {};

TEST_F(TlsTest, CarriesBytesBothWays) {
    shake_hands();
    EXPECT_TRUE(client_.stream.is_tls());
    EXPECT_EQ(test::send(client_.stream, "question").bytes, 8U);
    EXPECT_EQ(receive(server_).bytes, 8U);
    EXPECT_EQ(std::string_view(server_.buffer.data(), 8), "question");
    EXPECT_EQ(test::send(server_.stream, "answer").bytes, 6U);
    EXPECT_EQ(receive(client_).bytes, 6U);
}

TEST_F(TlsTest, AReceiveThatStandsHoldsNoMemoryUntilARecordIsThere) {
    shake_hands();
    BufferPool pool(64);
    BufferPool::Block block = pool.vacant();
    server_.stream.start_receive(Landing(block));
    for (int turn = 0; turn < 20; ++turn) io_.run_one_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(server_.stream.is_receiving());
    EXPECT_FALSE(block);
    test::send(client_.stream, "question");
    ASSERT_TRUE(test::run_until(io_, [&] { return server_.is_up(received); }));
    EXPECT_EQ(server_.stream.received()->bytes, 8U);
    ASSERT_TRUE(block);
    EXPECT_EQ(std::string_view(block.bytes().data(), 8), "question");
}

TEST_F(TlsTest, SmallPiecesGoOutInOneRecordAndLargeOnesInFullRecords) {
    shake_hands();
    const std::array<std::string_view, 8> small{"a", "b", "", "c", "d", "e", "f", "g"};
    EXPECT_EQ(client_.stream.send(small).bytes, 7U);
    int on_the_wire = 0;
    ::ioctl(server_descriptor_, FIONREAD, &on_the_wire);
    EXPECT_LT(on_the_wire, 60) << "a record each would be eight headers and tags";
    EXPECT_EQ(receive(server_).bytes, 7U);

    const std::string head(300, 'h');
    const std::string body(16'384, 'b');
    const std::array<std::string_view, 2> message{head, body};
    EXPECT_EQ(client_.stream.send(message).bytes, 16'684U);
    EXPECT_EQ(receive(server_).bytes, 16'384U);
    EXPECT_EQ(receive(server_).bytes, 300U);
}

TEST_F(TlsTest, ASlowReaderGetsEverythingInOrder) {
    shake_hands(4096);
    std::string all(2'000'000, '\0');
    for (std::size_t at = 0; at < all.size(); ++at) all[at] = static_cast<char>(at * 7 + at / 251);
    std::string arrived;
    std::size_t sent = 0;
    unsigned waits = 0;
    const auto take = [&] {
        if (!server_.is_up(received)) return;
        server_.signal.clear(received);
        const Stream::Received got = *server_.stream.received();
        ASSERT_EQ(got.condition, Condition::open);
        arrived.append(server_.buffer.data(), got.bytes);
        // Of odd sizes, so that records are taken in parts.
        server_.stream.start_receive(std::span(server_.buffer).first(1 + arrived.size() % 9973));
    };
    server_.stream.start_receive(server_.buffer);
    while (arrived.size() < all.size()) {
        if (sent < all.size()) {
            const std::string_view rest = std::string_view(all).substr(sent);
            const std::size_t cut = std::min<std::size_t>(rest.size(), sent % 40'000);
            const std::array<std::string_view, 2> pieces{rest.substr(0, cut), rest.substr(cut)};
            const Stream::Sent some = client_.stream.send(pieces);
            ASSERT_FALSE(some.failed);
            sent += some.bytes;
            if (sent < all.size()) {
                ++waits;
                client_.stream.start_wait_writable();
            }
        }
        test::run_until(io_, [&] {
            take();
            return client_.is_up(writable) || arrived.size() == all.size();
        });
        client_.signal.clear(writable);
        if (HasFatalFailure()) return;
    }
    EXPECT_GT(waits, 0U);
    EXPECT_TRUE(arrived == all);
}

// What a peer that talks to itself before it says anything comes to.
class TlsFlood : public TlsTest {
protected:
    // Its key updates and its word are on the wire before they are read.
    Stream::Received word_after_key_updates(int count) {
        test::Pair pair;
        const TlsContext context = server();
        server_.stream = Stream(pair.take_near(io_));
        server_.stream.attach(server_.signal, received, writable);
        server_.signal.clear(received | writable);
        server_.stream.start_tls_server(context.get());
        std::jthread client([&pair, count] {
            const TlsContext own = test::odd_context(TLS_client_method());
            const std::unique_ptr<SSL, decltype([](SSL* ssl) { SSL_free(ssl); })> ssl(
                SSL_new(own.get()));
            SSL_set_fd(ssl.get(), pair.far());
            if (SSL_connect(ssl.get()) != 1) return;
            for (int i = 0; i < count; ++i) {
                SSL_key_update(ssl.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
                SSL_do_handshake(ssl.get());
            }
            SSL_write(ssl.get(), "word", 4);
        });
        test::run_until(io_, [&] { return server_.is_up(writable); });
        client.join();
        return receive(server_);
    }
};

TEST_F(TlsFlood, AFewKeyUpdatesAreFine) {
    const Stream::Received got = word_after_key_updates(20);
    EXPECT_EQ(got.condition, Condition::open);
    EXPECT_EQ(std::string_view(server_.buffer.data(), got.bytes), "word");
}

// Each costs the peer 27 bytes and us many microseconds, and no deadline would be looked at.
TEST_F(TlsFlood, ManyWithoutAWordBetweenAreTheEnd) {
    EXPECT_EQ(word_after_key_updates(1500).condition, Condition::failed);
}

TEST_F(TlsTest, ATruncatedStreamFailsAndOnlyAnAnnouncedEndIsAnEnd) {
    shake_hands();
    test::send(server_.stream, "half of a mess");
    server_.stream.close();
    EXPECT_EQ(receive(client_).bytes, 14U);
    EXPECT_EQ(receive(client_).condition, Condition::failed);

    shake_hands();
    test::send(server_.stream, "all of it");
    server_.stream.shutdown_send();
    server_.stream.close();
    EXPECT_EQ(receive(client_).bytes, 9U);
    EXPECT_EQ(receive(client_).condition, Condition::ended);
}

TEST_F(TlsTest, TheOtherDirectionOutlivesAnEnd) {
    shake_hands();
    client_.stream.shutdown_send();
    EXPECT_EQ(receive(server_).condition, Condition::ended);
    EXPECT_EQ(test::send(server_.stream, "answer").bytes, 6U);
    EXPECT_EQ(receive(client_).bytes, 6U);
}

TEST_F(TlsTest, AnEndThatFindsNoRoomGoesOutLater) {
    shake_hands(4096);
    // Fills the kernel's buffers behind the back of both streams.
    const std::string filler(10'000, 'x');
    std::size_t filled = 0;
    for (int idle = 0; idle < 3; ++idle) {
        ssize_t some = 0;
        while ((some = ::send(client_descriptor_, filler.data(), filler.size(), MSG_DONTWAIT)) >
               0) {
            filled += static_cast<std::size_t>(some);
            idle = 0;
        }
        io_.run_one_for(std::chrono::milliseconds(10));
    }
    client_.stream.shutdown_send();
    std::size_t arrived = 0;
    bool ended = false;
    test::run_until(io_, [&] {
        std::array<char, 10'000> bytes{};
        const ssize_t some = ::recv(server_descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (some > 0) arrived += static_cast<std::size_t>(some);
        ended = some == 0;
        return ended;
    });
    EXPECT_GT(arrived, filled) << "the end was not announced";
}

TEST_F(TlsTest, WaitingForRoomWithBytesUnreadComesToRest) {
    shake_hands(4096);
    while (test::send(client_.stream, std::string(10'000, 'x')).bytes != 0) {
    }
    test::send(server_.stream, "unread");
    client_.stream.start_wait_writable();
    int turns = 0;
    while (turns < 100 && io_.poll_one() != 0) ++turns;
    EXPECT_LT(turns, 100) << "what is not read must not wake it again and again";
    EXPECT_FALSE(client_.is_up(writable));
    test::run_until(io_, [&] {
        std::array<char, 10'000> bytes{};
        ::recv(server_descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        return client_.is_up(writable);
    });
    EXPECT_EQ(receive(client_).bytes, 6U);
}

TEST_F(TlsTest, AMessageLeftInTheMiddleOfARecordHasNoHonestEnd) {
    shake_hands(4096);
    const std::string chunk(16'384, 'x');
    while (test::send(client_.stream, chunk).bytes != 0) {
    }
    client_.stream.shutdown_send();
    Condition how = Condition::open;
    while (how == Condition::open) how = receive(server_).condition;
    EXPECT_EQ(how, Condition::failed);
}

TEST_F(TlsTest, BytesThatAreDecryptedAlreadyComeAtOnce) {
    shake_hands();
    test::send(client_.stream, "0123456789");
    EXPECT_EQ(receive(server_, 4).bytes, 4U);
    server_.stream.start_receive(std::span(server_.buffer).first(4));
    EXPECT_TRUE(server_.is_up(received)) << "no event will come for them";
    EXPECT_EQ(std::string_view(server_.buffer.data(), server_.stream.received()->bytes), "4567");
    server_.signal.clear(received);
    server_.stream.start_wait_readable();
    EXPECT_TRUE(server_.is_up(received));
    server_.signal.clear(received);
    EXPECT_EQ(receive(server_).bytes, 2U);
}

TEST_F(TlsTest, AFastSenderDoesNotKeepTheLoopToItself) {
    shake_hands();
    test::send(client_.stream, std::string(1000, 'x'));
    unsigned at_once = 0;
    EXPECT_EQ(receive(server_, 1).bytes, 1U);
    for (;;) {
        server_.stream.start_receive(std::span(server_.buffer).first(1));
        if (!server_.is_up(received)) break;
        server_.signal.clear(received);
        server_.stream.received();
        ASSERT_LT(++at_once, 100U);
    }
    test::run_until(io_, [&] { return server_.is_up(received); });
    EXPECT_EQ(server_.stream.received()->bytes, 1U);
}

TEST_F(TlsTest, ACancelledReceiveGivesTheBufferBackAndLosesNothing) {
    shake_hands();
    server_.stream.start_receive(server_.buffer);
    io_.poll();
    server_.stream.cancel_receive();
    EXPECT_TRUE(server_.is_up(received));
    server_.signal.clear(received);
    EXPECT_EQ(server_.stream.received()->condition, Condition::cancelled);
    test::send(client_.stream, "later");
    for (int turn = 0; turn < 5; ++turn) io_.run_one_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(server_.is_up(received));
    EXPECT_EQ(receive(server_).bytes, 5U);
}

TEST_F(TlsTest, SendingToAPeerThatIsGoneFailsWithoutASignalOfTheSystem) {
    shake_hands();
    server_.stream.reset();
    EXPECT_EQ(receive(client_).condition, Condition::failed);
    EXPECT_TRUE(test::send(client_.stream, "x").failed);
    client_.stream.shutdown_send();

    shake_hands();
    server_.stream.reset();
    // Without having read: the kernel says EPIPE to the second write.
    while (!test::send(client_.stream, "x").failed) {
    }
}

TEST_F(TlsTest, MayGoAtAnyMoment) {
    const TlsContext of_server = server();
    const TlsContext of_client = client();
    for (int turns = 0; turns < 8; ++turns) {
        SCOPED_TRACE(turns);
        connect();
        client_.stream.start_tls_client(of_client.get(), "localhost");
        server_.stream.start_tls_server(of_server.get());
        for (int turn = 0; turn < turns; ++turn) io_.poll_one();
        if (client_.is_up(writable)) {
            client_.stream.start_receive(client_.buffer);
            client_.stream.start_wait_writable();
        }
        client_.signal.clear(received | writable);
        server_.stream = Stream();
        client_.stream = Stream();
        while (io_.poll() != 0) {
        }
        EXPECT_EQ(client_.signal.raised(), 0U);
        server_.signal.clear(received | writable);
        io_.restart();
    }
}

}  // namespace
}  // namespace bearergate::net
