#pragma once

#include <bearergate/net/buffer_pool.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace bearergate::gateway {

// The bytes that a peer has sent and nobody has consumed yet, in one flat block: the head of the
// request that is being answered stays at the front, what came behind it waits for its turn.
class Inbox {
public:
    bool has_block() const { return static_cast<bool>(block_); }
    std::size_t size() const { return block_.bytes().size(); }
    // An empty inbox with a block out of `pool`, which is kept alive as long as the block.
    void borrow(const std::shared_ptr<net::BufferPool>& pool);
    void release();  // gives the block back, and whatever is in it

    // Where the next bytes may be received.
    std::span<char> room() const { return block_.bytes().subspan(end_); }
    void arrived(std::size_t bytes) { end_ += bytes; }

    // Whether so many unread bytes, a head, lie so far back that less than `room` is behind them.
    bool is_cramped(std::size_t bytes, std::size_t room) const {
        return begin_ > kept_ && size() - begin_ - bytes < room;
    }

    std::span<char> unread() const { return block_.bytes().subspan(begin_, end_ - begin_); }
    std::string_view text() const { return {unread().data(), unread().size()}; }
    bool empty() const { return begin_ == end_; }
    void consume(std::size_t bytes) { begin_ += bytes; }

    // Consumes a head, which then stays where it is, views into it alive, until forget_head().
    void keep_head(std::size_t bytes);
    void forget_head() { kept_ = 0; }
    // Moves what is unread to the front, to make room behind it. Not while a receive stands in
    // room(), nor while anything views into unread().
    void compact();

private:
    std::shared_ptr<net::BufferPool> owner_{};  // before the block: outlives it
    net::BufferPool::Block block_{};
    std::size_t kept_ = 0;  // the head ends here
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace bearergate::gateway
