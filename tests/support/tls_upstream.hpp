#pragma once

#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace bearergate::test {

// An upstream over TLS, blocking, on threads of its own. It answers every request that has no body
// with the same bytes, and remembers who spoke to it by which name.
class TlsUpstream {
public:
    struct Options {
        std::string certificate{};
        std::string private_key{};
        std::string client_ca{};        // client certificates are demanded
        std::string plaintext_first{};  // sent before any handshake
        bool says_goodbye = true;       // with close_notify
        int highest_version = 0;        // TLS1_2_VERSION; 0: any
        std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        bool closes_after_response = false;
    };
    struct Seen {
        std::size_t connections = 0;
        std::size_t handshakes = 0;
        std::size_t requests = 0;
        std::string server_name{};   // of the last handshake
        std::string client{};        // the common name of its certificate
        std::string last_request{};  // head
    };

    explicit TlsUpstream(Options options) : options_(std::move(options)), context_(make_context()) {
        std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const where = reinterpret_cast<sockaddr*>(&address);
        listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::bind(listening_, where, size) != 0 || ::listen(listening_, 64) != 0 ||
            ::getsockname(listening_, where, &size) != 0) {
            throw std::runtime_error("cannot listen");
        }
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }
    ~TlsUpstream() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
            for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
        }
        ::shutdown(listening_, SHUT_RDWR);
        acceptor_.join();
        for (auto& thread : threads_) thread.join();
        for (const int socket : sockets_) ::close(socket);
        ::close(listening_);
    }
    TlsUpstream(const TlsUpstream&) = delete;
    TlsUpstream& operator=(const TlsUpstream&) = delete;

    std::uint16_t port() const { return port_; }
    Seen seen() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }

private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    using Context = std::unique_ptr<SSL_CTX, Free>;

    Context make_context() const {
        Context context(SSL_CTX_new(TLS_server_method()));
        if (options_.highest_version != 0) {
            SSL_CTX_set_max_proto_version(context.get(), options_.highest_version);
        }
        if (SSL_CTX_use_certificate_chain_file(context.get(), options_.certificate.c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(context.get(), options_.private_key.c_str(),
                                        SSL_FILETYPE_PEM) != 1) {
            throw std::runtime_error("no certificate");
        }
        if (!options_.client_ca.empty()) {
            SSL_CTX_load_verify_locations(context.get(), options_.client_ca.c_str(), nullptr);
            SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                               nullptr);
        }
        return context;
    }

    void accept_all() {
        for (;;) {
            const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
            const std::lock_guard lock(mutex_);
            if (socket < 0 || over_) {
                if (socket >= 0) ::close(socket);
                return;
            }
            const timeval most{.tv_sec = 10, .tv_usec = 0};
            ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
            sockets_.push_back(socket);
            ++seen_.connections;
            threads_.emplace_back([this, socket] { serve(socket); });
        }
    }

    void serve(int socket) {
        if (!options_.plaintext_first.empty()) {
            const auto& text = options_.plaintext_first;
            static_cast<void>(::send(socket, text.data(), text.size(), MSG_NOSIGNAL));
        }
        const std::unique_ptr<SSL, Free> ssl(SSL_new(context_.get()));
        SSL_set_fd(ssl.get(), socket);
        if (SSL_accept(ssl.get()) == 1) {
            note_handshake(ssl.get());
            talk(ssl.get());
            if (options_.says_goodbye) SSL_shutdown(ssl.get());
        }
        ERR_clear_error();
        ::shutdown(socket, SHUT_RDWR);
    }

    void note_handshake(SSL* ssl) {
        const std::lock_guard lock(mutex_);
        ++seen_.handshakes;
        const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        seen_.server_name = name == nullptr ? "" : name;
        if (X509* const peer = SSL_get1_peer_certificate(ssl)) {
            std::array<char, 64> text{};
            X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, text.data(),
                                      text.size());
            seen_.client = text.data();
            X509_free(peer);
        }
    }

    void talk(SSL* ssl) {
        std::string received;
        std::array<char, 4096> bytes{};
        for (;;) {
            const int count = SSL_read(ssl, bytes.data(), bytes.size());
            if (count <= 0) return;
            received.append(bytes.data(), static_cast<std::size_t>(count));
            const auto end = received.find("\r\n\r\n");
            if (end == std::string::npos) continue;
            {
                const std::lock_guard lock(mutex_);
                ++seen_.requests;
                seen_.last_request = received.substr(0, end + 4);
            }
            received.erase(0, end + 4);
            const auto& response = options_.response;
            if (SSL_write(ssl, response.data(), static_cast<int>(response.size())) <= 0) return;
            if (options_.closes_after_response) return;
        }
    }

    Options options_;
    Context context_;
    int listening_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_{};
    Seen seen_{};
    bool over_ = false;
    std::vector<int> sockets_{};
    std::vector<std::thread> threads_{};
    std::thread acceptor_{};
};

}  // namespace bearergate::test
