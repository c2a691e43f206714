#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

// The least that the programs of the benchmark need of epoll: one thread, loopback, level
// triggered. They are yardsticks, not products; what they cannot do they do not try.
namespace bench {

inline int check(int result, const char* what) {
    if (result < 0) {
        std::perror(what);
        std::exit(1);
    }
    return result;
}

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline void no_delay(int descriptor) {
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

inline int listen_on(std::uint16_t port) {
    const int descriptor = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
    const int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    check(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    check(listen(descriptor, 1024), "listen");
    return descriptor;
}

inline int connect_to(std::uint16_t port) {
    const int descriptor = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    const sockaddr_in address = loopback(port);
    check(connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address),
          "connect");
    check(fcntl(descriptor, F_SETFL, O_NONBLOCK), "fcntl");
    no_delay(descriptor);
    return descriptor;
}

class Epoll {
public:
    Epoll() : descriptor_(check(epoll_create1(0), "epoll_create1")) {}
    void add(int descriptor, std::uint32_t events, std::uint64_t data) {
        epoll_event event{.events = events, .data = {.u64 = data}};
        check(epoll_ctl(descriptor_, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
    }
    void change(int descriptor, std::uint32_t events, std::uint64_t data) {
        epoll_event event{.events = events, .data = {.u64 = data}};
        check(epoll_ctl(descriptor_, EPOLL_CTL_MOD, descriptor, &event), "epoll_ctl");
    }
    template <class Handle>
    [[noreturn]] void run(Handle handle) {
        for (;;) dispatch(epoll_wait(descriptor_, events_.data(), capacity, -1), handle);
    }
    // Once: what is ready by now, or becomes so within the time.
    template <class Handle>
    void turn(std::chrono::nanoseconds patience, Handle handle) {
        const auto left = std::max(patience.count(), std::int64_t{0});
        const timespec until{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
        dispatch(epoll_pwait2(descriptor_, events_.data(), capacity, &until, nullptr), handle);
    }

private:
    static constexpr int capacity = 256;

    template <class Handle>
    void dispatch(int count, Handle& handle) {
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events_[static_cast<std::size_t>(i)];
            handle(event.data.u64, event.events);
        }
    }

    int descriptor_;
    std::array<epoll_event, capacity> events_{};
};

inline std::uint16_t port_of(const char* text) {
    return static_cast<std::uint16_t>(std::stoi(text));
}

}  // namespace bench
