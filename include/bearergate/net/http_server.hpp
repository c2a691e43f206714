#pragma once

#include <bearergate/net/listener.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::net {

using HttpFields = std::vector<std::pair<std::string, std::string>>;  // in order, spelling kept

// A request to one of our own small services, read whole.
struct HttpQuestion {
    std::string method{};
    std::string target{};
    HttpFields fields{};
    std::string body{};

    std::string_view path() const;                        // of the target, without query
    std::size_t count(std::string_view name) const;       // fields of this name, case folded
    std::string_view value(std::string_view name) const;  // of the first such field, or ""
};
struct HttpAnswer {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body{};
    HttpFields fields{};  // besides Content-Type, Content-Length, Cache-Control and Connection
};

// The server for what is not on the data path: the admin listener, the development issuer, the
// echo upstream. Idiomatic Beast with limits on everything; for one thread, that of `io`. At its
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
        std::chrono::seconds patience{30};  // between requests, for a body, and for an answer
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
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::net
