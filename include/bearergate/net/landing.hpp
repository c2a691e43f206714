#pragma once

#include <bearergate/net/buffer_pool.hpp>

#include <cstddef>
#include <span>

namespace bearergate::net {

// Where a receive puts its bytes: memory that is there, or a block that borrows its memory when
// there are bytes for it. Peers that are waited for then cost none, and bytes come into the memory
// that was used last, which is still in the cache: 2 to 4 % less CPU a warm request.
class Landing {
public:
    Landing() = default;
    explicit Landing(std::span<char> buffer) : buffer_(buffer) {}
    // Behind the first `offset` bytes of the block, of which there are more.
    explicit Landing(BufferPool::Block& block, std::size_t offset = 0)
        : block_(&block), offset_(offset) {}

    std::size_t size() const {
        return block_ == nullptr ? buffer_.size() : block_->size() - offset_;
    }
    // For bytes that are about to come. std::bad_alloc.
    std::span<char> prepare() const {
        return block_ == nullptr ? buffer_ : block_->hold().subspan(offset_);
    }
    // None came after all.
    void abandon() const {
        if (block_ != nullptr && offset_ == 0) block_->release();
    }

private:
    std::span<char> buffer_{};
    BufferPool::Block* block_ = nullptr;
    std::size_t offset_ = 0;
};

}  // namespace bearergate::net
