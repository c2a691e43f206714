#pragma once

#include <bearergate/net/http_question.hpp>
#include <bearergate/net/listener.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace bearergate::net {

// The server for what is not on the data path: the admin listener, the development issuer, the
// echo upstream. Beast's parser with limits on everything; for one thread, that of `io`. At its
// limit of connections, the one that has been without a whole request for longest makes room.
class HttpServer {
public:
    using Answer = std::move_only_function<void(HttpAnswer)>;  // once, from any thread
    using Handler = std::function<void(HttpQuestion, Answer)>;
    struct Limits {
        std::size_t connections = 64;
        std::uint32_t header_bytes = 16 * 1024;
        std::size_t body_bytes = 64 * 1024;
        // For a new connection's first byte, and from a first byte to the end of a head.
        std::chrono::milliseconds head{3000};
        // Between requests, for a body, and for an answer or an event to be taken.
        std::chrono::seconds patience{30};
        std::size_t event_streams = 16;  // of the connections; one more is answered with 503
        std::chrono::seconds heart_beat{15};
    };
    // Binds; throws std::system_error.
    HttpServer(boost::asio::io_context& io, const ListenAddress& address, const Limits& limits,
               Handler handler);
    // Of a listening descriptor, which becomes its own.
    HttpServer(boost::asio::io_context& io, int descriptor, const Limits& limits, Handler handler);
    ~HttpServer();  // on the thread of `io`, or when that runs no more

    void start();
    void stop();                 // cuts open connections; the handler is not called again
    std::uint16_t port() const;  // 0 for a unix socket

private:
    class Connection;
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::net
