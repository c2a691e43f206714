// One small GET at a time, on Beast: key sets and discovery documents. Every limit here is against
// a server that is slow, endless or not the one it should be.
#include <bearergate/net/fetch.hpp>
#include <bearergate/net/signal.hpp>
#include <bearergate/net/stream.hpp>
#include <bearergate/net/task.hpp>

#include "phrase.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <utility>

namespace bearergate::net {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using Error = boost::system::error_code;
using Outcome = std::expected<Fetched, FetchError>;
using Parser = http::response_parser<http::string_body>;
using Clock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

constexpr std::uint32_t most_header_bytes = 16 * 1024;
// Beyond header and body: chunk sizes, extensions and trailers, which no limit of Beast covers.
constexpr std::size_t most_framing_bytes = 64 * 1024;
constexpr std::size_t read_bytes = 16 * 1024;
constexpr std::size_t most_etag_bytes = 1024;
// A name that has not resolved by then is sought where it was last. The rest of a fetch's time must
// do for it.
constexpr std::chrono::milliseconds names_patience{1500};

namespace event {
constexpr Signal::Bits received = 1;
constexpr Signal::Bits writable = 2;
constexpr Signal::Bits over = 4;    // the time for everything
constexpr Signal::Bits turn = 8;    // that of one step
constexpr Signal::Bits found = 16;  // the name's addresses, if any
}  // namespace event

Outcome failed(std::string what) {
    return std::unexpected(FetchError{.what = std::move(what)});
}

std::string phrase_of_read(const Error& error) {
    if (error == http::error::partial_message) return "the answer was cut short";
    if (error == http::error::header_limit) return "header too large";
    if (error == http::error::body_limit) return "too large";
    if (error.category() == http::make_error_code(http::error::bad_version).category()) {
        return "malformed answer: " + error.message();
    }
    return phrase_of(error);
}

// Written into a head as it stands, so no space, no line end.
bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](char byte) { return byte > 0x20 && byte < 0x7F; });
}

bool is_usable(const FetchRequest& request) {
    return is_visible(request.host) && !request.host.empty() && is_visible(request.target) &&
           request.target.starts_with('/') &&
           std::ranges::none_of(
               request.etag,
               [](char byte) { return byte == '\r' || byte == '\n' || byte == '\0'; }) &&
           (!request.tls || request.context);
}

std::string authority_of(const FetchRequest& request) {
    const bool is_ipv6 = request.host.find(':') != std::string::npos;
    std::string text = is_ipv6 ? "[" + request.host + "]" : request.host;
    if (request.port != (request.tls ? 443 : 80)) text += ":" + std::to_string(request.port);
    return text;
}

std::string head_for(const FetchRequest& request) {
    std::string head = "GET " + request.target + " HTTP/1.1\r\nHost: " + authority_of(request) +
                       "\r\nUser-Agent: bearergate\r\n"
                       "Accept: application/json, application/jwk-set+json\r\n"
                       "Connection: close\r\n";
    if (!request.etag.empty()) head += "If-None-Match: " + request.etag + "\r\n";
    return head += "\r\n";
}

class Fetch : public std::enable_shared_from_this<Fetch> {
public:
    Fetch(Executor executor, Resolver& resolver, FetchRequest request,
          std::function<void(Outcome)> done)
        : executor_(executor),
          resolver_(resolver),
          request_(std::move(request)),
          done_(std::move(done)),
          deadline_(executor),
          turn_(executor) {
        stream_.attach(signal_, event::received, event::writable);
    }

    void start() {
        if (!is_usable(request_)) {
            return asio::post(executor_, [self = shared_from_this()] {
                self->finish(failed("not a request that can be sent"));
            });
        }
        end_ = Clock::now() + request_.deadline;
        deadline_.expires_at(end_);
        deadline_.async_wait(
            [tether = std::make_unique<Tether>(shared_from_this())](const Error& error) {
                if (!error) tether->fetch->signal_.raise(event::over);
            });
        // Weak: when the deadline is over, nobody waits for the name any more.
        resolver_.resolve(where(), weak_from_this(), [weak = weak_from_this()](auto endpoints) {
            const auto self = weak.lock();
            if (!self) return;
            self->found_ = std::move(endpoints);
            self->signal_.raise(event::found);
        });
        spawn(run(), [self = shared_from_this()](const std::exception_ptr& error) {
            self->finish(error ? failed("out of memory") : std::move(self->outcome_));
        });
    }

private:
    // What one address gave: an outcome, or why the next one should be tried.
    struct Attempt {
        std::optional<Outcome> outcome{};
        std::string problem{};
        bool connected = false;
    };

