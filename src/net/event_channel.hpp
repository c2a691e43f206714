#pragma once

#include <bearergate/net/event_stream.hpp>
#include <bearergate/net/stream.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace bearergate::net {

// Between who tells and the coroutine that writes. Both are on one thread.
struct EventStream::Channel {
    explicit Channel(const Executor& executor) : news(executor) {}

    // The next event, or a comment that keeps the connection alive when there is none for so long;
    // null when it is over.
    boost::asio::awaitable<std::shared_ptr<const std::string>> take(
        std::chrono::seconds heart_beat);
    void lose_reader();

    boost::asio::steady_timer news;  // cancelled when there is any
    std::shared_ptr<const std::string> next{};
    bool has_teller = true;
    bool has_reader = true;
};

}  // namespace bearergate::net
