#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace bearergate::net {

// A call onto a loop's thread that needs no memory when it is made: what is called was said
// beforehand. Rung several times before it is answered, it is answered once.
class Doorbell {
public:
    Doorbell(boost::asio::io_context& io, std::function<void()> answer);
    // On the loop's thread, or when that runs no more. Nothing is answered from then on.
    ~Doorbell();
    Doorbell(const Doorbell&) = delete;
    Doorbell& operator=(const Doorbell&) = delete;

    void ring() noexcept;  // from any thread

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::net