    // The task holds what it runs in, and would for ever if the loop went before its end. With the
    // loop goes the deadline's handler, and with that this: the task ends then, and nobody is told.
    struct Tether {
        explicit Tether(std::shared_ptr<Fetch> to) : fetch(std::move(to)) {}
        Tether(const Tether&) = delete;
        Tether& operator=(const Tether&) = delete;
        ~Tether() {
            if (!fetch->done_) return;
            fetch->done_ = nullptr;
            fetch->signal_.raise(event::over);
        }
        std::shared_ptr<Fetch> fetch;
    };

    // Last of all: whoever asked may end what this refers to. Asio's cancel() says that it throws,
    // and does not for a timer. NOLINTNEXTLINE(bugprone-exception-escape)
    void finish(Outcome outcome) noexcept {
        stream_.close();
        deadline_.cancel();
        turn_.cancel();
        try {
            if (const auto done = std::exchange(done_, {})) done(std::move(outcome));
        } catch (const std::exception&) {
            // For want of memory. What was to tell of it is destroyed, and that tells.
        }
    }
    HostPort where() const { return {.host = request_.host, .port = request_.port}; }

    // Raises event::turn after this time, and no other.
    void set_turn(Clock::duration time) {
        signal_.clear(event::turn);
        turn_.expires_after(time);
        turn_.async_wait([self = shared_from_this(), number = ++turns_](const Error& error) {
            if (!error && number == self->turns_) self->signal_.raise(event::turn);
        });
    }
    void clear_turn() {
        ++turns_;
        turn_.cancel();
        signal_.clear(event::turn);
    }
    // Until one of these is up, or all time is over.
    auto wait(Signal::Bits bits) { return signal_.any(bits | event::over); }

    Task<> run() {
        const std::vector<Endpoint> endpoints = co_await find();
        if (!is_over_) outcome_ = co_await try_each(endpoints);
        if (is_over_) outcome_ = failed("no answer in time");
    }

    Task<std::vector<Endpoint>> find() {
        set_turn(std::min(names_patience, request_.deadline / 2));
        for (;;) {
            const auto up = co_await wait(event::found | event::turn);
            is_over_ = (up & event::over) != 0;
            if (is_over_)
                co_return std::vector<Endpoint>();  // the resolver may be gone with its loop
            std::vector<Endpoint> endpoints = std::move(found_);
            if (endpoints.empty()) endpoints = resolver_.last_good(where());
            if ((up & event::found) != 0 || !endpoints.empty()) co_return endpoints;
        }
    }

    Task<Outcome> try_each(const std::vector<Endpoint>& endpoints) {
        Attempt told{.problem = "no address for " + request_.host};
        for (std::size_t at = 0; at < endpoints.size() && !is_over_; ++at) {
            // A first address that swallows everything must leave time for the others.
            set_turn((end_ - Clock::now()) / static_cast<int>(endpoints.size() - at));
            Attempt attempt = co_await try_one(endpoints[at]);
            if (attempt.outcome) co_return std::move(*attempt.outcome);
            // Of several reasons, the one of a server that was there tells more.
            if (attempt.connected || !told.connected) told = std::move(attempt);
        }
        co_return failed(std::move(told.problem));
    }

    Task<Attempt> try_one(const Endpoint& endpoint) {
        signal_.clear(event::received | event::writable);
        stream_.start_connect(executor_, endpoint);
        Attempt attempt{.problem = "no connection in time"};
        if (!co_await settle(attempt)) co_return attempt;
        if (request_.tls) {
            attempt = {.problem = "no TLS handshake in time", .connected = true};
            stream_.start_tls_client(request_.context.get(), request_.host);
            if (!co_await settle(attempt)) co_return attempt;
        }
        clear_turn();
        attempt.outcome = co_await exchange();
        co_return attempt;
    }

    // Whether a connect or a handshake came to a good end.
    Task<bool> settle(Attempt& attempt) {
        const auto up = co_await wait(event::writable | event::turn);
        is_over_ = (up & event::over) != 0;
        if ((up & event::writable) == 0) co_return false;
        auto problem = stream_.take_error();
        if (problem) attempt.problem = std::move(*problem);
        co_return !problem;
    }

