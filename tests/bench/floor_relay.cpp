// The floor of the benchmark: a proxy that parses nothing. Every client connection gets one
// upstream connection, and bytes are copied as they come. What a gateway costs beyond this is what
// it does for its living.
#include "loop.hpp"

#include <memory>
#include <vector>

namespace {

struct Pair {
    int client = -1;
    int upstream = -1;
};

// Copies what is there. False when the peer has ended or cannot take it: the floor does not queue.
bool copy(int from, int to) {
    std::array<char, 16 * 1024> buffer;
    const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    for (ssize_t sent = 0; sent < got;) {
        const ssize_t n =
            send(to, buffer.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return false;
        if (n > 0) sent += n;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: floor_relay PORT UPSTREAM_PORT\n", stderr);
        return 2;
    }
    const std::uint16_t upstream_port = bench::port_of(argv[2]);
    const int listener = bench::listen_on(bench::port_of(argv[1]));
    std::vector<Pair> pairs;  // an event's data is twice the index, plus one for the upstream side
    constexpr std::uint64_t accepting = ~0ULL;
    bench::Epoll epoll;
    epoll.add(listener, EPOLLIN, accepting);
    epoll.run([&](std::uint64_t data, std::uint32_t) {
        if (data == accepting) {
            const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
            if (client < 0) return;
            bench::no_delay(client);
            const std::uint64_t index = pairs.size();
            pairs.push_back({.client = client, .upstream = bench::connect_to(upstream_port)});
            epoll.add(client, EPOLLIN, 2 * index);
            epoll.add(pairs.back().upstream, EPOLLIN, 2 * index + 1);
            return;
        }
        Pair& pair = pairs[data / 2];
        if (pair.client < 0) return;
        const bool from_client = data % 2 == 0;
        if (!copy(from_client ? pair.client : pair.upstream,
                  from_client ? pair.upstream : pair.client)) {
            close(pair.client);
            close(pair.upstream);
            pair = {};
        }
    });
}
