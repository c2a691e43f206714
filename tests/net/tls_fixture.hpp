#pragma once

#include <bearergate/net/stream.hpp>
#include <bearergate/net/tls.hpp>

#include "net/certificates.hpp"
#include "net/support.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <span>
#include <string>

// Both ends of a TLS connection over loopback, an authority for their certificates, and peers with
// settings that ours do not have.
namespace bearergate::net::test {

// A peer with settings that make_tls_server() and make_tls_client() would not make.
inline TlsContext odd_context(const SSL_METHOD* method) {
    TlsContext context(SSL_CTX_new(method), [](SSL_CTX* old) { SSL_CTX_free(old); });
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    return context;
}

inline TlsContext odd_server(const Identity& files) {
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

class TlsFixture : public testing::Test {
protected:
    using Condition = Stream::Condition;
    static constexpr Signal::Bits received = 1;
    static constexpr Signal::Bits writable = 2;
    using Wish = Authority::Wish;

    TlsContext server(const Wish& wish) {
        const Identity files = authority_.issue(wish);
        return make_tls_server(
            {.certificate = files.certificate, .private_key = files.private_key});
    }
    TlsContext server() { return server({}); }
    TlsContext client() const { return make_tls_client({.ca = authority_.file()}); }

    void connect(int small_buffers = 0) {
        Pair pair(small_buffers);
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
        run_until(io_, [&] {
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
        run_until(io_, [&] { return end.is_up(received); });
        end.signal.clear(received);
        return end.stream.received().value_or(Stream::Received{.condition = Condition::cancelled});
    }

    boost::asio::io_context io_{1};
    Authority authority_;
    End client_;
    End server_;
    int client_descriptor_ = -1;
    int server_descriptor_ = -1;
};

}  // namespace bearergate::net::test
