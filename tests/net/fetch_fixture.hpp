#pragma once

#include <bearergate/net/fetch.hpp>
#include <bearergate/net/listener.hpp>
#include <bearergate/net/task.hpp>

#include "net/support.hpp"

#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A fetch under test, and servers that answer as they are told.
namespace bearergate::net::test {

using namespace std::chrono_literals;

using Outcome = std::expected<Fetched, FetchError>;

// A server that reads a head and then follows its script, piece by piece, as fast as the other
// side takes it; it repeats the last piece for ever if it is told to.
class Scripted {
public:
    struct Script {
        std::vector<std::string> pieces{};
        std::chrono::milliseconds between{0};
        bool repeat_last = false;
        bool close_at_end = true;
        bool without_goodbye = false;  // TLS: no close_notify
    };

    Scripted(boost::asio::io_context& io, Script script, TlsContext tls = {},
             const char* address = "127.0.0.1", std::uint16_t port = 0)
        : io_(io), script_(std::move(script)), tls_(std::move(tls)) {
        const int descriptor =
            bind_listener({.text = "test", .host = address, .port = port}, false);
        port_ = local_port(descriptor);
        listener_ = std::make_unique<Listener>(
            io, descriptor, [] { return true; },
            [this](Socket socket) { serve(std::move(socket)); });
        listener_->start();
    }
    Scripted(const Scripted&) = delete;
    Scripted& operator=(const Scripted&) = delete;
    ~Scripted() {
        for (const auto& connection : served_) connection->signal.raise(stop);
    }
    std::uint16_t port() const { return port_; }
    const std::string& request() const { return request_; }
    std::size_t connections() const { return served_.size(); }

private:
    static constexpr Signal::Bits received = 1;
    static constexpr Signal::Bits writable = 2;
    static constexpr Signal::Bits time = 4;
    static constexpr Signal::Bits stop = 8;
    struct Connection {
        Stream stream{};
        Signal signal{};
    };

    void serve(Socket socket) {
        const auto& connection = served_.emplace_back(std::make_shared<Connection>());
        connection->stream = Stream(std::move(socket));
        connection->stream.attach(connection->signal, received, writable);
        spawn(run(connection), [](const std::exception_ptr&) {});
    }

    Task<> run(std::shared_ptr<Connection> connection) {
        if (co_await follow(connection) && !script_.without_goodbye) {
            connection->stream.shutdown_send();
        }
        connection->stream.close();
    }

    // Whether it came to its end.
    Task<bool> follow(std::shared_ptr<Connection> connection) {
        Stream& stream = connection->stream;
        Signal& signal = connection->signal;
        if (tls_) {
            stream.start_tls_server(tls_.get());
            if (((co_await signal.any(writable | stop)) & stop) != 0) co_return false;
            if (stream.take_error()) co_return false;
        }
        std::array<char, 4096> buffer{};
        request_.clear();
        while (request_.find("\r\n\r\n") == std::string::npos) {
            stream.start_receive(buffer);
            if (((co_await signal.any(received | stop)) & stop) != 0) co_return false;
            const auto got = stream.received();
            if (got->bytes == 0) co_return false;
            request_.append(buffer.data(), got->bytes);
        }
        for (std::size_t at = 0; at < script_.pieces.size();) {
            std::string_view rest = script_.pieces[at];
            while (!rest.empty()) {
                const Stream::Sent sent = send(stream, rest);
                if (sent.failed) co_return false;
                rest.remove_prefix(sent.bytes);
                if (rest.empty()) break;
                stream.start_wait_writable();
                if (((co_await signal.any(writable | stop)) & stop) != 0) co_return false;
            }
            if (at + 1 < script_.pieces.size() || !script_.repeat_last) ++at;
            boost::asio::steady_timer timer(io_, script_.between);
            timer.async_wait([connection](const boost::system::error_code& error) {
                if (!error) connection->signal.raise(time);
            });
            if (((co_await signal.any(time | stop)) & stop) != 0) co_return false;
        }
        if (!script_.close_at_end) co_await signal.any(stop);
        co_return true;
    }

    boost::asio::io_context& io_;
    Script script_;
    TlsContext tls_;
    std::uint16_t port_ = 0;
    std::string request_{};
    std::vector<std::shared_ptr<Connection>> served_{};
    std::unique_ptr<Listener> listener_{};
};

inline std::string ok(const std::string& body, const std::string& fields = "") {
    return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

class FetchFixture : public testing::Test {
protected:
    Outcome get(FetchRequest request) {
        std::optional<Outcome> outcome;
        fetch(io_, resolver_, std::move(request), [&](Outcome how) {
            EXPECT_FALSE(outcome) << "answered twice";
            outcome = std::move(how);
        });
        EXPECT_FALSE(outcome) << "never from within the call";
        run_until(io_, [&] { return outcome.has_value(); });
        for (int turn = 0; turn < 20; ++turn) io_.poll();
        return outcome.value_or(std::unexpected(FetchError{"nothing"}));
    }
    static FetchRequest plain(const Scripted& server) {
        return {.tls = false, .host = "127.0.0.1", .port = server.port(), .target = "/oidc/jwks"};
    }
    Outcome get(Scripted::Script script, std::size_t most = 256 * 1024,
                std::chrono::milliseconds deadline = 5000ms) {
        const Scripted server(io_, std::move(script));
        FetchRequest request = plain(server);
        request.max_bytes = most;
        request.deadline = deadline;
        return get(std::move(request));
    }
    std::string problem(Scripted::Script script, std::size_t most = 256 * 1024) {
        const Outcome outcome = get(std::move(script), most);
        return outcome ? "status " + std::to_string(outcome->status) : outcome.error().what;
    }

    boost::asio::io_context io_{1};
    Resolver resolver_{io_};
};

}  // namespace bearergate::net::test
