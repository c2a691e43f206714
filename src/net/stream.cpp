// One type for TCP, TLS and unix streams: starting and ending of operations. What TLS adds is in
// stream_tls.cpp, how bytes are sent without it in stream_send.cpp, what is noticed while nothing
// is received in stream_watch.cpp.
#include "peer_name.hpp"
#include "phrase.hpp"
#include "stream_state.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <exception>
#include <utility>

namespace bearergate::net {

namespace {

// How much the kernel takes of us that it has not sent yet. It would take megabytes, and say that
// there is room again when a third of them is gone: a slow reader is then one who takes nothing,
// and what it waits for is old.
constexpr int most_unsent = 128 * 1024;

// A peer that sends as fast as we read must not keep the loop to itself.
constexpr unsigned most_receives_in_a_row = 16;

constexpr const char* out_of_memory = "out of memory";

boost::system::error_code last_error() {
    return {errno, boost::system::system_category()};
}

}  // namespace

// ---- State

void Stream::State::open(Socket from) {
    socket.emplace(std::move(from));
    boost::system::error_code ignored;
    socket->non_blocking(true, ignored);
    descriptor = socket->native_handle();
    // Without meaning for unix sockets, which say so.
    socket->set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    ask_for_rest(descriptor);
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most_unsent, sizeof most_unsent);
}

void Stream::State::shut() {
    descriptor = -1;
    wants = Wants::nothing;
    wants_writable = false;
    landing = {};
    ssl.reset();
    boost::system::error_code ignored;
    if (socket) socket->close(ignored);
}

void Stream::State::tell(bool received, bool writable) {
    if (!received && !writable) return;
    if (signal == nullptr) {
        missed_writable |= writable;
        return;
    }
    signal->raise((received ? received_bit : 0) | (writable ? writable_bit : 0));
}

void Stream::State::finish_receive(Received what) {
    wants = Wants::nothing;
    landing = {};
    result = what;
}

void Stream::State::wait(Side side) {
    bool& waiting = side == Side::read ? waiting_readable : waiting_writable;
    if (waiting) return;
    socket->async_wait(side == Side::read ? boost::asio::socket_base::wait_read
                                          : boost::asio::socket_base::wait_write,
                       [self = Reference(this), side](const Error& error) {
                           try {
                               self->on_ready(side, error);
                           } catch (const std::exception&) {
                               self->lose();
                           }
                       });
    waiting = true;
}

// There was no memory to go on with, and nobody is above us to be told but by an event.
void Stream::State::lose() {
    if (!is_open()) return;
    problem = out_of_memory;
    handshaking = false;
    const bool received = wants != Wants::nothing;
    shut();
    if (received) finish_receive({.condition = Condition::failed});
    tell(received, true);
}

void Stream::State::on_ready(Side side, const Error& error) {
    (side == Side::read ? waiting_readable : waiting_writable) = false;
    if (!is_open()) return;
    // cancel_receive() cancels what else is under way on the socket, too.
    if (error == boost::asio::error::operation_aborted) {
        if (side == Side::write && wants_writable) wait(side);
        return;
    }
    if (handshaking) return tell(false, handshake());

    bool received = false;
    bool writable = false;
    if (wants == Wants::readable && side == Side::read) {
        finish_receive({});
        received = true;
    } else if (wants == Wants::bytes && ssl) {
        received = read_tls();
    }
    if (wants_writable && (side == Side::write || send_needs_read)) {
        wants_writable = false;
        writable = true;
    }
    if (shutdown_waits && close_notify()) ::shutdown(descriptor, SHUT_WR);
    tell(received, writable);
}

void Stream::State::on_received(const Error& error, std::size_t bytes) {
    receiving = false;
    if (!is_open()) return;
    Received what{.bytes = bytes};
    if (error == boost::asio::error::eof) {
        what.condition = Condition::ended;
    } else if (error == boost::asio::error::operation_aborted) {
        what.condition = Condition::cancelled;
    } else if (error) {
        what.condition = Condition::failed;
        if (error == boost::asio::error::no_memory) problem = out_of_memory;
    }
    finish_receive(what);
    tell(true, false);
}

void Stream::State::on_connected(const Error& error) {
    if (!is_open()) return;
    connecting = false;
    if (error) {
        problem = phrase_of(error);
        shut();
    }
    tell(false, true);
}

// Tries a receive before it stands.
bool Stream::State::receive_now() {
    if (ssl) return read_tls();
    const ssize_t got = receive_all_there_is(descriptor, landing.prepare(), report.emptied);
    const int why = errno;
    if (got <= 0) landing.abandon();
    if (got < 0 && (why == EAGAIN || why == EWOULDBLOCK)) {
        stand_receive();
        return false;
    }
    Received what{.bytes = got > 0 ? static_cast<std::size_t>(got) : 0};
    if (got == 0) what.condition = Condition::ended;
    if (got < 0) what.condition = Condition::failed;
    finish_receive(what);
    return true;
}

void Stream::State::receive_in_turn() {
    if (receive_is_posted) return;
    if (receives_in_a_row++ < most_receives_in_a_row) {
        if (receive_now()) return tell(true, false);
        receives_in_a_row = 0;
        return;
    }
    boost::asio::post(socket->get_executor(), [self = Reference(this)] {
        self->receive_is_posted = false;
        self->receives_in_a_row = 0;
        const bool still = self->wants == Wants::bytes && !self->receiving;
        try {
            if (!still || !self->receive_now()) return;
        } catch (const std::exception&) {
            return self->lose();
        }
        self->tell(true, false);
    });
    receive_is_posted = true;
}

