#pragma once

#include <boost/asio/io_context.hpp>

namespace bearergate::net {

// A connected descriptor and the loop that it is for; closed with it, unless it was taken.
class Socket {
public:
    Socket(boost::asio::io_context& loop, int descriptor) : loop_(&loop), descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept : loop_(other.loop_), descriptor_(other.take()) {}
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { close(); }

    boost::asio::io_context& loop() const { return *loop_; }
    int descriptor() const { return descriptor_; }
    bool is_open() const { return descriptor_ >= 0; }
    int take();  // from then on it is the caller's to close
    void close();

private:
    boost::asio::io_context* loop_;
    int descriptor_;
};

}  // namespace bearergate::net
