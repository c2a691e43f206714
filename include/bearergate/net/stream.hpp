#pragma once

#include <bearergate/net/landing.hpp>
#include <bearergate/net/signal.hpp>
#include <bearergate/net/socket.hpp>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace bearergate::net {

using Executor = boost::asio::io_context::executor_type;
using Endpoint = boost::asio::generic::stream_protocol::endpoint;  // TCP over IPv4 or IPv6, or unix

// One type for TCP, TLS and unix streams. Reading is started and its end raises a bit of a Signal;
// writing is tried at once. There is at most one receive outstanding, left standing while an
// exchange does other things: a warm request then costs exactly recv, send, recv, send and a share
// of epoll_wait. Destroying or closing a stream while operations are outstanding is safe, and the
// receive buffer is free again the moment close() returns.
class Stream {
public:
    Stream();  // closed
    // A connected socket. std::system_error where the kernel does not watch it, std::bad_alloc.
    explicit Stream(Socket socket);
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream();

    // Where events go. A detached stream (idle in a pool) only remembers what happened, and
    // attaching raises that.
    void attach(Signal& signal, Signal::Bits received, Signal::Bits writable);
    void detach();

    // Connecting and handshakes end by raising `writable`; has_error() says how they went. It also
    // tells a receive that failed because we had no memory from one that failed by the peer.
    void start_connect(const Executor& executor, const Endpoint& endpoint);
    void start_tls_server(ssl_ctx_st* context);
    // `server_name`: SNI and the name or address that the certificate must be for.
    void start_tls_client(ssl_ctx_st* context, const std::string& server_name);
    bool has_error() const;
    std::optional<std::string> take_error();  // a phrase for our own log, never for a client

    // Receives into `landing`, which must stay until received() or close(). Raises `received`, at
    // once if something is known to be there; after many in a row the loop's others come first, but
    // not where the receive `awaits` silence and is to tell of anything else.
    enum class Awaits : std::uint8_t { more, silence };
    void start_receive(const Landing& landing, Awaits awaits = Awaits::more);
    void start_receive(std::span<char> buffer, Awaits awaits = Awaits::more) {
        start_receive(Landing(buffer), awaits);
    }
    bool is_receiving() const;
    enum class Condition : std::uint8_t {
        open,       // bytes came
        ended,      // orderly end of what the peer sends; it may still read
        failed,     // reset, or TLS gone wrong: the peer is gone
        cancelled,  // by cancel_receive()
    };
    struct Received {
        std::size_t bytes = 0;
        Condition condition = Condition::open;
    };
    std::optional<Received> received();  // of a receive that is over; takes it
    bool has_received() const;           // whether received() has something, without taking it
    // Whether a receive stands and the kernel has given it neither bytes nor an end, also not any
    // that are still on their way to received().
    bool is_quiet() const;
    void cancel_receive();  // to get the buffer back, at once; the receive ends with `cancelled`
    // Waits for the peer to send or go, holding no buffer: raises `received` with nothing to take
    // but a Received of 0 bytes and `open`. For idle connections.
    void start_wait_readable();

    // While there is nowhere to receive to, or nothing more to come: raises `received`, and
    // `failed` with it, if the peer resets the connection. Also where it has done so already.
    void watch();

    // Writes what goes without waiting.
    struct Sent {
        std::size_t bytes = 0;
        bool failed = false;  // the peer is gone
    };
    Sent send(std::span<const std::string_view> pieces);  // at most 8 pieces
    void start_wait_writable();                           // raises `writable` when send() may go on
    std::size_t queued() const;  // bytes sent that the peer's system has not taken yet

    void shutdown_send();  // TCP: FIN; TLS: close_notify, then FIN
    void close();  // at once and without TLS's goodbye: a message that was not whole looks so
    void reset();  // close with RST, so that the peer sees a broken message and no end
    bool is_open() const;
    bool is_tls() const;

    // The peer's address without port, an IPv4 one as such on IPv6 sockets too; "unix" for unix
    // streams; kept from the start.
    const std::string& peer() const;

private:
    struct State;
    std::unique_ptr<State, void (*)(State*)> state_;
};

}  // namespace bearergate::net
