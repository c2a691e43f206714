#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace bearergate::net {

// Blocks of one size, kept for reuse by one thread. A connection borrows them while it has
// something to hold and gives them back when it idles.
class BufferPool {
public:
    explicit BufferPool(std::size_t block_bytes, std::size_t keep = 64);

    // Gives its memory back when destroyed. The pool must outlive it.
    class Block {
    public:
        Block() = default;
        Block(Block&& other) noexcept;
        Block& operator=(Block&& other) noexcept;
        ~Block();
        std::span<char> bytes() const { return {data_.get(), data_ == nullptr ? 0 : size_}; }
        explicit operator bool() const { return data_ != nullptr; }
        std::size_t size() const { return size_; }  // with memory or without
        std::span<char> hold();  // its bytes, borrowing memory if it has none: std::bad_alloc
        void release();          // gives the memory back; hold() gets some again

    private:
        friend class BufferPool;
        BufferPool* pool_ = nullptr;
        std::unique_ptr<char[]> data_{};
        std::size_t size_ = 0;
    };
    Block borrow();
    Block vacant();  // without memory, until it is to hold something
    std::size_t block_bytes() const { return block_bytes_; }

private:
    std::unique_ptr<char[]> take();

    std::size_t block_bytes_;
    std::size_t keep_;
    std::vector<std::unique_ptr<char[]>> free_{};
};

}  // namespace bearergate::net
