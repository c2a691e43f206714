#pragma once

#include "loop.hpp"

#include <sys/timerfd.h>
#include <time.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

inline std::uint64_t monotonic_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
}

// Server-sent events for whoever asked, 50 a second for each, spread over time so that streams do
// not all wake at once. An event carries the moment it was sent, by the clock that all processes of
// a machine share; whoever receives it knows how long it took.
class Events {
public:
    explicit Events(Epoll& epoll)
        : timer_(check(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), "timerfd_create")) {
        epoll.add(timer_, EPOLLIN, static_cast<std::uint64_t>(timer_));
    }
    int timer() const { return timer_; }

    bool add(int descriptor) {
        constexpr std::string_view head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
            "Transfer-Encoding: chunked\r\n\r\n";
        if (send(descriptor, head.data(), head.size(), MSG_NOSIGNAL) < 0) return false;
        if (streams_.empty()) tick_every(1'000'000);
        streams_.push_back(descriptor);
        return true;
    }
    void remove(int descriptor) {
        if (std::erase(streams_, descriptor) > 0 && streams_.empty()) tick_every(0);
    }
    void tick() {
        std::uint64_t ticks = 0;
        if (read(timer_, &ticks, sizeof ticks) < 0) return;
        for (; ticks > 0; --ticks, ++turn_) {
            for (std::size_t i = turn_ % period; i < streams_.size(); i += period) {
                send_event(streams_[i]);
            }
        }
    }

private:
    static constexpr std::size_t period = 20;  // ticks of a millisecond

    void tick_every(long nanoseconds) {
        const itimerspec every{.it_interval = {.tv_sec = 0, .tv_nsec = nanoseconds},
                               .it_value = {.tv_sec = 0, .tv_nsec = nanoseconds}};
        check(timerfd_settime(timer_, 0, &every, nullptr), "timerfd_settime");
    }
    // What does not fit at once is lost: a receiver that is so slow shows in what it counts.
    static void send_event(int descriptor) {
        std::array<char, 160> chunk;
        const int size = std::snprintf(chunk.data(), chunk.size(), "70\r\ndata: %020llu %s\n\n\r\n",
                                       static_cast<unsigned long long>(monotonic_nanoseconds()),
                                       padding().c_str());
        send(descriptor, chunk.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
    }
    // An event of 0x70 bytes: "data: ", 20 digits, a space, this and two line feeds.
    static const std::string& padding() {
        static const std::string text(0x70 - 6 - 20 - 1 - 2, '.');
        return text;
    }

    int timer_;
    std::size_t turn_ = 0;
    std::vector<int> streams_{};
};

}  // namespace bench
