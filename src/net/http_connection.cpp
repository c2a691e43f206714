// One connection to one of our own small services. Requests are parsed by Beast, and read here.
#include "http_connection.hpp"

#include <bearergate/net/operation_room.hpp>

#include "event_channel.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

namespace bearergate::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

namespace event {
constexpr Signal::Bits received = 1;
constexpr Signal::Bits writable = 2;
constexpr Signal::Bits deadline = 4;
constexpr Signal::Bits cut = 8;
constexpr Signal::Bits answered = 16;
constexpr Signal::Bits news = 32;
}  // namespace event

constexpr std::size_t read_bytes = 4096;
constexpr std::chrono::seconds max_linger{1};

HttpAnswer complaint(const boost::system::error_code& error) {
    unsigned status = 400;
    if (error == http::error::header_limit) status = 431;
    if (error == http::error::body_limit) status = 413;
    return {.status = status, .body = "{\"error\":\"bad request\"}\n"};
}

HttpAnswer too_many_streams() {
    HttpAnswer answer{.status = 503, .body = "{\"error\":\"too many event streams\"}\n"};
    answer.fields = {{"Retry-After", "5"}};
    return answer;
}

template <class Message>
HttpQuestion question_of(Message request, const std::string& peer) {
    HttpQuestion question{.peer = peer,
                          .method = std::string(request.method_string()),
                          .target = std::string(request.target())};
    for (const auto& field : request) {
        question.fields.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    question.body = std::move(request.body());
    return question;
}

template <class Head>
std::string text_of(const Head& head) {
    std::string text = head.version() == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
    text += std::to_string(head.result_int()) + " ";
    text += std::string_view(http::obsolete_reason(head.result()));
    text += "\r\n";
    for (const auto& field : head) {
        text += std::string_view(field.name_string());
        text += ": ";
        text += std::string_view(field.value());
        text += "\r\n";
    }
    return text += "\r\n";
}

}  // namespace

// A request that the handler has. Outlives the connection when that is cut.
struct HttpServer::Connection::Asked : std::enable_shared_from_this<Asked> {
    explicit Asked(Connection& by)
        : loop(by.server_->io.get_executor()), asker(by.weak_from_this()) {}

    // Without memory: also that nobody answers must be heard.
    void give(std::optional<HttpAnswer> given) {
        answer = std::move(given);
        asio::post(loop, asio::bind_allocator(room.allocator(), [self = shared_from_this()] {
                       const auto connection = self->asker.lock();
                       if (!connection) return;
                       connection->answer_ = std::move(self->answer);
                       connection->signal_.raise(event::answered);
                   }));
    }
    OperationRoom room{};
    Executor loop;
    std::weak_ptr<Connection> asker;
    std::optional<HttpAnswer> answer{};
};

// What the handler answers with. One that it drops, after a fault of its own say, is no answer, and
// the connection goes.
class HttpServer::Connection::Ticket {
public:
    explicit Ticket(std::shared_ptr<Asked> asked) : asked_(std::move(asked)) {}
    Ticket(Ticket&&) noexcept = default;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
        if (asked_) asked_->give(std::nullopt);
    }
    void operator()(HttpAnswer answer) { std::exchange(asked_, nullptr)->give(std::move(answer)); }

private:
    std::shared_ptr<Asked> asked_;
};

HttpServer::Connection::Connection(std::shared_ptr<State> server, Socket socket)
    : server_(std::move(server)),
      deadline_(signal_, event::deadline),
      buffer_(server_->limits.header_bytes + server_->limits.body_bytes),
      stream_(std::move(socket)) {
    stream_.attach(signal_, event::received, event::writable);
    server_->sweep.add(deadline_);
}

void HttpServer::Connection::cut() {
    unlink();
    signal_.raise(event::cut);
}

void HttpServer::Connection::arm(std::chrono::milliseconds patience) {
    signal_.clear(event::deadline);
    deadline_.set(server_->sweep.now() + patience);
}

inline auto HttpServer::Connection::wait(Signal::Bits bits) {
    return signal_.any(bits | event::deadline | event::cut);
}

// Unless it was cut.
void HttpServer::Connection::turn(bool to_busy) {
    if (!is_linked()) return;
    unlink();
    is_busy_ = to_busy;
    (to_busy ? server_->busy : server_->idle).push_back(*this);
}

Task<> HttpServer::Connection::run() {
    for (bool is_first = true; co_await exchange(is_first);) is_first = false;
    if (!is_gone_) co_await linger();
    stream_.close();
}

// FIN first: bytes of a request that was not read to its end would turn a close into a reset that
// can overtake the answer.
Task<> HttpServer::Connection::linger() {
    stream_.shutdown_send();
    arm(max_linger);
    for (std::size_t total = 0; total < server_->limits.body_bytes; total += buffer_.size()) {
        buffer_.clear();
        if (!co_await receive()) break;
    }
}

// Whether something came.
Task<bool> HttpServer::Connection::receive() {
    if (buffer_.size() >= buffer_.max_size()) co_return false;
    const auto room = buffer_.prepare(std::min(read_bytes, buffer_.max_size() - buffer_.size()));
    signal_.clear(event::received);
    stream_.start_receive({static_cast<char*>(room.data()), room.size()});
    const auto up = co_await wait(event::received);
    const auto received = stream_.received();
    if ((up & event::cut) != 0 || !received) {
        is_gone_ = true;
        co_return false;
    }
    buffer_.commit(received->bytes);
    co_return received->bytes > 0;
}

