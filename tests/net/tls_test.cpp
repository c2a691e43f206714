// TLS streams: who is believed, what is refused, and that every byte arrives or its loss shows.
#include <bearergate/net/stream.hpp>
#include <bearergate/net/tls.hpp>

#include "net/certificates.hpp"
#include "net/support.hpp"

#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

namespace bearergate::net {
namespace {

using Condition = Stream::Condition;
constexpr Signal::Bits received = 1;
constexpr Signal::Bits writable = 2;

// A peer with settings that make_tls_server() and make_tls_client() would not make.
TlsContext odd_context(const SSL_METHOD* method) {
    TlsContext context(SSL_CTX_new(method), [](SSL_CTX* old) { SSL_CTX_free(old); });
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    return context;
}

TlsContext odd_server(const test::Identity& files) {
    TlsContext context = odd_context(TLS_server_method());
    SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context.get(), files.private_key.c_str(), SSL_FILETYPE_PEM);
    return context;
}

// One end of a connection.
struct End {
    Stream stream{};
    Signal signal{};
    std::array<char, 20'000> buffer{};
    bool is_up(Signal::Bits bits) const { return (signal.raised() & bits) != 0; }
};

class TlsTest : public testing::Test {
protected:
    using Wish = test::Authority::Wish;

    TlsContext server(const Wish& wish) {
        const test::Identity files = authority_.issue(wish);
        return make_tls_server(
            {.certificate = files.certificate, .private_key = files.private_key});
    }
    TlsContext server() { return server({}); }
    TlsContext client() const { return make_tls_client({.ca = authority_.file()}); }

    void connect(int small_buffers = 0) {
        test::Pair pair(small_buffers);
        client_descriptor_ = pair.near();
        server_descriptor_ = pair.far();
        client_.stream = Stream(pair.take_near(io_));
        server_.stream = Stream(pair.take_far(io_));
        client_.stream.attach(client_.signal, received, writable);
        server_.stream.attach(server_.signal, received, writable);
    }
    // Runs both handshakes; what the two ends say about it, "" for success.
    struct Handshake {
        std::string client{};
        std::string server{};
    };
    Handshake shake_hands(const TlsContext& server, const TlsContext& client,
                          const std::string& name = "localhost", int small_buffers = 0) {
        connect(small_buffers);
        client_.stream.start_tls_client(client.get(), name);
        server_.stream.start_tls_server(server.get());
        Handshake how;
        test::run_until(io_, [&] {
            // An end that has failed closes, so that the other one hears of it.
            const bool over = client_.is_up(writable);
            if (over && how.client.empty()) {
                how.client = client_.stream.take_error().value_or("");
                if (!how.client.empty()) client_.stream.close();
            }
            return over && server_.is_up(writable);
        });
        how.server = server_.stream.take_error().value_or("");
        client_.signal.clear(writable);
        server_.signal.clear(writable);
        return how;
    }
    void shake_hands(int small_buffers = 0) {
        const Handshake how = shake_hands(server(), client(), "localhost", small_buffers);
        ASSERT_EQ(how.client, "");
        ASSERT_EQ(how.server, "");
        // Takes the tickets off the wire.
        client_.stream.start_receive(client_.buffer);
        client_.stream.cancel_receive();
        client_.stream.received();
        client_.signal.clear(received);
    }
    Stream::Received receive(End& end, std::size_t most = 20'000) {
        end.stream.start_receive(std::span(end.buffer).first(most));
        test::run_until(io_, [&] { return end.is_up(received); });
        end.signal.clear(received);
        return end.stream.received().value_or(Stream::Received{.condition = Condition::cancelled});
    }

