#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace bearergate::net {

// A timer that needs no memory to be set again: what it drives cannot come to a stop for want of
// it. Costs a descriptor, where Asio's own timers share one. For the thread of its loop.
class Alarm {
public:
    // Throws std::system_error when there is no descriptor. `ring` may set the alarm anew, or
    // destroy it.
    Alarm(boost::asio::io_context& io, std::function<void()> ring);
    ~Alarm();
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    // Rings once when this time is over, and no earlier one that was set.
    void set(std::chrono::nanoseconds after) noexcept;
    void clear() noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::net
