// Bodies of every size and framing, both ways, byte for byte.

#include "support/relaying.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <random>
#include <string>
#include <thread>

namespace bearergate::gateway {
namespace {

using test::UpstreamPeer;

constexpr std::size_t large = 24 << 20;

// Bytes by their place: what is lost, doubled or moved shows.
char byte_at(std::size_t i) {
    return static_cast<char>((i * 2654435761U) >> 13U);
}

std::string bytes_at(std::size_t from, std::size_t count) {
    std::string bytes(count, '\0');
    for (std::size_t i = 0; i < count; ++i) bytes[i] = byte_at(from + i);
    return bytes;
}

// How many bytes from the start of a body are the right ones, read piece by piece.
template <class Peer>
std::size_t right_bytes(Peer& from, std::size_t size) {
    for (std::size_t at = 0; at < size;) {
        const std::size_t count = std::min<std::size_t>(1 << 16, size - at);
        if (from.read_bytes(count) != bytes_at(at, count)) return at;
        at += count;
    }
    return size;
}

std::string hex(std::size_t number) {
    std::array<char, 20> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number, 16).ptr};
}

// Sends a body in pieces of random sizes, each a chunk where it is chunked, some with extensions.
template <class Peer>
bool send_body(Peer& to, std::size_t size, bool chunked, unsigned seed) {
    std::mt19937 random(seed);
    for (std::size_t at = 0; at < size;) {
        const std::size_t most = random() % 4 == 0 ? 200'000 : 3'000;
        const std::size_t count = std::min<std::size_t>(1 + random() % most, size - at);
        std::string piece = bytes_at(at, count);
        const bool extended = at < 100'000;
        if (chunked) piece = hex(count) + (extended ? ";a=b" : "") + "\r\n" + piece + "\r\n";
        if (!to.send(piece)) return false;
        at += count;
    }
    return !chunked || to.send("0\r\nX-Trailer: 1\r\n\r\n");
}

std::string framing(bool chunked, std::size_t size) {
    return chunked ? "Transfer-Encoding: chunked\r\n\r\n"
                   : "Content-Length: " + std::to_string(size) + "\r\n\r\n";
}

class LargeBodies : public test::Relaying {};

TEST_F(LargeBodies, DownArriveWhole) {
    for (const bool chunked : {false, true}) {
        SCOPED_TRACE(chunked ? "chunked" : "sized");
        serve([chunked](UpstreamPeer& peer) {
            if (!peer.read_request()) return;
            peer.send("HTTP/1.1 200 OK\r\n" + framing(chunked, large));
            send_body(peer, large, chunked, 1);
            peer.wait_for_end();
        });
        // To a client of 1.0 all framing is gone, so that the bytes can be read as they are.
        const auto client = connect();
        ASSERT_TRUE(client->send("GET / HTTP/1.0\r\n\r\n"));
        EXPECT_NE(client->read_head(), "");
        EXPECT_EQ(right_bytes(*client, large), large);
        EXPECT_EQ(client->read_all(), "");
        EXPECT_EQ(client->end(), test::Connection::End::closed);
        EXPECT_EQ(gateway_->next_record().bytes_out, large);
    }
}

TEST_F(LargeBodies, AChunkedAnswerStaysWellFramed) {
    constexpr std::size_t size = 4 << 20;
    serve([](UpstreamPeer& peer) {
        while (peer.read_request()) {
            peer.send("HTTP/1.1 200 OK\r\n" + framing(true, size));
            send_body(peer, size, true, 2);
        }
    });
    const auto client = connect();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(client->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        const test::Reply reply = client->read_reply();
        EXPECT_EQ(reply.status, 200);
        EXPECT_TRUE(reply.body == bytes_at(0, size));
    }
    EXPECT_EQ(upstream_->connections(), 1U);
}