// Whether the other side took all of it in time.
Task<bool> HttpServer::Connection::write(Pieces pieces) {
    arm(server_->limits.patience);
    for (;;) {
        Stream::Sent sent = stream_.send(pieces);
        for (std::string_view& piece : pieces) {
            const std::size_t part = std::min(piece.size(), sent.bytes);
            piece.remove_prefix(part);
            sent.bytes -= part;
        }
        if (!sent.failed && pieces.back().empty() && pieces[1].empty() && pieces[0].empty()) {
            co_return true;
        }
        if (!sent.failed) {
            stream_.start_wait_writable();
            // Who does not read makes room like one that idles.
            const bool was_busy = is_busy_;
            if (was_busy) turn(false);
            const auto up = co_await wait(event::writable);
            if (was_busy) turn(true);
            if (up == event::writable) continue;
        }
        is_gone_ = true;
        co_return false;
    }
}

// One request and its answer; false when the connection is to be closed. A connection that is new
// has something to say; one that is kept may wait for its client's next turn.
Task<bool> HttpServer::Connection::exchange(bool is_first) {
    const Limits& limits = server_->limits;
    if (!is_first && buffer_.size() == 0) {
        arm(limits.patience);
        if (!co_await receive()) co_return false;
    }
    arm(limits.head);
    http::request_parser<http::string_body> parser;
    parser.header_limit(limits.header_bytes);
    parser.body_limit(limits.body_bytes);
    parser.eager(true);
    for (bool has_head = false; !parser.is_done();) {
        boost::system::error_code error;
        if (buffer_.size() != 0) buffer_.consume(parser.put(buffer_.data(), error));
        if (error && error != http::error::need_more) {
            co_await answer(complaint(error), {});
            co_return false;
        }
        if (parser.is_done()) break;
        if (!has_head && parser.is_header_done()) {
            has_head = true;
            arm(limits.patience);
        }
        if (!co_await receive()) co_return false;
    }
    auto request = parser.release();
    const Form form{.version = request.version(),
                    .keep_alive = request.keep_alive(),
                    .head_only = request.method() == http::verb::head};
    turn(true);
    auto given = co_await ask(question_of(std::move(request), stream_.peer()));
    if (!given) co_return false;
    if (given->tell && server_->event_streams >= limits.event_streams) given = too_many_streams();
    bool again = false;
    if (given->tell) {
        co_await tell_events(std::move(*given), form);
    } else {
        again = co_await answer(std::move(*given), form);
    }
    turn(false);
    co_return again;
}

Task<std::optional<HttpAnswer>> HttpServer::Connection::ask(HttpQuestion question) {
    deadline_.clear();
    signal_.clear(event::deadline);
    answer_.reset();
    Answer ticket = Ticket(std::make_shared<Asked>(*this));
    try {
        if (server_->handler) server_->handler(std::move(question), std::move(ticket));
    } catch (const std::exception&) {
        // There is no memory for an answer, then.
    }
    ticket = nullptr;
    co_await wait(event::answered);
    if (!answer_) is_gone_ = true;
    co_return std::exchange(answer_, std::nullopt);
}

Task<bool> HttpServer::Connection::answer(HttpAnswer given, Form form) {
    Head head;
    head.version(form.version);
    head.result(given.status);
    head.set(http::field::content_type, given.content_type);
    head.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : given.fields) head.set(name, value);
    head.keep_alive(form.keep_alive);
    const bool may_have_body =
        head.result() != http::status::no_content && head.result() != http::status::not_modified;
    if (may_have_body) head.content_length(given.body.size());
    const std::string text = text_of(head);
    if (form.head_only || !may_have_body) given.body.clear();
    co_return co_await write({text, given.body}) && form.keep_alive;
}

Task<bool> HttpServer::Connection::tell_event(std::string_view event, bool is_chunked) {
    if (!is_chunked) co_return co_await write({event});
    std::array<char, 20> size;
    char* end = std::to_chars(size.data(), size.data() + 16, event.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    co_return co_await write({std::string_view(size.data(), end), event, "\r\n"});
}

// Server-sent events until nobody tells or nobody reads. The connection carries nothing after them.
Task<> HttpServer::Connection::tell_events(HttpAnswer given, Form form) {
    struct Reading {
        explicit Reading(Connection& by)
            : server(*by.server_),
              channel(std::make_shared<EventStream::Channel>(by.signal_, event::news)) {
            ++server.event_streams;
        }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        ~Reading() {
            --server.event_streams;
            channel->lose_reader();
        }
        State& server;
        const std::shared_ptr<EventStream::Channel> channel;
    } const reading(*this);
    EventStream::Channel& channel = *reading.channel;
    const bool is_chunked = form.version >= 11;
    Head head;
    head.version(form.version);
    head.set(http::field::content_type, "text/event-stream");
    head.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : given.fields) head.set(name, value);
    head.keep_alive(false);
    if (is_chunked) head.chunked(true);
    const std::string text = text_of(head);
    if (!co_await write({text}) || form.head_only || !server_->handler) co_return;

    // Who has asked for events has nothing more to say: whatever comes is the end.
    stream_.start_wait_readable();
    given.tell(EventStream(reading.channel));
    for (;;) {
        if (!channel.next && channel.has_teller) {
            arm(server_->limits.heart_beat);
            const auto up = co_await wait(event::news | event::received);
            if ((up & event::cut) != 0) is_gone_ = true;
            if ((up & (event::cut | event::received)) != 0) break;
            // Keeps the connection alive.
            if (up == event::deadline && !co_await tell_event(":\n\n", is_chunked)) break;
            continue;
        }
        if (!channel.next) {
            if (is_chunked) co_await write({"0\r\n\r\n"});
            break;
        }
        const auto next = std::exchange(channel.next, nullptr);
        if (!co_await tell_event(*next, is_chunked)) break;
    }
    stream_.cancel_receive();
    stream_.received();
}

}  // namespace bearergate::net
