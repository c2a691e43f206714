#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace bearergate::net {

// A doorbell for threads that are less important than the loop's. Asio wakes a loop while its queue
// is locked; where the loop's thread then takes the CPU, it meets the lock and stands until the
// other one gets its turn again. This one is a descriptor of the kernel's and locks nothing.
//
// Rung several times before it is answered, it is answered at least once. As long as it is there,
// the loop does not end by itself.
class Buzzer {
public:
    // Throws std::system_error where the kernel gives no descriptor. `answer` may not throw.
    Buzzer(boost::asio::io_context& io, std::function<void()> answer);
    // On the loop's thread, or when that runs no more; and nobody rings any more.
    ~Buzzer();
    Buzzer(const Buzzer&) = delete;
    Buzzer& operator=(const Buzzer&) = delete;

    void ring() noexcept;  // from any thread

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bearergate::net
