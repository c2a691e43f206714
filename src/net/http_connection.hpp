#pragma once

#include <bearergate/net/deadline.hpp>
#include <bearergate/net/http_server.hpp>
#include <bearergate/net/stream.hpp>
#include <bearergate/net/task.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/intrusive/list.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::net {

// One connection to the server, request by request. It idles until a whole request has been read,
// and again when that is answered.
class HttpServer::Connection : public std::enable_shared_from_this<Connection>,
                               public boost::intrusive::list_base_hook<
                                   boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    Connection(std::shared_ptr<State> server, Socket socket);

    Task<> run();
    // Closes it at once. May destroy it.
    void cut();

private:
    using Head = boost::beast::http::response<boost::beast::http::empty_body>;
    using Pieces = std::array<std::string_view, 3>;
    struct Asked;
    class Ticket;
    // What of a request its answer depends on.
    struct Form {
        unsigned version = 11;
        bool keep_alive = false;
        bool head_only = false;
    };

    Task<bool> exchange(bool is_first);
    Task<std::optional<HttpAnswer>> ask(HttpQuestion question);
    Task<bool> answer(HttpAnswer given, Form form);
    Task<> tell_events(HttpAnswer given, Form form);
    Task<bool> tell_event(std::string_view event, bool is_chunked);
    Task<> linger();
    Task<bool> receive();
    Task<bool> write(Pieces pieces);
    auto wait(Signal::Bits bits);
    void arm(std::chrono::milliseconds patience);
    void turn(bool to_busy);

    std::shared_ptr<State> server_;
    Signal signal_{};
    Deadline deadline_;
    std::optional<HttpAnswer> answer_{};
    bool is_gone_ = false;  // nothing can be said to it any more
    bool is_busy_ = false;  // which of the server's lists it is in
    boost::beast::flat_buffer buffer_;
    Stream stream_;  // behind what it receives into
};

struct HttpServer::State : std::enable_shared_from_this<State> {
    using Connections =
        boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

    State(boost::asio::io_context& its_io, const Limits& its_limits, Handler its_handler)
        : io(its_io), limits(its_limits), handler(std::move(its_handler)), sweep(its_io) {}

    // Whether one more may come in, if need be in the place of one that idles.
    bool has_room() const { return busy.size() < limits.connections; }
    void accept(Socket socket);
    void cut_all();

    boost::asio::io_context& io;
    const Limits limits;
    Handler handler;  // none after stop()
    DeadlineSweep sweep;
    Connections idle{};  // the one that has idled for longest first
    Connections busy{};
    std::size_t event_streams = 0;
    std::unique_ptr<Listener> listener{};
    std::uint16_t port = 0;
};

}  // namespace bearergate::net
