#pragma once

#include <bearergate/net/stream.hpp>

#include "net/support.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <utility>

// A stream under test: its loop, the signal that it raises, and a buffer to receive into.
namespace bearergate::net::test {

class StreamFixture : public testing::Test {
protected:
    static constexpr Signal::Bits received = 1;
    static constexpr Signal::Bits writable = 2;

    Stream& open(Socket socket) {
        stream_ = Stream(std::move(socket));
        stream_.attach(signal_, received, writable);
        return stream_;
    }
    Stream& open(Pair& pair) { return open(pair.take_near(io_)); }
    bool wait_for(Signal::Bits bits) {
        return run_until(io_, [&] { return (signal_.raised() & bits) != 0; });
    }
    // What one receive into so much room brings; nothing and `cancelled` where it stands.
    Stream::Received receive(std::size_t room = 4096) {
        stream_.start_receive(std::span(buffer_).first(room));
        wait_for(received);
        signal_.clear(received);
        return stream_.received().value_or(
            Stream::Received{.condition = Stream::Condition::cancelled});
    }

    boost::asio::io_context io_{1};
    Signal signal_;
    std::array<char, 4096> buffer_{};
    Stream stream_;
};

}  // namespace bearergate::net::test
