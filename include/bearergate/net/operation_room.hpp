#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <new>

namespace bearergate::net {

// Memory for one operation of Asio at a time, reserved when everything else is made: what must go
// on when memory has run out (accepting, the clocks, being told to stop) takes its operations from
// here. A second one at the same time, or one that is too large, gets memory as anybody does. Lives
// in what the operation's handler keeps alive.
class OperationRoom {
public:
    OperationRoom() = default;
    OperationRoom(const OperationRoom&) = delete;
    OperationRoom& operator=(const OperationRoom&) = delete;

    template <class T>
    struct Allocator {
        using value_type = T;
        explicit Allocator(OperationRoom& in) : room(&in) {}
        template <class U>
        Allocator(const Allocator<U>& other) : room(other.room) {}  // as allocators are converted
        T* allocate(std::size_t count) { return static_cast<T*>(room->take(count * sizeof(T))); }
        void deallocate(T* block, std::size_t) { room->give_back(block); }
        friend bool operator==(const Allocator&, const Allocator&) = default;
        OperationRoom* room;
    };
    // For asio::bind_allocator().
    Allocator<std::byte> allocator() { return Allocator<std::byte>(*this); }

private:
    void* take(std::size_t bytes) {
        if (bytes > block_.size() || taken_.test_and_set(std::memory_order_acquire)) {
            return ::operator new(bytes);
        }
        return block_.data();
    }
    void give_back(void* block) noexcept {
        if (block != block_.data()) return ::operator delete(block);
        taken_.clear(std::memory_order_release);
    }

    static constexpr std::size_t bytes_of_an_operation = 256;
    alignas(std::max_align_t) std::array<std::byte, bytes_of_an_operation> block_;
    std::atomic_flag taken_{};
};

}  // namespace bearergate::net