    boost::asio::io_context io_{1};
    test::Authority authority_;
    End client_;
    End server_;
    int client_descriptor_ = -1;
    int server_descriptor_ = -1;
};

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

TEST_F(TlsTest, OnlyACertificateForTheNameFromTheAuthorityIsBelieved) {
    const struct {
        const char* what;
        Wish wish;
        std::string name;
        const char* problem;  // "" for none
    } cases[] = {
        {"right name", {}, "localhost", ""},
        {"a trailing dot is no part of it", {}, "localhost.", ""},
        {"case does not matter", {}, "LOCALHOST", ""},
        {"right address", {}, "127.0.0.1", ""},
        {"right IPv6 address", {}, "::1", ""},
        {"with its chain", {.through_intermediate = true}, "localhost", ""},
        {"wildcard", {.alternatives = "DNS:*.acme.example"}, "api.acme.example", ""},
        {"wrong name", {}, "acme.example", "certificate refused: hostname mismatch"},
        {"wrong address", {}, "127.0.0.2", "certificate refused: IP address mismatch"},
        {"a name is no address",
         {.alternatives = "DNS:127.0.0.1"},
         "127.0.0.1",
         "certificate refused: IP address mismatch"},
        {"a wildcard is one label",
         {.alternatives = "DNS:*.acme.example"},
         "a.b.acme.example",
         "certificate refused: hostname mismatch"},
        {"a wildcard is not part of a label",
         {.alternatives = "DNS:a*.acme.example"},
         "api.acme.example",
         "certificate refused: hostname mismatch"},
        {"expired", {.expired = true}, "localhost", "certificate refused: certificate has expired"},
        {"self-signed",
         {.self_signed = true},
         "localhost",
         "certificate refused: self-signed certificate"},
        {"no name", {}, "", "no usable server name"},
        {"everything below a name",
         {.alternatives = "DNS:a.acme.example"},
         ".acme.example",
         "no usable server name"},
        {"NUL", {}, std::string("localhost\0.evil", 15), "no usable server name"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        const TlsContext context = server(c.wish);
        EXPECT_EQ(shake_hands(context, client(), c.name).client, c.problem);
    }
}

TEST_F(TlsTest, AnotherAuthorityAndTheSystemsStoreDoNotKnowOurs) {
    const test::Authority other;
    const TlsContext context = server();
    EXPECT_NE(shake_hands(context, make_tls_client({.ca = other.file()})).client, "");
    EXPECT_EQ(shake_hands(context, make_tls_client({})).client.substr(0, 19),
              "certificate refused");
}

TEST_F(TlsTest, AfterAFailedHandshakeNothingIsSentOrReceived) {
    const TlsContext context = server();
    connect();
    client_.stream.start_tls_client(client().get(), "acme.example");
    server_.stream.start_tls_server(context.get());
    test::run_until(io_, [&] { return client_.is_up(writable); });
    EXPECT_TRUE(test::send(client_.stream, "secret").failed);
    client_.stream.start_receive(client_.buffer);
    EXPECT_TRUE(client_.is_up(received));
    EXPECT_EQ(client_.stream.received()->condition, Condition::failed);
}

TEST_F(TlsTest, VersionsBelowTheLeastAreRefused) {
    const test::Identity files = authority_.issue();
    const TlsContext twelve =
        make_tls_server({.certificate = files.certificate, .private_key = files.private_key});
    const TlsContext thirteen = make_tls_server(
        {.certificate = files.certificate, .private_key = files.private_key, .only_tls13 = true});
    const auto client_of = [&](int version) {
        TlsContext context = odd_context(TLS_client_method());
        SSL_CTX_set_min_proto_version(context.get(), version);
        SSL_CTX_set_max_proto_version(context.get(), version);
        return context;
    };
    EXPECT_NE(shake_hands(twelve, client_of(TLS1_1_VERSION)).server, "");
    EXPECT_EQ(shake_hands(twelve, client_of(TLS1_2_VERSION)).server, "");
    EXPECT_NE(shake_hands(thirteen, client_of(TLS1_2_VERSION)).server, "");
    EXPECT_EQ(shake_hands(thirteen, client_of(TLS1_3_VERSION)).server, "");

    const TlsContext old = odd_server(files);
    SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
    EXPECT_NE(shake_hands(old, client()).client, "");
    SSL_CTX_set_max_proto_version(old.get(), TLS1_2_VERSION);
    EXPECT_EQ(shake_hands(old, client()).client, "");
}

std::vector<unsigned char> protocols(std::initializer_list<std::string_view> names) {
    std::vector<unsigned char> list;
    for (const std::string_view name : names) {
        list.push_back(static_cast<unsigned char>(name.size()));
        list.insert(list.end(), name.begin(), name.end());
    }
    return list;
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
            const TlsContext own = odd_context(TLS_client_method());
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

TEST_F(TlsTest, OnlyHttp1IsSpoken) {
    const TlsContext context = server();
    const auto client_of = [&](std::initializer_list<std::string_view> names) {
        TlsContext made = odd_context(TLS_client_method());
        const std::vector<unsigned char> list = protocols(names);
        SSL_CTX_set_alpn_protos(made.get(), list.data(), static_cast<unsigned>(list.size()));
        return made;
    };
    EXPECT_EQ(shake_hands(context, client_of({"h2", "http/1.1"})).client, "");
    EXPECT_EQ(shake_hands(context, odd_context(TLS_client_method())).client, "");
    const Handshake only_h2 = shake_hands(context, client_of({"h2"}));
    EXPECT_NE(only_h2.client.find("no application protocol"), std::string::npos) << only_h2.client;
    EXPECT_NE(only_h2.server, "");

    const TlsContext wilful = odd_server(authority_.issue());
    SSL_CTX_set_alpn_select_cb(
        wilful.get(),
        [](SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char*, unsigned,
           void*) {
            *chosen = reinterpret_cast<const unsigned char*>("h2");
            *size = 2;
            return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    EXPECT_NE(shake_hands(wilful, client()).client, "");
}

TEST_F(TlsTest, AClientCertificateIsDemandedWhereAnAuthorityIsSet) {
    const test::Identity files = authority_.issue();
    const TlsContext context = make_tls_server({.certificate = files.certificate,
                                                .private_key = files.private_key,
                                                .client_ca = authority_.file()});
    const auto client_of = [&](const test::Identity& own) {
        return make_tls_client({.ca = authority_.file(),
                                .certificate = own.certificate,
                                .private_key = own.private_key});
    };
    EXPECT_NE(shake_hands(context, client()).server, "");
    EXPECT_EQ(shake_hands(context, client_of(authority_.issue())).server, "");
    EXPECT_NE(shake_hands(context, client_of(authority_.issue({.expired = true}))).server, "");
    test::Authority other;
    EXPECT_NE(shake_hands(context, client_of(other.issue())).server, "");
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

TEST_F(TlsTest, BytesInPlaintextAreNoHandshake) {
    const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (const bool before_hello : {false, true}) {
        SCOPED_TRACE(before_hello);
        connect();
        if (before_hello) test::send(server_.stream, answer);
        client_.stream.start_tls_client(client().get(), "localhost");
        if (!before_hello) test::send(server_.stream, answer);
        test::run_until(io_, [&] { return client_.is_up(writable); });
        client_.signal.clear(writable);
        EXPECT_NE(client_.stream.take_error().value_or(""), "");
        EXPECT_TRUE(test::send(client_.stream, "x").failed);
    }
}

TEST_F(TlsTest, AHandshakeThatEndsEarlyFails) {
    for (const bool by_reset : {false, true}) {
        connect();
        client_.stream.start_tls_client(client().get(), "localhost");
        by_reset ? server_.stream.reset() : server_.stream.close();
        test::run_until(io_, [&] { return client_.is_up(writable); });
        client_.signal.clear(writable);
        EXPECT_EQ(client_.stream.take_error(), "closed during the TLS handshake");
    }
    Stream closed;
    Signal signal;
    closed.attach(signal, received, writable);
    closed.start_tls_client(client().get(), "localhost");
    EXPECT_EQ(signal.raised(), writable);
    EXPECT_TRUE(closed.take_error());
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

std::string problem_of(const std::function<void()>& what) {
    try {
        what();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

TEST_F(TlsTest, AnUnusableFileIsNamed) {
    const test::Identity good = authority_.issue();
    const test::Identity other = authority_.issue();
    const test::Identity locked = authority_.issue({.passphrase = "secret"});
    const std::string missing = authority_.folder() + "/missing.pem";
    const std::string text = authority_.folder() + "/text.pem";
    std::ofstream(text) << "not a certificate\n";
    const auto of_server = [](const std::string& certificate, const std::string& key,
                              const std::string& ca = "") {
        return problem_of([&] {
            make_tls_server({.certificate = certificate, .private_key = key, .client_ca = ca});
        });
    };
    const auto names = [](const std::string& problem, const std::string& file) {
        return problem.starts_with(file + ": ");
    };
    EXPECT_TRUE(names(of_server(missing, good.private_key), missing));
    EXPECT_TRUE(names(of_server(text, good.private_key), text));
    EXPECT_TRUE(names(of_server(good.certificate, missing), missing));
    EXPECT_TRUE(names(of_server(good.certificate, other.private_key), other.private_key));
    EXPECT_TRUE(names(of_server(good.certificate, locked.private_key), locked.private_key));
    EXPECT_TRUE(names(of_server(good.certificate, good.private_key, text), text));
    EXPECT_EQ(of_server(good.certificate, good.private_key, authority_.file()), "");
    EXPECT_TRUE(names(problem_of([&] { make_tls_client({.ca = text}); }), text));
    EXPECT_TRUE(names(problem_of([&] { make_tls_client({.ca = missing}); }), missing));
    EXPECT_TRUE(names(problem_of([&] {
                          make_tls_client({.ca = authority_.file(),
                                           .certificate = good.certificate,
                                           .private_key = other.private_key});
                      }),
                      other.private_key));
}

// OpenSSL waits for the writer of a pipe, for as long as there is none.
TEST_F(TlsTest, WhatIsNoRegularFileIsRefusedAtOnce) {
    const test::Identity good = authority_.issue();
    const std::string pipe = authority_.folder() + "/pipe.pem";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::string problem = pipe + ": not a regular file";
    EXPECT_EQ(problem_of(
                  [&] { make_tls_server({.certificate = pipe, .private_key = good.private_key}); }),
              problem);
    EXPECT_EQ(problem_of(
                  [&] { make_tls_server({.certificate = good.certificate, .private_key = pipe}); }),
              problem);
    EXPECT_EQ(problem_of([&] {
                  make_tls_server({.certificate = good.certificate,
                                   .private_key = good.private_key,
                                   .client_ca = pipe});
              }),
              problem);
    EXPECT_EQ(problem_of([&] { make_tls_client({.ca = pipe}); }), problem);
    EXPECT_EQ(problem_of(
                  [&] { make_tls_client({.certificate = pipe, .private_key = good.private_key}); }),
              problem);
}

}  // namespace
}  // namespace bearergate::net
