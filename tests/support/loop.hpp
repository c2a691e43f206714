#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <future>
#include <thread>

namespace bearergate::test {

// An event loop on a thread of its own. What lives on it must be made before start() or within
// on(), and outlive stop() or die within on().
class Loop {
public:
    Loop() = default;
    ~Loop() { stop(); }

    boost::asio::io_context& io() { return io_; }
    void start() {
        thread_ = std::thread([this] { io_.run(); });
    }
    // Runs `what` on the loop's thread and waits for it.
    void on(const std::function<void()>& what) {
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            what();
            done.set_value();
        });
        done.get_future().wait();
    }
    void stop() {
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    std::thread thread_{};
};

}  // namespace bearergate::test
