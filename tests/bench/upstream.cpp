// The upstream of the benchmark: as little as answers GET requests. `/big` gives 1 MiB, `/events` a
// stream of events that never ends, anything else 1 KiB of JSON. Knows requests by their empty
// line, which is all that the load generators send.
#include "events.hpp"
#include "loop.hpp"

#include <string_view>
#include <unordered_map>

namespace {

using bench::Events;

struct Connection {
    std::string head{};
    std::string_view pending{};
    bool closes = false;  // when all is sent, as the request asked
};

std::string response_of(std::string body, std::string_view further = {}) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + std::string(further) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::move(body);
}

std::string body_of(std::size_t bytes) {
    return "{\"data\":\"" + std::string(bytes - 11, 'x') + "\"}";
}

class Upstream {
public:
    explicit Upstream(std::uint16_t port) : listener_(bench::listen_on(port)), events_(epoll_) {
        epoll_.add(listener_, EPOLLIN, key(listener_));
    }
    [[noreturn]] void run() {
        epoll_.run([this](std::uint64_t data, std::uint32_t events) {
            const int descriptor = static_cast<int>(data);
            if (descriptor == listener_) return accept();
            if (descriptor == events_.timer()) return events_.tick();
            if (!serve(descriptor, events)) forget(descriptor);
        });
    }

private:
    static std::uint64_t key(int descriptor) { return static_cast<std::uint64_t>(descriptor); }

    void accept() {
        const int client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (client < 0) return;
        bench::no_delay(client);
        connections_[client] = {};
        epoll_.add(client, EPOLLIN, key(client));
    }
    void forget(int descriptor) {
        connections_.erase(descriptor);
        events_.remove(descriptor);
        close(descriptor);
    }
    bool serve(int descriptor, std::uint32_t events) {
        Connection& connection = connections_[descriptor];
        if ((events & (EPOLLHUP | EPOLLERR)) != 0) return false;
        if ((events & EPOLLOUT) != 0 && !flush(descriptor, connection)) return false;
        return (events & EPOLLIN) == 0 || read(descriptor, connection);
    }
    // Sends what is pending; waits for room only when there is none.
    bool flush(int descriptor, Connection& connection) {
        const bool waited = !connection.pending.empty();
        while (!connection.pending.empty()) {
            const ssize_t n = send(descriptor, connection.pending.data(), connection.pending.size(),
                                   MSG_NOSIGNAL);
            if (n < 0) return errno == EAGAIN;
            connection.pending.remove_prefix(static_cast<std::size_t>(n));
        }
        if (waited) epoll_.change(descriptor, EPOLLIN, key(descriptor));
        return !connection.closes;
    }
    bool read(int descriptor, Connection& connection) {
        std::array<char, 16 * 1024> buffer;
        const ssize_t got = recv(descriptor, buffer.data(), buffer.size(), 0);
        if (got < 0) return errno == EAGAIN;
        if (got == 0) return false;
        connection.head.append(buffer.data(), static_cast<std::size_t>(got));
        while (connection.pending.empty()) {
            const std::size_t end = connection.head.find("\r\n\r\n");
            if (end == std::string::npos) return true;
            const std::string_view head = std::string_view(connection.head).substr(0, end + 4);
            const bool alive = answer(descriptor, connection, head);
            connection.head.erase(0, end + 4);
            if (!alive) return false;
        }
        return true;
    }
    bool answer(int descriptor, Connection& connection, std::string_view head) {
        if (head.starts_with("GET /events")) return events_.add(descriptor);
        connection.closes = head.find("\r\nConnection: close\r\n") != head.npos;
        std::string_view answer = head.starts_with("GET /big") ? big_
                                  : connection.closes          ? last_
                                                               : small_;
        const ssize_t n = send(descriptor, answer.data(), answer.size(), MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return false;
        if (n > 0) answer.remove_prefix(static_cast<std::size_t>(n));
        connection.pending = answer;
        if (answer.empty()) return !connection.closes;
        epoll_.change(descriptor, EPOLLIN | EPOLLOUT, key(descriptor));
        return true;
    }

    const std::string small_ = response_of(body_of(1024));
    const std::string last_ = response_of(body_of(1024), "Connection: close\r\n");
    const std::string big_ = response_of(body_of(1024UL * 1024));
    bench::Epoll epoll_{};
    int listener_;
    Events events_;
    std::unordered_map<int, Connection> connections_{};
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: upstream PORT\n", stderr);
        return 2;
    }
    Upstream(bench::port_of(argv[1])).run();
}
