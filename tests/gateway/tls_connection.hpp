#pragma once

#include "net/certificates.hpp"
#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace bearergate::test {

// A client's TLS connection to 127.0.0.1, OpenSSL over a blocking socket. Waits at most 10 s for
// anything.
class TlsConnection {
public:
    struct Options {
        std::string authority{};  // file; whom the client trusts
        int version = 0;          // of TLS, the only one; 0: any
        std::string protocols{};  // for ALPN, each after its length
        net::test::Identity identity{};
    };
    TlsConnection(std::uint16_t port, const Options& options)
        : context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        SSL_CTX_load_verify_file(context_.get(), options.authority.c_str());
        SSL_CTX_set_cipher_list(context_.get(), "DEFAULT:@SECLEVEL=0");  // 1.0 and 1.1 as well
        SSL_CTX_set_min_proto_version(context_.get(), options.version);
        SSL_CTX_set_max_proto_version(context_.get(), options.version);
        if (!options.identity.certificate.empty()) {
            SSL_CTX_use_certificate_chain_file(context_.get(),
                                               options.identity.certificate.c_str());
            SSL_CTX_use_PrivateKey_file(context_.get(), options.identity.private_key.c_str(),
                                        SSL_FILETYPE_PEM);
        }
        connect(port);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), socket_);
        SSL_set1_host(ssl_.get(), "localhost");
        SSL_set_tlsext_host_name(ssl_.get(), "localhost");
        SSL_set_alpn_protos(ssl_.get(),
                            reinterpret_cast<const unsigned char*>(options.protocols.data()),
                            static_cast<unsigned>(options.protocols.size()));
        shaken_ = SSL_connect(ssl_.get()) == 1;
    }
    TlsConnection(const TlsConnection&) = delete;
    TlsConnection& operator=(const TlsConnection&) = delete;
    ~TlsConnection() { ::close(socket_); }

    // As far as this side knows: one of 1.3 learns of a refusal only when it reads.
    bool has_shaken_hands() const { return shaken_; }
    int version() const { return SSL_version(ssl_.get()); }
    std::string protocol() const {
        const unsigned char* chosen = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
        return {reinterpret_cast<const char*>(chosen), size};
    }

    bool send(std::string_view bytes) {
        std::size_t sent = 0;
        return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) == 1;
    }
    // Reads until so much has come, or the end.
    std::string read_bytes(std::size_t count) {
        while (received_.size() < count && read_some()) {
        }
        std::string taken = received_.substr(0, count);
        received_.erase(0, taken.size());
        return taken;
    }
    std::string read_all() { return read_bytes(std::string::npos); }
    // One answer of a stated length.
    Reply read_reply() {
        while (received_.find("\r\n\r\n") == std::string::npos && read_some()) {
        }
        const auto head = received_.find("\r\n\r\n");
        if (head == std::string::npos) return {};
        const Reply reply = parse_reply(received_.substr(0, head + 4), true);
        const std::string length = reply.header("Content-Length");
        return parse_reply(read_bytes(head + 4 + (length.empty() ? 0 : std::stoul(length))), false);
    }
    // The peer has said properly that it was all.
    bool was_told_the_end() const {
        return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    }
    void say_end() { SSL_shutdown(ssl_.get()); }
    void end_without_a_word() { ::shutdown(socket_, SHUT_WR); }

private:
    void connect(std::uint16_t port) {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
    }
    bool read_some() {
        std::array<char, 16'384> bytes{};
        std::size_t got = 0;
        if (SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &got) != 1) return false;
        received_.append(bytes.data(), got);
        return true;
    }

    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    std::unique_ptr<SSL_CTX, Free> context_;
    int socket_ = -1;
    std::unique_ptr<SSL, Free> ssl_{};
    bool shaken_ = false;
    std::string received_{};
};

}  // namespace bearergate::test
