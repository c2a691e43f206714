#pragma once

#include <bearergate/net/listener.hpp>
#include <bearergate/net/stream.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

// What the tests of this layer share: an event loop driven until something is so, and raw peers
// that do on the wire exactly what they are told.
namespace bearergate::net::test {

inline constexpr auto patience = std::chrono::seconds(10);

// Runs `io` until `so` holds; fails the test when it does not come to be.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& so,
                      std::chrono::milliseconds most = patience) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!so() && std::chrono::steady_clock::now() < end) {
        if (io.stopped()) io.restart();
        io.run_one_until(
            std::min(end, std::chrono::steady_clock::now() + std::chrono::milliseconds(50)));
    }
    EXPECT_TRUE(so()) << "did not come to be";
    return so();
}

// A connected pair of descriptors over loopback TCP, both closed at the end unless taken.
class Pair {
public:
    explicit Pair(int small_buffers = 0) {
        const int listening = bind_listener({.text = "test", .host = "127.0.0.1"}, false);
        if (small_buffers != 0) {
            ::setsockopt(listening, SOL_SOCKET, SO_RCVBUF, &small_buffers, sizeof small_buffers);
        }
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
        near_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (small_buffers != 0) {
            ::setsockopt(near_, SOL_SOCKET, SO_SNDBUF, &small_buffers, sizeof small_buffers);
        }
        EXPECT_EQ(::connect(near_, reinterpret_cast<sockaddr*>(&address), size), 0);
        while ((far_ = ::accept(listening, nullptr, nullptr)) < 0) {
        }
        ::close(listening);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair() {
        if (near_ >= 0) ::close(near_);
        close_far();
    }

    Socket take_near(boost::asio::io_context& io) { return take(io, near_); }
    Socket take_far(boost::asio::io_context& io) { return take(io, far_); }
    int near() const { return near_; }
    int far() const { return far_; }
    void close_far() {
        if (far_ >= 0) ::close(std::exchange(far_, -1));
    }
    void reset_far() {
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(far_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close_far();
    }
    void write(std::string_view text) const {
        ASSERT_EQ(::send(far_, text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    // What has arrived, without waiting; `ended` tells an end from nothing.
    std::string read(std::size_t most = 65'536, bool* ended = nullptr) const {
        std::string text(most, '\0');
        const ssize_t got = ::recv(far_, text.data(), text.size(), MSG_DONTWAIT);
        if (ended != nullptr) *ended = got == 0;
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }

private:
    static Socket take(boost::asio::io_context& io, int& descriptor) {
        return {io, std::exchange(descriptor, -1)};
    }

    int near_ = -1;
    int far_ = -1;
};

// Sends one piece.
inline Stream::Sent send(Stream& stream, std::string_view piece) {
    const std::array pieces{piece};
    return stream.send(pieces);
}

}  // namespace bearergate::net::test
