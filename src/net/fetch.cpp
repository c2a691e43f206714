// One small GET at a time, on Beast: key sets and discovery documents. Every limit here is against
// a server that is slow, endless or not the one it should be.
#include <bearergate/net/fetch.hpp>

#include "phrase.hpp"
#include "tls_peer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace bearergate::net {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using Error = boost::system::error_code;
using Outcome = std::expected<Fetched, FetchError>;
using Clock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> returned{};

constexpr std::uint32_t most_header_bytes = 16 * 1024;
// Beyond header and body: chunk sizes, extensions and trailers, which no limit of Beast covers.
constexpr std::size_t most_framing_bytes = 64 * 1024;
constexpr std::size_t read_bytes = 16 * 1024;
constexpr std::size_t most_etag_bytes = 1024;
// A name that has not resolved by then is sought where it was last. The rest of a fetch's time must
// do for it.
constexpr std::chrono::milliseconds names_patience{1500};

Outcome failed(std::string what) {
    return std::unexpected(FetchError{.what = std::move(what)});
}

std::string phrase_of_read(const Error& error) {
    if (error == http::error::partial_message || error == asio::ssl::error::stream_truncated) {
        return "the answer was cut short";
    }
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

http::request<http::empty_body> message_for(const FetchRequest& request) {
    http::request<http::empty_body> message{http::verb::get, request.target, 11};
    message.set(http::field::host, authority_of(request));
    message.set(http::field::user_agent, "bearergate");
    message.set(http::field::accept, "application/json, application/jwk-set+json");
    message.set(http::field::connection, "close");
    if (!request.etag.empty()) message.set(http::field::if_none_match, request.etag);
    return message;
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
          names_(executor),
          attempt_(executor),
          socket_(executor) {}

    void start() {
        end_ = Clock::now() + request_.deadline;
        deadline_.expires_at(end_);
        deadline_.async_wait([self = shared_from_this()](const Error& error) {
            if (!error) self->finish(failed("no answer in time"));
        });
        if (!is_usable(request_)) return answer_later("not a request that can be sent");
        names_.expires_after(std::min(names_patience, request_.deadline / 2));
        names_.async_wait([self = shared_from_this()](const Error& error) {
            if (error) return;
            auto endpoints = self->resolver_.last_good(self->where());
            if (!endpoints.empty()) self->go(std::move(endpoints));
        });
        // Weak: when the deadline is over, nobody waits for the name any more.
        resolver_.resolve(where(), weak_from_this(), [weak = weak_from_this()](auto endpoints) {
            const auto self = weak.lock();
            if (!self) return;
            if (endpoints.empty()) endpoints = self->resolver_.last_good(self->where());
            self->go(std::move(endpoints));
        });
    }

private:
    // What one address gave: an outcome, or why the next one should be tried.
    struct Attempt {
        std::optional<Outcome> outcome{};
        std::string problem{};
        bool connected = false;
    };

    void finish(Outcome outcome) {
        if (!done_) return;
        Error ignored;
        socket_.close(ignored);
        deadline_.cancel();
        names_.cancel();
        attempt_.cancel();
        std::exchange(done_, {})(std::move(outcome));
    }
    bool is_finished() const { return !done_; }
    HostPort where() const { return {.host = request_.host, .port = request_.port}; }

    void answer_later(const char* problem) {
        asio::post(executor_,
                   [self = shared_from_this(), problem] { self->finish(failed(problem)); });
    }

    void go(std::vector<Endpoint> endpoints) {
        if (is_finished() || std::exchange(goes_, true)) return;
        names_.cancel();
        asio::co_spawn(
            executor_, run(shared_from_this(), std::move(endpoints)),
            [self = shared_from_this()](const std::exception_ptr& error, Outcome outcome) {
                self->finish(error ? failed("an unforeseen error") : std::move(outcome));
            });
    }

    // `self` keeps this object until the coroutine has ended.
    static Awaitable<Outcome> run(std::shared_ptr<Fetch> self, std::vector<Endpoint> endpoints) {
        co_return co_await self->try_each(endpoints);
    }

    Awaitable<Outcome> try_each(const std::vector<Endpoint>& endpoints) {
        Attempt told{.problem = "no address for " + request_.host};
        for (std::size_t at = 0; at < endpoints.size() && !is_finished(); ++at) {
            // A first address that swallows everything must leave time for the others.
            attempt_.expires_after((end_ - Clock::now()) / static_cast<int>(endpoints.size() - at));
            attempt_.async_wait([self = shared_from_this(), at](const Error& error) {
                if (!error && self->connecting_to_ == at) self->cancel_socket();
            });
            connecting_to_ = at;
            Attempt attempt = co_await try_one(endpoints[at]);
            if (attempt.outcome) co_return std::move(*attempt.outcome);
            // Of several reasons, the one of a server that was there tells more.
            if (attempt.connected || !told.connected) told = std::move(attempt);
        }
        co_return failed(std::move(told.problem));
    }

    void cancel_socket() {
        Error ignored;
        socket_.cancel(ignored);
    }

    Awaitable<Attempt> try_one(const Endpoint& endpoint) {
        socket_ = Socket(executor_);
        const auto [error] = co_await socket_.async_connect(endpoint, returned);
        if (error == asio::error::operation_aborted)
            co_return Attempt{.problem = "no connection in time"};
        if (error) co_return Attempt{.problem = phrase_of(error)};
        if (!request_.tls) {
            connecting_to_.reset();
            co_return Attempt{.outcome = co_await exchange(socket_)};
        }
        SSL* ssl = SSL_new(request_.context.get());
        if (ssl == nullptr) co_return Attempt{.problem = "out of memory"};
        asio::ssl::stream<Socket&> stream(socket_, ssl);  // owns `ssl` now
        if (!expect_peer(ssl, request_.host)) {
            co_return Attempt{.outcome = failed("no usable server name")};
        }
        const auto [refused] =
            co_await stream.async_handshake(asio::ssl::stream_base::client, returned);
        if (refused) co_return Attempt{.problem = tls_phrase(ssl, refused), .connected = true};
        if (!speaks_http1(ssl)) {
            co_return Attempt{.problem = "the server speaks another protocol", .connected = true};
        }
        connecting_to_.reset();
        co_return Attempt{.outcome = co_await exchange(stream)};
    }

    static std::string tls_phrase(SSL* ssl, const Error& error) {
        if (error == asio::ssl::error::stream_truncated || error == asio::error::eof)
            return "closed during the TLS handshake";
        if (error == asio::error::operation_aborted) return "no TLS handshake in time";
        if (error.category() != asio::error::get_ssl_category()) return phrase_of(error);
        return handshake_problem(ssl, static_cast<unsigned long>(error.value()));
    }

    template <class S>
    Awaitable<Outcome> exchange(S& stream) {
        const auto message = message_for(request_);
        if (const auto [error, size] = co_await http::async_write(stream, message, returned);
            error) {
            co_return failed(phrase_of(error));
        }
        http::response_parser<http::string_body> parser;
        parser.header_limit(most_header_bytes);
        parser.body_limit(request_.max_bytes);
        parser.eager(true);
        // Read here and not by Beast, whose read of some returns only when the parser is content:
        // one byte in each chunk behind long extensions keeps it busy beyond every limit.
        boost::beast::flat_buffer buffer;
        const std::size_t most = most_header_bytes + request_.max_bytes + most_framing_bytes;
        std::size_t read = 0;
        while (!parser.is_done()) {
            auto [error, size] =
                co_await stream.async_read_some(buffer.prepare(read_bytes), returned);
            buffer.commit(size);
            read += size;
            if (read > most) co_return failed("too large");
            if (error) {
                if (error != asio::error::eof) co_return failed(phrase_of_read(error));
                if (!parser.got_some()) co_return failed("closed without an answer");
                error = {};
                parser.put_eof(error);
            } else {
                buffer.consume(parser.put(buffer.data(), error));
                if (error == http::error::need_more) error = {};
            }
            if (error) co_return failed(phrase_of_read(error));
            // Judged before the body is read. Redirects are not followed: who may name keys is
            // configured.
            const unsigned status = parser.is_header_done() ? parser.get().result_int() : 0;
            if (status != 0 && status != 200 && (status != 304 || request_.etag.empty())) {
                co_return failed("status " + std::to_string(status));
            }
        }
        auto answer = parser.release();
        Fetched fetched{.status = answer.result_int(),
                        .body = std::move(answer.body()),
                        .etag = std::string(answer[http::field::etag]),
                        .cache_control = std::string(answer[http::field::cache_control])};
        if (fetched.etag.size() > most_etag_bytes) fetched.etag.clear();
        co_return fetched;
    }

    Executor executor_;
    Resolver& resolver_;
    FetchRequest request_;
    std::function<void(Outcome)> done_;
    Clock::time_point end_{};
    Timer deadline_;
    Timer names_;
    Timer attempt_;
    bool goes_ = false;  // it has addresses
    std::optional<std::size_t> connecting_to_{};
    Socket socket_;
};

}  // namespace

void fetch(asio::io_context& io, Resolver& resolver, FetchRequest request,
           std::function<void(std::expected<Fetched, FetchError>)> done) {
    std::make_shared<Fetch>(io.get_executor(), resolver, std::move(request), std::move(done))
        ->start();
}

}  // namespace bearergate::net
