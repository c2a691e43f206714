// One type for TCP, TLS and unix streams: starting and ending of operations. What TLS adds is in
// stream_tls.cpp, how bytes are sent without it in stream_send.cpp, what is noticed while nothing
// is received in stream_watch.cpp.
#include "peer_name.hpp"
#include "phrase.hpp"
#include "stream_state.hpp"
#include "system_calls.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <exception>
#include <new>
#include <span>
#include <system_error>
#include <utility>

namespace bearergate::net {

namespace {

// How much the kernel takes of us that it has not sent yet. It would take megabytes, and say that
// there is room again when a third of them is gone: a slow reader is then one who takes nothing,
// and what it waits for is old.
constexpr int most_unsent = 128 * 1024;

// A peer that sends as fast as we read must not keep the loop to itself.
constexpr unsigned most_receives_in_a_row = 16;

// What there is to read, and behind which of it an end or an error waits: not every read that left
// room has then taken all there was.
constexpr Poller::Events something_to_read = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr Poller::Events more_behind_it = something_to_read & ~static_cast<unsigned>(EPOLLIN);

constexpr const char* out_of_memory = "out of memory";

boost::system::error_code error_of(int number) {
    return {number, boost::system::system_category()};
}

std::string name_of_peer(int descriptor) {
    Endpoint endpoint;
    auto size = static_cast<socklen_t>(endpoint.capacity());
    if (::getpeername(descriptor, endpoint.data(), &size) != 0) return "unknown";
    endpoint.resize(size);
    return peer_name(endpoint);
}

}  // namespace

// ---- Wire

ssize_t Wire::receive(std::span<char> buffer) {
    ssize_t got = 0;
    do {
        got = receive_from(descriptor, buffer.data(), buffer.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        may_read = more_behind = false;
    } else if (got == 0) {
        may_read = more_behind = true;  // an end stays
    } else if (got > 0 && static_cast<std::size_t>(got) < buffer.size()) {
        may_read = more_behind || !is_tcp;
    }
    return got;
}

void Wire::look() {
    char byte = 0;
    const ssize_t got = receive_from(descriptor, &byte, 1, MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) may_read = more_behind = false;
}

// ---- State

void Stream::State::open(Socket from) {
    poller = &Poller::of(from.loop());
    wire = {.descriptor = from.take()};
    const int on = 1;
    // Without meaning for unix sockets, which say so.
    wire.is_tcp = ::setsockopt(wire.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
    ::setsockopt(wire.descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most_unsent, sizeof most_unsent);
}

bool Stream::State::watch(Poller::Events further) {
    is_watched = poller->watch(wire.descriptor, *this, further);
    return is_watched;
}

// What OpenSSL wants: there may be more than one call of it was allowed to read.
void Stream::State::await_bytes() {
    if (wire.may_read) poller->call_again(*this);
}

// Once: to ask is to be told of unread bytes, too, and who asks at each event would never rest.
void Stream::State::await_room() {
    if (std::exchange(waits_for_room, true)) return;
    poller->watch_for_room(wire.descriptor, *this);
}

void Stream::State::shut() {
    if (std::exchange(is_watched, false)) poller->forget(*this);
    const int descriptor = std::exchange(wire.descriptor, -1);
    wants = Wants::nothing;
    wants_writable = waits_for_room = connecting = handshaking = shutdown_waits = false;
    landing = {};
    ssl.reset();
    if (descriptor >= 0) ::close(descriptor);
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

// There was no memory to go on with, and nobody is above us to be told but by an event.
void Stream::State::lose() {
    if (!is_open()) return;
    problem = out_of_memory;
    const bool received = wants != Wants::nothing;
    shut();
    if (received) finish_receive({.condition = Condition::failed});
    tell(received, true);
}

void Stream::State::on_events(Poller::Events events) {
    wire.may_read = wire.may_read || (events & something_to_read) != 0;
    wire.more_behind = wire.more_behind || (events & more_behind_it) != 0;
    has_trouble = has_trouble || (events & EPOLLERR) != 0;
    const bool may_write = (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
    if (may_write) waits_for_room = false;
    try {
        if (connecting) return end_connect();
        if (handshaking) return tell(false, handshake());
        go_on(may_write);
    } catch (const std::exception&) {
        lose();
    }
}

void Stream::State::go_on(bool may_write) {
    const bool may_read = wire.may_read;  // before it is read
    bool received = false;
    if (wants == Wants::nothing) {
        received = notice_trouble();
    } else if (wants == Wants::readable && may_read) {
        finish_receive({});
        received = true;
    } else if (wants == Wants::bytes && (may_read || ssl)) {
        receives_in_a_row = 0;
        received = receive_or_fail();
    }
    const bool writable = wants_writable && (may_write || (may_read && send_needs_read));
    if (writable) wants_writable = false;
    if (shutdown_waits && may_write && close_notify()) ::shutdown(wire.descriptor, SHUT_WR);
    tell(received, writable);
}

// Whether the receive is over; else it stands.
bool Stream::State::receive_now() {
    if (ssl) return read_tls();
    const std::span<char> buffer = landing.prepare();
    const ssize_t got = wire.receive(buffer);
    const int why = errno;
    if (got <= 0) landing.abandon();
    if (got < 0 && (why == EAGAIN || why == EWOULDBLOCK)) return false;
    Received what{.bytes = got > 0 ? static_cast<std::size_t>(got) : 0};
    if (got == 0) what.condition = Condition::ended;
    if (got < 0) what.condition = Condition::failed;
    finish_receive(what);
    return true;
}

// Without memory for what came it is lost, and whoever asked hears whose fault that is.
bool Stream::State::receive_or_fail() {
    try {
        return receive_now();
    } catch (const std::bad_alloc&) {
        problem = out_of_memory;
        finish_receive({.condition = Condition::failed});
        return true;
    }
}

void Stream::State::receive_in_turn() {
    if (receives_in_a_row++ >= most_receives_in_a_row) return poller->call_again(*this);
    if (receive_now()) return tell(true, false);
    receives_in_a_row = 0;
}

void Stream::State::start_connect(const Endpoint& endpoint) {
    const auto size = static_cast<socklen_t>(endpoint.size());
    if (::connect(wire.descriptor, endpoint.data(), size) == 0) {
        return finish_connect(watch() ? 0 : errno);
    }
    // A unix socket connects at once or not at all: there, EAGAIN says that the backlog is full.
    if (errno != EINPROGRESS && errno != EINTR) return finish_connect(errno);
    connecting = true;
    if (!watch(EPOLLOUT)) finish_connect(errno);
}

void Stream::State::end_connect() {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(wire.descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    finish_connect(error);
}

void Stream::State::finish_connect(int error) {
    connecting = false;
    if (error != 0) {
        problem = phrase_of(error_of(error));
        shut();
    }
    tell(false, true);
}

// ---- Stream

Stream::Stream() : state_(new State, [](State* state) { delete state; }) {}

Stream::Stream(Socket socket) : Stream() {
    state_->peer = name_of_peer(socket.descriptor());
    state_->open(std::move(socket));
    if (!state_->watch()) throw std::system_error(errno, std::generic_category(), "epoll");
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
    Stream fresh;  // nothing of an attempt before this one
    State& state = *fresh.state_;
    state.signal = state_->signal;
    state.received_bit = state_->received_bit;
    state.writable_bit = state_->writable_bit;
    state.peer = peer_name(endpoint);
    *this = std::move(fresh);

    Socket socket(executor.context(), ::socket(endpoint.protocol().family(),
                                               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return state.finish_connect(errno);
    try {
        state.open(std::move(socket));
    } catch (const std::system_error& failure) {
        return state.finish_connect(failure.code().value());
    }
    state.start_connect(endpoint);
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
    if (awaits == Awaits::silence) state.receives_in_a_row = 0;
    if (state.may_receive()) return state.receive_in_turn();
    state.receives_in_a_row = 0;
}

void Stream::start_wait_readable() {
    State& state = *state_;
    assert(state.wants == State::Wants::nothing);
    state.result.reset();
    // A receive that filled its buffer has not shown whether that was all.
    if (state.wire.may_read) state.wire.look();
    if (!state.is_open() || state.may_receive()) {
        state.finish_receive({});
        return state.tell(true, false);
    }
    state.wants = State::Wants::readable;
}

bool Stream::is_receiving() const {
    return state_->wants != State::Wants::nothing;
}
bool Stream::has_received() const {
    return state_->result.has_value();
}

bool Stream::is_quiet() const {
    return is_open() && is_receiving() && !state_->may_receive() && !state_->is_due();
}

std::optional<Stream::Received> Stream::received() {
    return std::exchange(state_->result, {});
}

void Stream::cancel_receive() {
    State& state = *state_;
    if (state.wants == State::Wants::nothing) return;
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
    if (!state.send_needs_read) return state.await_room();
    state.await_bytes();
}

void Stream::shutdown_send() {
    if (!is_open()) return;
    if (state_->ssl && !state_->close_notify()) return;
    ::shutdown(state_->wire.descriptor, SHUT_WR);
}

void Stream::close() {
    state_->result.reset();
    state_->missed_writable = false;
    state_->shut();
}

void Stream::reset() {
    if (is_open()) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(state_->wire.descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
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
