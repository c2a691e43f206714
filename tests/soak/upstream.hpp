#pragma once

#include "support/http_client.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace bearergate::soak {

inline constexpr std::size_t big_body = 512 * 1024;

// What stands behind the gateway during a soak: it answers by path, well or badly, and remembers
// nothing but numbers, however long it runs.
class Upstream {
public:
    Upstream() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const where = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listening_, where, size) != 0 || ::listen(listening_, 256) != 0 ||
            ::getsockname(listening_, where, &size) != 0) {
            throw std::runtime_error("cannot listen");
        }
        url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        acceptor_ = std::thread([this] { accept_all(); });
    }
    ~Upstream() {
        ::shutdown(listening_, SHUT_RDWR);
        acceptor_.join();
        while (connections_ > 0) {
            kill_all();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        ::close(listening_);
    }
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    const std::string& url() const { return url_; }
    std::uint64_t requests() const { return requests_; }
    // Requests for what nobody may have: one is one too many.
    std::uint64_t forbidden() const { return forbidden_; }
    // Every connection of now dies at once.
    void kill_all() {
        const std::lock_guard lock(mutex_);
        for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }

private:
    void accept_all() {
        for (;;) {
            const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) return;
            const timeval most{.tv_sec = 20, .tv_usec = 0};
            ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
            ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
            ++connections_;
            const std::lock_guard lock(mutex_);
            sockets_.insert(socket);
            std::thread([this, socket] { serve(socket); }).detach();
        }
    }

    void serve(int socket) {
        Talk talk{.socket = socket};
        while (answer(talk)) {
        }
        {
            const std::lock_guard lock(mutex_);
            sockets_.erase(socket);
            ::close(socket);
        }
        --connections_;
    }

    struct Talk {
        int socket;
        std::string received{};

        bool read_some() {
            char bytes[16'384];
            const auto count = ::recv(socket, bytes, sizeof bytes, 0);
            if (count > 0) received.append(bytes, static_cast<std::size_t>(count));
            return count > 0;
        }
        bool send(std::string_view bytes) const {
            while (!bytes.empty()) {
                const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
                if (sent <= 0) return false;
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            }
            return true;
        }
        std::string take(std::size_t count) {
            std::string taken = received.substr(0, count);
            received.erase(0, count);
            return taken;
        }
        // What follows up to this text, or "" when the connection ended.
        std::string take_until(std::string_view end) {
            while (received.find(end) == std::string::npos) {
                if (!read_some()) return "";
            }
            return take(received.find(end) + end.size());
        }
        bool drop(std::size_t count) {
            while (count > 0) {
                if (received.empty() && !read_some()) return false;
                const std::size_t now = std::min(count, received.size());
                received.erase(0, now);
                count -= now;
            }
            return true;
        }
        void reset() const {
            const linger now{.l_onoff = 1, .l_linger = 0};
            ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
    };

    // How many bytes of body there were; nothing when it did not end.
    static std::int64_t read_body(Talk& talk, std::string_view head) {
        const test::Headers fields =
            test::parse_reply("HTTP/1.1 200 \r\n" + after_line(head), true).headers;
        if (const auto length = test::header_of(fields, "Content-Length"); !length.empty()) {
            const std::size_t size = std::stoul(length);
            return talk.drop(size) ? static_cast<std::int64_t>(size) : -1;
        }
        if (test::count_of(fields, "Transfer-Encoding") == 0) return 0;
        for (std::int64_t all = 0;;) {
            const std::string line = talk.take_until("\r\n");
            std::size_t size = 0;
            std::from_chars(line.data(), line.data() + line.size(), size, 16);
            if (line.empty() || !talk.drop(size + 2)) return -1;
            if (size == 0) return all;
            all += static_cast<std::int64_t>(size);
        }
    }
    static std::string after_line(std::string_view head) {
        return std::string(head.substr(head.find("\r\n") + 2));
    }
    static std::string sized(std::string_view body) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               std::string(body);
    }

    // One request; false when the connection is over.
    bool answer(Talk& talk) {
        const std::string head = talk.take_until("\r\n\r\n");
        if (head.empty()) return false;
        ++requests_;
        const auto is_for = [&](std::string_view path) {
            const auto at = head.find(' ');
            return std::string_view(head).substr(at + 1).starts_with(path);
        };
        if (is_for("/forbidden") || is_for("/closed")) ++forbidden_;
        const auto last_words = [&](std::string_view words) {
            talk.send(words);
            return false;
        };
        if (is_for("/early")) return last_words("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");
        const std::int64_t body = read_body(talk, head);
        if (body < 0) return false;
        if (is_for("/upload")) return talk.send(sized(std::to_string(body)));
        if (is_for("/big")) return talk.send(sized(std::string(big_body, 'b')));
        if (is_for("/chunks")) {
            return talk.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") &&
                   talk.send("3\r\nabc\r\n") && talk.send("2\r\nde\r\n0\r\n\r\n");
        }
        if (is_for("/reset")) return talk.reset(), false;
        if (is_for("/garbage")) return last_words("SSH-2.0-OpenSSH\r\n\r\n");
        if (is_for("/cut")) {
            return last_words("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        }
        if (is_for("/chat")) return chat(talk);
        if (is_for("/slow")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        const auto fields = test::parse_reply("HTTP/1.1 200 \r\n" + after_line(head), true).headers;
        return talk.send(sized(test::header_of(fields, "X-Auth-Subject")));
    }

    static bool chat(Talk& talk) {
        if (!talk.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")) {
            return false;
        }
        while (!talk.received.empty() || talk.read_some()) {
            if (!talk.send(talk.take(talk.received.size()))) break;
        }
        return false;
    }

    int listening_;
    std::string url_{};
    std::atomic<std::uint64_t> requests_ = 0;
    std::atomic<std::uint64_t> forbidden_ = 0;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_{};
    std::set<int> sockets_{};
    std::thread acceptor_{};
};

}  // namespace bearergate::soak
