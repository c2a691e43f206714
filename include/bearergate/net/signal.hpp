#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

namespace bearergate::net {

// One coroutine waiting for any of several events. Sockets, deadlines and answers from other
// threads raise bits; the coroutine sleeps until one of those it asked for is up. This is what
// lets a session be straight-line code while two sockets, a deadline and a key fetch are under
// way, without a group of cancellable operations per step. For one thread only.
class Signal {
public:
    using Bits = std::uint32_t;

    Signal() = default;
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    // Resumes the waiting coroutine at once if it asked for one of these bits. Call it from event
    // handlers, or from the waiting coroutine itself (then nobody waits, and the bit stays up).
    void raise(Bits bits) {
        raised_ |= bits;
        if (waiter_ && (raised_ & asked_) != 0) std::exchange(waiter_, {}).resume();
    }
    Bits raised() const { return raised_; }
    void clear(Bits bits) { raised_ &= ~bits; }

    // co_await signal.any(bits): the bits of these that are up; takes them down.
    auto any(Bits bits) {
        struct Awaiter {
            Signal& signal;
            Bits bits;
            bool await_ready() const noexcept { return (signal.raised_ & bits) != 0; }
            void await_suspend(std::coroutine_handle<> self) noexcept {
                signal.asked_ = bits;
                signal.waiter_ = self;
            }
            Bits await_resume() noexcept {
                const Bits up = signal.raised_ & bits;
                signal.raised_ &= ~up;
                return up;
            }
        };
        return Awaiter{*this, bits};
    }

private:
    Bits raised_ = 0;
    Bits asked_ = 0;
    std::coroutine_handle<> waiter_{};
};

}  // namespace bearergate::net
