// The upstream of the benchmark: as little as answers keep-alive GET requests. `/big` gives 1 MiB,
// anything else 1 KiB of JSON. Knows requests by their empty line, which is all that the load
// generators send.
#include "loop.hpp"

#include <memory>
#include <string_view>
#include <unordered_map>

namespace {

struct Connection {
    std::string head{};
    std::string_view pending{};
};

std::string response_of(std::string body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::move(body);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: upstream PORT\n", stderr);
        return 2;
    }
    const int listener = bench::listen_on(bench::port_of(argv[1]));
    const std::string small = response_of("{\"data\":\"" + std::string(1024 - 11, 'x') + "\"}");
    const std::string big =
        response_of("{\"data\":\"" + std::string(1024 * 1024 - 11, 'x') + "\"}");

    std::unordered_map<int, Connection> connections;
    bench::Epoll epoll;
    epoll.add(listener, EPOLLIN, static_cast<std::uint64_t>(listener));

    // Sends what is pending; waits for room only when there is none.
    const auto flush = [&](int descriptor, Connection& connection) {
        const bool waited = !connection.pending.empty();
        while (!connection.pending.empty()) {
            const ssize_t n = send(descriptor, connection.pending.data(), connection.pending.size(),
                                   MSG_NOSIGNAL);
            if (n < 0) return errno == EAGAIN;
            connection.pending.remove_prefix(static_cast<std::size_t>(n));
        }
        if (waited) epoll.change(descriptor, EPOLLIN, static_cast<std::uint64_t>(descriptor));
        return true;
    };
    const auto read = [&](int descriptor, Connection& connection) {
        std::array<char, 16 * 1024> buffer;
        const ssize_t got = recv(descriptor, buffer.data(), buffer.size(), 0);
        if (got < 0) return errno == EAGAIN;
        if (got == 0) return false;
        connection.head.append(buffer.data(), static_cast<std::size_t>(got));
        while (connection.pending.empty()) {
            const std::size_t end = connection.head.find("\r\n\r\n");
            if (end == std::string::npos) return true;
            const bool wants_big = connection.head.starts_with("GET /big");
            connection.head.erase(0, end + 4);
            std::string_view answer = wants_big ? big : small;
            const ssize_t n = send(descriptor, answer.data(), answer.size(), MSG_NOSIGNAL);
            if (n < 0 && errno != EAGAIN) return false;
            if (n > 0) answer.remove_prefix(static_cast<std::size_t>(n));
            connection.pending = answer;
            if (!answer.empty())
                epoll.change(descriptor, EPOLLIN | EPOLLOUT,
                             static_cast<std::uint64_t>(descriptor));
        }
        return true;
    };

    epoll.run([&](std::uint64_t data, std::uint32_t events) {
        const int descriptor = static_cast<int>(data);
        if (descriptor == listener) {
            const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
            if (client < 0) return;
            bench::no_delay(client);
            connections[client] = {};
            epoll.add(client, EPOLLIN, static_cast<std::uint64_t>(client));
            return;
        }
        Connection& connection = connections[descriptor];
        bool alive = (events & EPOLLOUT) == 0 || flush(descriptor, connection);
        if (alive && (events & EPOLLIN) != 0) alive = read(descriptor, connection);
        if (!alive || (events & (EPOLLHUP | EPOLLERR)) != 0) {
            connections.erase(descriptor);
            close(descriptor);
        }
    });
}