    // Whether everything was sent.
    Task<bool> send(const std::string& head) {
        for (std::string_view rest = head;;) {
            const std::array pieces{rest};
            const Stream::Sent sent = stream_.send(pieces);
            if (sent.failed) co_return false;
            rest.remove_prefix(sent.bytes);
            if (rest.empty()) co_return true;
            stream_.start_wait_writable();
            is_over_ = (co_await wait(event::writable) & event::over) != 0;
            if (is_over_) co_return false;
        }
    }

    Task<Outcome> exchange() {
        if (!co_await send(head_for(request_))) co_return failed("the connection was lost");
        std::optional<Parser> parser;
        begin(parser);
        // Read here and not by Beast, whose read of some returns only when the parser is content:
        // one byte in each chunk behind long extensions keeps it busy beyond every limit.
        const std::size_t most = most_header_bytes + request_.max_bytes + most_framing_bytes;
        std::size_t read = 0;
        while (!parser->is_done()) {
            const auto room = buffer_.prepare(read_bytes);
            stream_.start_receive({static_cast<char*>(room.data()), room.size()});
            is_over_ = (co_await wait(event::received) & event::over) != 0;
            const auto received = stream_.received();
            if (is_over_ || !received) co_return failed("no answer in time");
            buffer_.commit(received->bytes);
            read += received->bytes;
            if (read > most) co_return failed("too large");
            if (auto problem = take(*received, parser)) co_return failed(std::move(*problem));
        }
        auto answer = parser->release();
        Fetched fetched{.status = answer.result_int(),
                        .body = std::move(answer.body()),
                        .etag = std::string(answer[http::field::etag]),
                        .cache_control = std::string(answer[http::field::cache_control])};
        if (fetched.etag.size() > most_etag_bytes) fetched.etag.clear();
        co_return fetched;
    }

    void begin(std::optional<Parser>& parser) const {
        parser.emplace();
        parser->header_limit(most_header_bytes);
        parser->body_limit(request_.max_bytes);
        parser->eager(true);
    }

    // Heads before the answer's own are passed over (RFC 9110 section 15.2), however many the bound
    // of all that is read allows.
    void put(std::optional<Parser>& parser, Error& error) {
        for (;;) {
            buffer_.consume(parser->put(buffer_.data(), error));
            const bool is_interim = !error && parser->is_done() &&
                                    parser->get().result_int() < 200 &&
                                    parser->get().result_int() != 101;
            if (!is_interim) return;
            begin(parser);
            if (buffer_.size() == 0) return;
        }
    }

    // What is wrong with the answer as far as it has come.
    std::optional<std::string> take(const Stream::Received& received,
                                    std::optional<Parser>& parser) {
        Error error;
        if (received.bytes > 0) put(parser, error);
        if (error == http::error::need_more) error = {};
        if (!error && received.condition != Stream::Condition::open) {
            if (!parser->got_some()) return "closed without an answer";
            // Cut off by whoever was in the way, it says nothing.
            if (received.condition == Stream::Condition::failed) return "the answer was cut short";
            parser->put_eof(error);
        }
        if (error) return phrase_of_read(error);
        // Judged before the body is read. Redirects are not followed: who may name keys is
        // configured.
        const unsigned status = parser->is_header_done() ? parser->get().result_int() : 0;
        if (status == 0 || status == 200 || (status == 304 && !request_.etag.empty())) return {};
        return "status " + std::to_string(status);
    }

    Executor executor_;
    Resolver& resolver_;
    FetchRequest request_;
    std::function<void(Outcome)> done_;
    Clock::time_point end_{};
    Timer deadline_;
    Timer turn_;
    unsigned turns_ = 0;
    Signal signal_{};
    std::vector<Endpoint> found_{};
    bool is_over_ = false;
    Outcome outcome_{};
    boost::beast::flat_buffer buffer_{};
    Stream stream_{};  // behind what it receives into
};

}  // namespace

void fetch(asio::io_context& io, Resolver& resolver, FetchRequest request,
           std::function<void(std::expected<Fetched, FetchError>)> done) {
    std::make_shared<Fetch>(io.get_executor(), resolver, std::move(request), std::move(done))
        ->start();
}

}  // namespace bearergate::net