TEST_F(LargeBodies, UpArriveWhole) {
    serve([](UpstreamPeer& peer) {
        peer.stop_noting();
        const auto request = peer.read_head();
        if (!request) return;
        // Sized bodies come as they are; a chunked one is framed anew, so it is taken apart.
        std::size_t right = 0;
        if (request->count("Content-Length") == 1) {
            right = right_bytes(peer, large);
        } else {
            for (;;) {
                std::string line;
                while (!line.ends_with("\r\n")) line += peer.read_bytes(1);
                const std::size_t size = std::stoul(line, nullptr, 16);
                if (peer.read_bytes(size + 2) != bytes_at(right, size) + "\r\n") break;
                if (size == 0) break;
                right += size;
            }
        }
        peer.send("HTTP/1.1 200 OK\r\nX-Right: " + std::to_string(right) +
                  "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    for (const bool chunked : {false, true}) {
        SCOPED_TRACE(chunked ? "chunked" : "sized");
        const auto client = connect();
        ASSERT_TRUE(client->send("POST / HTTP/1.1\r\nHost: a\r\n" + framing(chunked, large)));
        ASSERT_TRUE(send_body(*client, large, chunked, 3));
        const test::Reply reply = client->read_reply();
        EXPECT_EQ(reply.header("X-Right"), std::to_string(large)) << reply.status << reply.body;
        const test::LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.bytes_in, large) << record.reason << record.note;
    }
}

TEST_F(LargeBodies, BothWaysAtOnceAndOneDoesNotWaitForTheOther) {
    serve([](UpstreamPeer& peer) {
        if (!peer.read_head()) return;
        peer.stop_noting();
        peer.send("HTTP/1.1 200 OK\r\n" + framing(false, large));
        for (std::size_t at = 0; at < large; at += 1 << 15) {
            if (!peer.send(peer.read_bytes(1 << 15))) return;
        }
    });
    const auto client = connect();
    ASSERT_TRUE(client->send("POST / HTTP/1.1\r\nHost: a\r\n" + framing(false, large)));
    std::thread sender([&] { EXPECT_TRUE(send_body(*client, large, false, 4)); });
    EXPECT_NE(client->read_head(), "");
    EXPECT_EQ(right_bytes(*client, large), large);
    sender.join();
    const test::LogRecord record = gateway_->next_record();
    EXPECT_EQ(record.bytes_in, large);
    EXPECT_EQ(record.bytes_out, large);
}

TEST_F(LargeBodies, EverySizeAroundOurBuffersIsWhole) {
    serve([](UpstreamPeer& peer) {
        while (auto request = peer.read_request()) {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(request->body.size()) +
                      "\r\n\r\n" + request->body);
        }
    });
    const auto client = connect();
    for (const std::size_t around : {1U << 12U, 1U << 14U, 5U << 12U, 1U << 15U, 1U << 16U}) {
        for (std::size_t size = around - 3; size <= around + 3; ++size) {
            SCOPED_TRACE(size);
            const std::string body = bytes_at(0, size);
            ASSERT_TRUE(
                client->send("POST / HTTP/1.1\r\nHost: a\r\n" + framing(false, size) + body));
            ASSERT_TRUE(client->read_reply().body == body);
            ASSERT_TRUE(client->send("POST / HTTP/1.1\r\nHost: a\r\n" + framing(true, size) +
                                     hex(size) + "\r\n" + body + "\r\n0\r\n\r\n"));
            ASSERT_TRUE(client->read_reply().body == body);
        }
    }
    EXPECT_EQ(upstream_->connections(), 1U);
    EXPECT_TRUE(upstream_->faults().empty());
}

TEST_F(LargeBodies, AFloodOfTinyChunksIsWhole) {
    constexpr std::size_t count = 300'000;
    serve([](UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        peer.send("HTTP/1.1 200 OK\r\n" + framing(true, 0));
        std::string many;
        for (int i = 0; i < 1000; ++i) many += "1\r\nx\r\n";
        for (std::size_t sent = 0; sent < count; sent += 1000) peer.send(many);
        peer.send("0\r\n\r\n");
    });
    const test::Reply reply = get();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, std::string(count, 'x'));
}

}  // namespace
}  // namespace bearergate::gateway
