#pragma once

#include <bearergate/net/stream.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bearergate::gateway {

// Text on its way to a peer, piece by piece, in order and in as few writes as the peer allows. It
// holds views: what they show must stay until they are gone.
class Outbox {
public:
    static constexpr std::size_t capacity = 8;

    void add(std::string_view piece);
    bool empty() const { return first_ == count_; }
    void clear();  // forgets what has not gone

    enum class Flushed : std::uint8_t { all, part, peer_gone };
    // Writes what goes without waiting. After `part` the stream raises `writable` in time; until
    // woken, further calls cost nothing.
    Flushed flush(net::Stream& stream);
    void wake() { waits_ = false; }
    // Whether the peer has taken something since flush() said `part`, or since it was asked last:
    // one that reads slowly lets us write again only after a while.
    bool is_taken(const net::Stream& stream);
    std::uint64_t written() const { return written_; }  // bytes, since the last clear()

private:
    void advance(std::size_t bytes);

    std::array<std::string_view, capacity> pieces_{};
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::uint64_t written_ = 0;
    bool waits_ = false;
    std::size_t queued_ = 0;  // in the kernel, when it was looked at last
};

}  // namespace bearergate::gateway
