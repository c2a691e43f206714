#pragma once

#include "fuzz.hpp"
#include "naive_http.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::fuzz {

// Reads what is there; false when the peer has ended.
inline bool read_some(int descriptor, std::string& into) {
    std::array<char, 16384> piece{};
    for (;;) {
        const auto count = ::recv(descriptor, piece.data(), piece.size(), MSG_DONTWAIT);
        if (count <= 0) return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        into.append(piece.data(), static_cast<std::size_t>(count));
    }
}

// An upstream on a unix socket without a file, in the thread of whoever calls step(). It reads
// everything strictly and answers request by request, as letters say.
class ScriptedUpstream {
public:
    // `request` is told of every head as soon as it is whole, and of its body when that is.
    struct Told {
        std::function<void(const naive::Message&)> head{};
        std::function<void(const naive::Message&)> whole{};
    };
    ScriptedUpstream() {
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        // The kernel chooses a name.
        require(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)) == 0,
                "there is a socket to bind");
        require(::listen(listener_, 64) == 0, "and to listen on");
        socklen_t size = sizeof(address);
        (void)::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        name_.assign(address.sun_path, size - offsetof(sockaddr_un, sun_path));
    }
    ~ScriptedUpstream() {
        forget();
        (void)::close(listener_);
    }
    ScriptedUpstream(const ScriptedUpstream&) = delete;
    ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;

    boost::asio::local::stream_protocol::endpoint endpoint() const { return {name_}; }

    // Letters for the requests to come, the last one for all the rest; bytes for the letter f.
    void play(std::string_view letters, std::string_view bytes, Told told) {
        letters_ = letters;
        bytes_ = bytes;
        told_ = std::move(told);
    }
    // Closes every connection, also those that nobody has accepted yet.
    void forget() {
        accept_all();
        for (const Connection& connection : connections_) (void)::close(connection.descriptor);
        connections_.clear();
    }

    // Accepts, reads, answers what can be; true when something happened.
    bool step() {
        bool moved = accept_all();
        for (std::size_t i = 0; i < connections_.size();) {
            Connection& connection = connections_[i];
            const std::size_t before = connection.received.size();
            const bool open = read_some(connection.descriptor, connection.received);
            moved = moved || connection.received.size() > before;
            while (!connection.closing && take(connection)) moved = true;
            if (!open || connection.closing) {
                (void)::close(connection.descriptor);
                connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
                moved = true;
            } else {
                ++i;
            }
        }
        return moved;
    }

private:
    struct Connection {
        int descriptor = -1;
        std::string received{};  // and not taken yet
        bool told_head = false;
        bool is_tunnel = false;
        bool closing = false;
        char letter = 'k';
    };

    bool accept_all() {
        bool moved = false;
        for (;;) {
            const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (descriptor < 0) return moved;
            connections_.push_back({.descriptor = descriptor});
            moved = true;
        }
    }

    char next_letter() {
        if (letters_.empty()) return 'k';
        const char letter = letters_.front();
        if (letters_.size() > 1) letters_.remove_prefix(1);
        return letter;
    }

    // One more head, or one more whole request, off the front of what was received.
    bool take(Connection& connection) {
        if (connection.is_tunnel) {
            connection.received.clear();
            return false;
        }
        if (!connection.received.contains("\r\n\r\n")) return false;
        auto request = naive::read_head(connection.received);
        require(request && naive::is_request_head(*request), "only requests come upstream");
        if (!connection.told_head) {
            connection.told_head = true;
            connection.letter = next_letter();
            told_.head(*request);
            if (connection.letter == 'e') {
                send(connection, "HTTP/1.1 413 Enough\r\nContent-Length: 0\r\n\r\n");
                connection.closing = true;
            }
            return true;
        }
        naive::read_body(connection.received, *request);
        if (request->size == 0) return false;
        require(request->is_plain, "a body is framed anew");
        told_.whole(*request);
        connection.received.erase(0, request->size);
        connection.told_head = false;
        answer(connection, *request);
        return true;
    }

    void answer(Connection& connection, const naive::Message& request) {
        const bool has_body = request.start[0] != "HEAD";
        const std::string ok =
            std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n") + (has_body ? "ok" : "");
        switch (connection.letter) {
            case 'c':
                send(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                if (has_body) send(connection, "2;a=b\r\nok\r\n0\r\nT: x\r\n\r\n");
                return;
            case 'n': send(connection, "HTTP/1.1 204 None\r\n\r\n"); return;
            case 'u':
                send(connection, "HTTP/1.0 200 OK\r\n\r\nuntil the close");
                connection.closing = true;
                return;
            case 'x': connection.closing = true; return;
            case 's':
                send(connection, ok);
                connection.closing = true;
                return;
            case 'i':
                send(connection, "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n");
                send(connection, ok);
                return;
            case 'p':
                send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
                connection.closing = true;
                return;
            case 'm': send(connection, ok + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); return;
            case 'f': send(connection, bytes_); return;
            case 'F':
                send(connection, bytes_);
                connection.closing = true;
                return;
            case 'h': return;
            case 'w': upgrade(connection, request); return;
            default: send(connection, ok); return;
        }
    }

    // The handshake of RFC 6455's example, whose answer is known.
    void upgrade(Connection& connection, const naive::Message& request) {
        send(connection,
             "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello");
        const std::vector<std::string> key{"dGhlIHNhbXBsZSBub25jZQ=="};
        connection.is_tunnel = request.has("upgrade") && request.values("sec-websocket-key") == key;
    }

    static void send(const Connection& connection, std::string_view bytes) {
        (void)::send(connection.descriptor, bytes.data(), bytes.size(),
                     MSG_NOSIGNAL | MSG_DONTWAIT);
    }

    int listener_ = -1;
    std::string name_{};
    std::string_view letters_{};
    std::string_view bytes_{};
    Told told_{};
    std::vector<Connection> connections_{};
};

}  // namespace bearergate::fuzz
