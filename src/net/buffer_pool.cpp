// Receive buffers, borrowed while there is something to hold.
#include <bearergate/net/buffer_pool.hpp>

#include <utility>

namespace bearergate::net {

BufferPool::BufferPool(std::size_t block_bytes, std::size_t keep)
    : block_bytes_(block_bytes), keep_(keep) {
    // So that giving a block back never allocates, and cannot throw in a destructor.
    free_.reserve(keep_);
}

BufferPool::Block BufferPool::borrow() {
    Block block = vacant();
    block.hold();
    return block;
}

BufferPool::Block BufferPool::vacant() {
    Block block;
    block.pool_ = this;
    block.size_ = block_bytes_;
    return block;
}

std::unique_ptr<char[]> BufferPool::take() {
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(block_bytes_);
    auto data = std::move(free_.back());
    free_.pop_back();
    return data;
}

BufferPool::Block::Block(Block&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)) {}

BufferPool::Block& BufferPool::Block::operator=(Block&& other) noexcept {
    if (this != &other) {
        release();
        pool_ = std::exchange(other.pool_, nullptr);
        data_ = std::move(other.data_);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

BufferPool::Block::~Block() {
    release();
}

void BufferPool::Block::release() {
    if (data_ == nullptr) return;
    if (pool_->free_.size() < pool_->keep_) pool_->free_.push_back(std::move(data_));
    data_.reset();
}

std::span<char> BufferPool::Block::hold() {
    if (data_ == nullptr && pool_ != nullptr) data_ = pool_->take();
    return bytes();
}

}  // namespace bearergate::net
