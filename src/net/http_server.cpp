#include <bearergate/net/http_server.hpp>

#include "event_channel.hpp"
#include "peer_name.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <exception>
#include <list>
#include <optional>
#include <tuple>
#include <utility>

namespace bearergate::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using TimedStream = beast::basic_stream<asio::generic::stream_protocol, Executor>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t most_at_once = 1024;  // of a head, when it begins

// What to say before closing to a request that could not be read; nothing to one that just ended.
std::optional<HttpAnswer> complaint(beast::error_code error) {
    unsigned status = 0;
    if (error == http::error::header_limit) {
        status = 431;
    } else if (error == http::error::body_limit) {
        status = 413;
    } else if (error.category() == make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
        status = 400;
    } else {
        return std::nullopt;
    }
    return HttpAnswer{.status = status, .body = "{\"error\":\"bad request\"}\n"};
}

HttpAnswer too_many_streams() {
    HttpAnswer answer{.status = 503, .body = "{\"error\":\"too many event streams\"}\n"};
    answer.fields = {{"Retry-After", "5"}};
    return answer;
}

std::string peer_of(const Socket& socket) {
    beast::error_code error;
    const Endpoint endpoint = socket.remote_endpoint(error);
    return error ? "unknown" : peer_name(endpoint);
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<State> {
    State(const Limits& its_limits, Handler its_handler)
        : limits(its_limits), handler(std::move(its_handler)) {}

    // A connection, while it is open, so that others can cut it. It idles until a whole request
    // has been read, and again when that is answered.
    struct Entry {
        Entry(State& owner, TimedStream& its_stream) : state(owner), stream(its_stream) {
            here = state.idle.insert(state.idle.end(), this);
        }
        ~Entry() {
            if (!was_cut) list().erase(here);
        }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

        std::list<Entry*>& list() { return is_busy ? state.busy : state.idle; }
        void turn(bool to_busy) {
            if (was_cut) return;
            std::list<Entry*>& from = list();
            is_busy = to_busy;
            list().splice(list().end(), from, here);
        }
        void cut() {
            list().erase(here);
            was_cut = true;
            stream.close();
        }
        State& state;
        TimedStream& stream;
        std::list<Entry*>::iterator here{};
        bool is_busy = false;
        bool was_cut = false;
    };

    // A connection while events are told to it.
    struct Reader {
        Reader(State& owner, EventStream::Channel& its_channel)
            : state(owner), channel(its_channel) {
            ++state.event_streams;
        }
        ~Reader() {
            --state.event_streams;
            channel.lose_reader();
        }
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;
        State& state;
        EventStream::Channel& channel;
    };

    // Whether one more may come in, if need be in the place of one that idles.
    bool has_room() const { return busy.size() + arriving < limits.connections; }
    void accept(Executor executor, Socket socket);
    static asio::awaitable<void> serve(std::shared_ptr<State> self, Socket socket);
    asio::awaitable<bool> await_head(Entry& entry, beast::flat_buffer& buffer, bool is_first);
    asio::awaitable<bool> exchange(Entry& entry, beast::flat_buffer& buffer, bool is_first);
    asio::awaitable<HttpAnswer> ask(HttpQuestion question);
    asio::awaitable<bool> send(TimedStream& stream, HttpAnswer answer, unsigned version,
                               bool keep_alive, bool head_only);
    asio::awaitable<bool> send_event(TimedStream& stream, const std::string& event,
                                     bool is_chunked);
    asio::awaitable<void> send_events(TimedStream& stream, HttpAnswer answer, unsigned version,
                                      bool head_only);

    Limits limits;
    Handler handler;
    std::list<Entry*> idle{};  // the one that has idled for longest first
    std::list<Entry*> busy{};
    std::size_t arriving = 0;  // accepted, and not yet in a list
    std::size_t event_streams = 0;
    std::unique_ptr<Listener> listener{};
    std::uint16_t port = 0;
};

asio::awaitable<HttpAnswer> HttpServer::State::ask(HttpQuestion question) {
    auto initiate = [this, &question](auto completion) {
        auto executor = asio::get_associated_executor(completion);
        Answer answer = [executor, completion = std::move(completion)](HttpAnswer given) mutable {
            asio::post(executor,
                       [completion = std::move(completion), given = std::move(given)]() mutable {
                           std::move(completion)(std::move(given));
                       });
        };
        // An answer that nobody gives any more, after a fault in the handler or after stop(),
        // takes this coroutine and its connection with it.
        try {
            if (handler) handler(std::move(question), std::move(answer));
        } catch (const std::exception&) {
            return;  // Asio ends the process for an exception out of an initiation
        }
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(HttpAnswer)>(
        initiate, asio::use_awaitable);
}

asio::awaitable<bool> HttpServer::State::send(TimedStream& stream, HttpAnswer answer,
                                              unsigned version, bool keep_alive, bool head_only) {
    http::response<http::string_body> response;
    response.version(version);
    response.result(answer.status);
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : answer.fields) response.set(name, value);
    response.keep_alive(keep_alive);
    response.body() = std::move(answer.body);
    response.prepare_payload();
    http::response_serializer<http::string_body> serializer(response);
    stream.expires_after(limits.patience);
    const auto [error, bytes] =
        head_only ? co_await http::async_write_header(stream, serializer, as_result)
                  : co_await http::async_write(stream, serializer, as_result);
    co_return !error && keep_alive;
}

asio::awaitable<bool> HttpServer::State::send_event(TimedStream& stream, const std::string& event,
                                                    bool is_chunked) {
    stream.expires_after(limits.patience);
    const auto text = asio::buffer(event);
    if (!is_chunked) {
        const auto [error, bytes] = co_await asio::async_write(stream, text, as_result);
        co_return !error;
    }
    const auto chunk = http::make_chunk(text);
    const auto [error, bytes] = co_await asio::async_write(stream, chunk, as_result);
    co_return !error;
}

// Server-sent events until nobody tells or nobody reads. The connection carries nothing after them.
asio::awaitable<void> HttpServer::State::send_events(TimedStream& stream, HttpAnswer answer,
                                                     unsigned version, bool head_only) {
    const auto channel = std::make_shared<EventStream::Channel>(stream.get_executor());
    const Reader reader(*this, *channel);
    const bool is_chunked = version >= 11;
    http::response<http::empty_body> response;
    response.version(version);
    response.set(http::field::content_type, "text/event-stream");
    response.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : answer.fields) response.set(name, value);
    response.keep_alive(false);
    if (is_chunked) response.chunked(true);
    http::response_serializer<http::empty_body> serializer(response);
    stream.expires_after(limits.patience);
    const auto [failed, bytes] = co_await http::async_write_header(stream, serializer, as_result);
    if (failed || head_only || !handler) co_return;

    // Who has asked for events has nothing more to say: whatever comes is the end.
    stream.socket().async_wait(Socket::wait_read,
                               [channel](const auto&) { channel->lose_reader(); });
    answer.tell(EventStream(channel));
    while (const auto event = co_await channel->take(limits.heart_beat)) {
        if (!co_await send_event(stream, *event, is_chunked)) co_return;
    }
    if (!is_chunked || !channel->has_reader) co_return;
    const auto end = http::make_chunk_last();
    stream.expires_after(limits.patience);
    co_await asio::async_write(stream, end, as_result);
}

