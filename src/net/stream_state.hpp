#pragma once

#include <bearergate/net/stream.hpp>

#include "receive_window.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <boost/system/error_code.hpp>

struct bio_st;
struct ssl_st;

namespace bearergate::net {

inline constexpr std::size_t most_pieces = 8;  // of one send

// What OpenSSL reads from, and how much of it one call may read that yields nothing.
struct TlsWire {
    int descriptor = -1;
    int receives_left = 0;
    int idle_messages = 0;  // of the protocol itself, since there was one of the peer's user
};

struct SslRelease {
    void operator()(ssl_st* ssl) const noexcept;
};

// What a Stream is made of; for stream.cpp and stream_tls.cpp. Handlers of operations under way
// hold it, so that the Stream itself may go at any time. One thread: a plain count.
//
// An event may resume a session, and the session may destroy the Stream: tell() is the last thing
// a function does.
struct Stream::State : boost::intrusive_ref_counter<State, boost::thread_unsafe_counter> {
    using Reference = boost::intrusive_ptr<State>;
    using Error = boost::system::error_code;
    enum class Side : std::uint8_t { read, write };
    enum class Wants : std::uint8_t { nothing, bytes, readable };

    void open(Socket from);
    void shut();  // the descriptor; handlers under way find it closed
    bool is_open() const { return descriptor >= 0; }

    void tell(bool received, bool writable);
    void finish_receive(Received what);  // without telling
    bool receive_now();                  // whether the receive is over; else it stands
    void receive_in_turn();
    void stand_receive();
    void wait(Side side);  // unless it waits already
    void on_ready(Side side, const Error& error);
    void on_received(const Error& error, std::size_t bytes);
    void on_trouble(const Error& error);
    void on_connected(const Error& error);
    void lose();
    void connect_unix(const Endpoint& endpoint);
    Sent send_plain(std::span<const std::string_view> pieces) const;

    // stream_tls.cpp
    void start_tls(ssl_ctx_st* context, bool as_server, const std::string& server_name);
    bool handshake();  // whether it is over, for good or bad
    bool read_tls();   // whether the receive is over
    bool has_plaintext() const;
    Sent send_tls(std::span<const std::string_view> pieces);
    bool close_notify();  // whether it went, or never will

    Signal* signal = nullptr;  // null while detached
    Signal::Bits received_bit = 0;
    Signal::Bits writable_bit = 0;
    bool missed_writable = false;

    std::optional<Socket> socket{};
    int descriptor = -1;
    std::string peer{};
    std::optional<std::string> problem{};

    Wants wants = Wants::nothing;
    Landing landing{};
    std::optional<Received> result{};
    bool wants_writable = false;
    bool connecting = false;
    unsigned receives_in_a_row = 0;  // that found something at once
    bool receive_is_posted = false;
    ReceiveWindow::Report report{};
    bool receiving = false;  // an async_receive is under way,
    bool waiting_readable = false;
    bool waiting_writable = false;
    bool waiting_trouble = false;  // an async_wait

    TlsWire wire{};  // before what points to it
    std::unique_ptr<ssl_st, SslRelease> ssl{};
    bool handshaking = false;
    bool broken = false;  // after a fatal error nothing more may be asked of the engine
    bool send_needs_read = false;
    bool shutdown_waits = false;  // for room for close_notify
    std::size_t unfinished = 0;   // bytes of ours in a record that went out in part
};

}  // namespace bearergate::net
