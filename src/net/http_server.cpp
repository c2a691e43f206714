// The server for what is not on the data path: who may come in, and who has to go.
#include <bearergate/net/http_server.hpp>

#include "http_connection.hpp"

#include <exception>
#include <utility>

namespace bearergate::net {

void HttpServer::State::accept(Socket socket) {
    const auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
    if (idle.size() + busy.size() >= limits.connections && !idle.empty()) idle.front().cut();
    idle.push_back(*connection);
    // It lives as long as its task; an exception, for want of memory, costs it and nothing else.
    spawn(connection->run(), [connection](const std::exception_ptr&) {});
}

void HttpServer::State::cut_all() {
    for (Connections* all : {&idle, &busy}) {
        while (!all->empty()) all->front().cut();
    }
}

HttpServer::HttpServer(boost::asio::io_context& io, const ListenAddress& address,
                       const Limits& limits, Handler handler)
    : HttpServer(io, bind_listener(address, true), limits, std::move(handler)) {}

HttpServer::HttpServer(boost::asio::io_context& io, int descriptor, const Limits& limits,
                       Handler handler)
    : state_(std::make_shared<State>(io, limits, std::move(handler))) {
    state_->port = local_port(descriptor);
    State* state = state_.get();
    state->listener = std::make_unique<Listener>(
        io, descriptor, [state] { return state->has_room(); },
        [state](Socket socket) { state->accept(std::move(socket)); });
}

HttpServer::~HttpServer() {
    stop();
}

void HttpServer::start() {
    state_->sweep.start();
    state_->listener->start();
}

void HttpServer::stop() {
    state_->listener.reset();
    state_->handler = nullptr;
    state_->cut_all();
    state_->sweep.stop();
}

std::uint16_t HttpServer::port() const {
    return state_->port;
}

}  // namespace bearergate::net