// False when nothing came. A connection that is new has something to say; one that is kept may wait
// for its client's next turn.
asio::awaitable<bool> HttpServer::State::await_head(Entry& entry, beast::flat_buffer& buffer,
                                                    bool is_first) {
    if (!is_first && buffer.size() == 0) {
        entry.stream.expires_after(limits.patience);
        const auto [error, bytes] =
            co_await entry.stream.async_read_some(buffer.prepare(most_at_once), as_result);
        if (error) co_return false;
        buffer.commit(bytes);
    }
    entry.stream.expires_after(limits.head);
    co_return true;
}

// One request and its answer; false when the connection is to be closed.
asio::awaitable<bool> HttpServer::State::exchange(Entry& entry, beast::flat_buffer& buffer,
                                                  bool is_first) {
    TimedStream& stream = entry.stream;
    if (!co_await await_head(entry, buffer, is_first)) co_return false;
    http::request_parser<http::string_body> parser;
    parser.header_limit(limits.header_bytes);
    parser.body_limit(limits.body_bytes);
    auto [error, bytes] = co_await http::async_read_header(stream, buffer, parser, as_result);
    if (!error && !parser.is_done()) {
        stream.expires_after(limits.patience);
        std::tie(error, bytes) = co_await http::async_read(stream, buffer, parser, as_result);
    }
    if (error) {
        std::optional<HttpAnswer> answer = complaint(error);
        if (answer) co_await send(stream, std::move(*answer), 11, false, false);
        co_return false;
    }
    auto request = parser.release();
    HttpQuestion question{.peer = peer_of(stream.socket()),
                          .method = std::string(request.method_string()),
                          .target = std::string(request.target())};
    for (const auto& field : request) {
        question.fields.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    question.body = std::move(request.body());
    stream.expires_never();
    entry.turn(true);
    HttpAnswer answer = co_await ask(std::move(question));
    const bool head_only = request.method() == http::verb::head;
    if (answer.tell && event_streams >= limits.event_streams) answer = too_many_streams();
    bool again = false;
    if (answer.tell) {
        co_await send_events(stream, std::move(answer), request.version(), head_only);
    } else {
        again = co_await send(stream, std::move(answer), request.version(), request.keep_alive(),
                              head_only);
    }
    entry.turn(false);
    co_return again;
}

void HttpServer::State::accept(Executor executor, Socket socket) {
    const std::size_t open = idle.size() + busy.size() + arriving;
    if (open >= limits.connections && !idle.empty()) idle.front()->cut();
    // An exception here is want of memory: it costs this connection and nothing else.
    ++arriving;
    try {
        asio::co_spawn(executor, serve(shared_from_this(), std::move(socket)),
                       [](const std::exception_ptr&) {});
    } catch (const std::exception&) {
        --arriving;
    }
}

asio::awaitable<void> HttpServer::State::serve(std::shared_ptr<State> self, Socket socket) {
    --self->arriving;
    TimedStream stream(std::move(socket));
    Entry entry(*self, stream);
    beast::flat_buffer buffer(self->limits.header_bytes + self->limits.body_bytes);
    for (bool is_first = true; co_await self->exchange(entry, buffer, is_first);) is_first = false;
    // FIN first: bytes of a request that was not read to its end would turn a close into a reset
    // that can overtake the answer.
    beast::error_code ignored;
    stream.socket().shutdown(Socket::shutdown_send, ignored);
    std::array<char, 4096> rest{};
    stream.expires_after(std::chrono::seconds(1));
    for (std::size_t total = 0; total < self->limits.body_bytes;) {
        const auto [error, bytes] = co_await stream.async_read_some(asio::buffer(rest), as_result);
        if (error) break;
        total += bytes;
    }
}

HttpServer::HttpServer(asio::io_context& io, const ListenAddress& address, const Limits& limits,
                       Handler handler)
    : HttpServer(io, bind_listener(address, true), limits, std::move(handler)) {}

HttpServer::HttpServer(asio::io_context& io, int descriptor, const Limits& limits, Handler handler)
    : state_(std::make_shared<State>(limits, std::move(handler))) {
    state_->port = local_port(descriptor);
    State* state = state_.get();
    state->listener = std::make_unique<Listener>(
        io, descriptor, [state] { return state->has_room(); },
        [state, executor = io.get_executor()](Socket socket) {
            state->accept(executor, std::move(socket));
        });
}

HttpServer::~HttpServer() {
    stop();
}

void HttpServer::start() {
    state_->listener->start();
}

void HttpServer::stop() {
    state_->listener.reset();
    state_->handler = nullptr;
    for (std::list<State::Entry*>* all : {&state_->idle, &state_->busy}) {
        while (!all->empty()) all->front()->cut();
    }
}

std::uint16_t HttpServer::port() const {
    return state_->port;
}

}  // namespace bearergate::net