void Stream::State::stand_receive() {
    report.performed = false;
    socket->async_receive(ReceiveWindow(landing, report),
                          [self = Reference(this)](const Error& error, std::size_t bytes) {
                              self->on_received(error, bytes);
                          });
    receiving = true;
}

// A unix socket connects at once or not at all. Asio would take "the backlog is full" for "under
// way" and then report success.
void Stream::State::connect_unix(const Endpoint& endpoint) {
    const int failed =
        ::connect(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
    on_connected(failed == 0 ? boost::system::error_code() : last_error());
}

// ---- Stream

Stream::Stream()
    : state_(new State, [](State* state) {
          state->signal = nullptr;
          state->shut();
          intrusive_ptr_release(state);
      }) {
    intrusive_ptr_add_ref(state_.get());
}

Stream::Stream(Socket socket) : Stream() {
    boost::system::error_code error;
    const Endpoint endpoint = socket.remote_endpoint(error);
    state_->peer = error ? "unknown" : peer_name(endpoint);
    state_->open(std::move(socket));
}

Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

void Stream::attach(Signal& signal, Signal::Bits received, Signal::Bits writable) {
    state_->signal = &signal;
    state_->received_bit = received;
    state_->writable_bit = writable;
    state_->tell(has_received(), std::exchange(state_->missed_writable, false));
}

void Stream::detach() {
    state_->signal = nullptr;
}

void Stream::start_connect(const Executor& executor, const Endpoint& endpoint) {
    // Handlers of an attempt before this one must find what they knew closed.
    Stream fresh;
    State& state = *fresh.state_;
    state.signal = state_->signal;
    state.received_bit = state_->received_bit;
    state.writable_bit = state_->writable_bit;
    state.peer = peer_name(endpoint);
    *this = std::move(fresh);

    Socket socket(executor);
    boost::system::error_code error;
    socket.open(endpoint.protocol(), error);
    if (error) {
        state.problem = phrase_of(error);
        return state.tell(false, true);
    }
    state.open(std::move(socket));
    state.connecting = true;
    if (endpoint.data()->sa_family == AF_UNIX) return state.connect_unix(endpoint);
    state.socket->async_connect(
        endpoint,
        [self = State::Reference(&state)](const State::Error& how) { self->on_connected(how); });
}

void Stream::start_tls_server(ssl_ctx_st* context) {
    state_->start_tls(context, true, {});
}

void Stream::start_tls_client(ssl_ctx_st* context, const std::string& server_name) {
    state_->start_tls(context, false, server_name);
}

bool Stream::has_error() const {
    return state_->problem.has_value();
}

std::optional<std::string> Stream::take_error() {
    return std::exchange(state_->problem, {});
}

void Stream::start_receive(const Landing& landing, Awaits awaits) {
    State& state = *state_;
    assert(state.wants == State::Wants::nothing && landing.size() > 0);
    if (!state.is_open() || state.broken || state.handshaking) {
        state.finish_receive({.condition = Condition::failed});
        return state.tell(true, false);
    }
    state.wants = State::Wants::bytes;
    state.landing = landing;
    state.result.reset();
    // What Asio will not try by itself is tried here, unless it is known to be in vain.
    const bool may_stand = awaits != Awaits::more && state.report.emptied;
    if (awaits == Awaits::silence) state.receives_in_a_row = 0;
    if (state.ssl || (state.report.exhausted && !may_stand)) return state.receive_in_turn();
    state.stand_receive();
}

void Stream::start_wait_readable() {
    State& state = *state_;
    assert(state.wants == State::Wants::nothing);
    state.result.reset();
    if (!state.is_open() || (state.ssl && state.has_plaintext())) {
        state.finish_receive({});
        return state.tell(true, false);
    }
    state.wants = State::Wants::readable;
    state.wait(State::Side::read);
}

bool Stream::is_receiving() const {
    return state_->wants != State::Wants::nothing;
}
bool Stream::has_received() const {
    return state_->result.has_value();
}

bool Stream::is_quiet() const {
    return is_open() && is_receiving() && !state_->receive_is_posted &&
           !(state_->receiving && state_->report.performed);
}

std::optional<Stream::Received> Stream::received() {
    return std::exchange(state_->result, {});
}

void Stream::cancel_receive() {
    State& state = *state_;
    if (state.wants == State::Wants::nothing) return;
    if (state.receiving) {
        // The kernel may have filled the buffer already: the handler knows.
        boost::system::error_code ignored;
        state.socket->cancel(ignored);
        return;
    }
    state.finish_receive({.condition = Condition::cancelled});
    state.tell(true, false);
}

Stream::Sent Stream::send(std::span<const std::string_view> pieces) {
    assert(pieces.size() <= most_pieces);
    if (!state_->is_open() || state_->connecting) return {.failed = true};
    return state_->ssl ? state_->send_tls(pieces) : state_->send_plain(pieces);
}

void Stream::start_wait_writable() {
    State& state = *state_;
    if (!state.is_open() || state.broken) return state.tell(false, true);
    state.wants_writable = true;
    state.wait(state.send_needs_read ? State::Side::read : State::Side::write);
}

void Stream::shutdown_send() {
    if (!is_open()) return;
    if (state_->ssl && !state_->close_notify()) return;
    ::shutdown(state_->descriptor, SHUT_WR);
}

void Stream::close() {
    state_->result.reset();
    state_->missed_writable = false;
    state_->shut();
}

void Stream::reset() {
    if (is_open()) {
        boost::system::error_code ignored;
        state_->socket->set_option(boost::asio::socket_base::linger(true, 0), ignored);
    }
    close();
}

bool Stream::is_open() const {
    return state_->is_open();
}
bool Stream::is_tls() const {
    return state_->ssl != nullptr;
}
const std::string& Stream::peer() const {
    return state_->peer;
}

}  // namespace bearergate::net
