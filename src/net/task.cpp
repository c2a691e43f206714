// Memory for coroutine frames, and the one coroutine that nobody awaits.
#include <bearergate/net/task.hpp>

#include <array>
#include <new>

namespace bearergate::net {

namespace {

// Frames of sessions and exchanges are between a hundred bytes and a few kilobytes. What is larger
// is rare enough to be allocated each time.
constexpr std::size_t step = 128;
constexpr std::size_t classes = 64;
// What a thread keeps at most. A burst of requests holds thousands of frames at once, and the next
// burst wants them again: a limit per class that is lower has each of them allocated anew (0.6 µs a
// request at 64 connections).
constexpr std::size_t most_kept_bytes = 2 * 1024 * 1024;

constexpr std::size_t class_of(std::size_t bytes) {
    return (bytes + step - 1) / step;
}

struct FreeFrame {
    FreeFrame* next;
};

// A frame may be released after its thread's statics are gone (a coroutine that lives in one of
// them); `gone` is trivial and can still be read then.
thread_local bool gone = false;

struct FrameCache {
    std::array<FreeFrame*, classes + 1> lists{};
    std::size_t kept_bytes = 0;

    FrameCache() = default;
    FrameCache(const FrameCache&) = delete;
    FrameCache& operator=(const FrameCache&) = delete;
    ~FrameCache() {
        gone = true;
        for (FreeFrame* first : lists) {
            while (first != nullptr) ::operator delete(std::exchange(first, first->next));
        }
    }
};

thread_local FrameCache cache;

}  // namespace

void* allocate_frame(std::size_t bytes) {
    const std::size_t size_class = class_of(bytes);
    if (size_class > classes || gone) return ::operator new(bytes);
    FreeFrame*& first = cache.lists[size_class];
    if (first == nullptr) return ::operator new(size_class * step);
    cache.kept_bytes -= size_class * step;
    return std::exchange(first, first->next);
}

void release_frame(void* frame, std::size_t bytes) noexcept {
    const std::size_t size_class = class_of(bytes);
    const std::size_t size = size_class * step;
    if (size_class > classes || gone || cache.kept_bytes + size > most_kept_bytes) {
        ::operator delete(frame);
        return;
    }
    FreeFrame*& first = cache.lists[size_class];
    first = ::new (frame) FreeFrame{first};
    cache.kept_bytes += size;
}

namespace {

// Starts at once, frees itself at its end.
struct Detached {
    struct promise_type {
        static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
        static void operator delete(void* frame, std::size_t bytes) noexcept {
            release_frame(frame, bytes);
        }
        Detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        // Only `done` can get here, and it has promised not to throw.
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

Detached run(Task<void> task, std::move_only_function<void(std::exception_ptr)> done) {
    std::exception_ptr failure;
    {
        // The frame goes before `done` is called: `done` may end what the frame refers to.
        Task<void> running = std::move(task);
        try {
            co_await running;
        } catch (...) {
            failure = std::current_exception();
        }
    }
    done(std::move(failure));
}

}  // namespace

void spawn(Task<void> task, std::move_only_function<void(std::exception_ptr)> done) {
    run(std::move(task), std::move(done));
}

}  // namespace bearergate::net
