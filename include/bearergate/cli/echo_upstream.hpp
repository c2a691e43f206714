#pragma once

#include <bearergate/net/http_server.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdint>

namespace bearergate::cli {

// A backend that answers every request with what it received, as JSON: method, target, headers and
// the size of the body. Shows what a gateway in front of it let through, and what it added.
class EchoUpstream {
public:
    EchoUpstream(boost::asio::io_context& io, const net::ListenAddress& address);

    void start() { server_.start(); }
    void stop() { server_.stop(); }
    std::uint16_t port() const { return server_.port(); }

private:
    net::HttpServer server_;
};

}  // namespace bearergate::cli
