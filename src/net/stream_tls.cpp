// TLS for a Stream: OpenSSL directly on the non-blocking descriptor. Asio's own TLS stream takes
// bytes from the socket that a synchronous call then cannot give back when it would have to wait.
#include "phrase.hpp"
#include "stream_state.hpp"
#include "system_calls.hpp"
#include "tls_peer.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <new>

namespace bearergate::net {

namespace {

constexpr std::size_t longest_record = 16 * 1024;
// OpenSSL goes on reading within one call until there is something for its user, and what TLS says
// to itself is nothing: tickets and key updates cost the peer 20 bytes and us 20 µs each. After so
// many receives a call has to come back, as if there was no more yet, and let others have a turn.
constexpr int most_receives = 3;  // a record of 16 KiB is two or three
// Before the peer's first word and between any two. Servers send a handful of tickets.
constexpr int most_idle_messages = 64;

// ---- The socket as OpenSSL sees it. Its own socket BIO writes without MSG_NOSIGNAL: a peer that
// is gone would end the process.

Wire& wire_of(BIO* bio) {
    return *static_cast<Wire*>(BIO_get_data(bio));
}

bool would_wait() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int write_socket(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t sent = send_to(wire_of(bio).descriptor, data, static_cast<std::size_t>(size));
    if (sent < 0 && would_wait()) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

int read_socket(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    Wire& wire = wire_of(bio);
    if (wire.idle_messages > most_idle_messages) return -1;
    if (wire.receives_left == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    --wire.receives_left;
    const ssize_t got = wire.receive(std::span(data, static_cast<std::size_t>(size)));
    if (got < 0 && would_wait()) BIO_set_retry_read(bio);
    // This is how OpenSSL tells an end without close_notify from an error.
    if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(got);
}

long control_socket(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

void count_message(int is_ours, int, int type, const void*, std::size_t, ssl_st*, void* wire) {
    if (is_ours == 0 && type == SSL3_RT_HANDSHAKE) ++static_cast<Wire*>(wire)->idle_messages;
}

BIO* make_socket_bio(Wire& wire) {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "descriptor");
        // So that it is tried again the next time.
        if (made == nullptr) throw std::bad_alloc();
        BIO_meth_set_write(made, write_socket);
        BIO_meth_set_read(made, read_socket);
        BIO_meth_set_ctrl(made, control_socket);
        return made;
    }();
    BIO* bio = BIO_new(method);
    if (bio == nullptr) return nullptr;
    BIO_set_data(bio, &wire);
    BIO_set_init(bio, 1);
    return bio;
}

// What is left of `pieces` after `sent` bytes, as much as fits one record: small pieces are copied
// together, since each record costs its own header, tag and system call.
std::string_view next_record(std::span<const std::string_view> pieces, std::size_t sent) {
    thread_local std::array<char, longest_record> gathered;
    std::size_t size = 0;
    for (std::string_view piece : pieces) {
        const std::size_t skip = std::min(sent, piece.size());
        sent -= skip;
        piece.remove_prefix(skip);
        if (size == 0 && piece.size() >= longest_record) return piece.substr(0, longest_record);
        const std::size_t take = std::min(piece.size(), longest_record - size);
        if (take != 0) std::memcpy(gathered.data() + size, piece.data(), take);
        size += take;
    }
    return {gathered.data(), size};
}

}  // namespace

void SslRelease::operator()(ssl_st* ssl) const noexcept {
    SSL_free(ssl);
}

void Stream::State::start_tls(ssl_ctx_st* context, bool as_server, const std::string& server_name) {
    const auto fail = [this](const char* why) {
        problem = why;
        shut();
        tell(false, true);
    };
    if (!is_open()) return fail("the connection is closed");
    ssl.reset(SSL_new(context));
    BIO* bio = ssl ? make_socket_bio(wire) : nullptr;
    if (bio == nullptr) return fail("out of memory");
    SSL_set_bio(ssl.get(), bio, bio);
    SSL_set_msg_callback(ssl.get(), count_message);
    SSL_set_msg_callback_arg(ssl.get(), &wire);
    if (as_server) {
        SSL_set_accept_state(ssl.get());
    } else {
        if (!expect_peer(ssl.get(), server_name)) return fail("no usable server name");
        SSL_set_connect_state(ssl.get());
    }
    handshaking = true;
    if (handshake()) tell(false, true);
}

bool Stream::State::handshake() {
    ERR_clear_error();
    wire.receives_left = most_receives;
    const int done = SSL_do_handshake(ssl.get());
    if (done == 1) {
        handshaking = false;
        if (!SSL_is_server(ssl.get()) && !speaks_http1(ssl.get())) {
            problem = "the server chose a protocol that was not offered";
            broken = true;
        }
        return true;
    }
    switch (SSL_get_error(ssl.get(), done)) {
        case SSL_ERROR_WANT_READ: await_bytes(); return false;
        case SSL_ERROR_WANT_WRITE: await_room(); return false;
        default: break;
    }
    problem = handshake_problem(ssl.get(), ERR_get_error());
    handshaking = false;
    broken = true;
    return true;
}

bool Stream::State::read_tls() {
    ERR_clear_error();
    const std::span<char> buffer = landing.prepare();
    const int size = static_cast<int>(std::min<std::size_t>(buffer.size(), INT_MAX));
    wire.receives_left = most_receives;
    const int got = SSL_read(ssl.get(), buffer.data(), size);
    if (got > 0) {
        wire.idle_messages = 0;
        finish_receive({.bytes = static_cast<std::size_t>(got)});
        return true;
    }
    landing.abandon();
    switch (SSL_get_error(ssl.get(), got)) {
        case SSL_ERROR_WANT_READ: await_bytes(); return false;
        case SSL_ERROR_WANT_WRITE: await_room(); return false;
        case SSL_ERROR_ZERO_RETURN: finish_receive({.condition = Condition::ended}); return true;
        default: break;
    }
    // Also an end without close_notify: somebody may have cut the message short.
    broken = true;
    finish_receive({.condition = Condition::failed});
    return true;
}

bool Stream::State::has_plaintext() const {
    return SSL_has_pending(ssl.get()) != 0;
}

Stream::Sent Stream::State::send_tls(std::span<const std::string_view> pieces) {
    Sent sent{.failed = broken || handshaking};
    while (!sent.failed) {
        std::string_view record = next_record(pieces, sent.bytes);
        // A record that went out in part is finished first, with the bytes that it was made of.
        if (unfinished != 0) record = record.substr(0, unfinished);
        if (record.size() < unfinished) broken = sent.failed = true;
        if (record.empty() || sent.failed) break;
        ERR_clear_error();
        wire.receives_left = most_receives;
        const int went = SSL_write(ssl.get(), record.data(), static_cast<int>(record.size()));
        if (went > 0) {
            unfinished = 0;
            sent.bytes += static_cast<std::size_t>(went);
            continue;
        }
        const int why = SSL_get_error(ssl.get(), went);
        if (why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ) {
            unfinished = record.size();
            send_needs_read = why == SSL_ERROR_WANT_READ;
            break;
        }
        broken = sent.failed = true;
    }
    return sent;
}

bool Stream::State::close_notify() {
    shutdown_waits = false;
    // In the middle of a record there is no honest end.
    if (broken || handshaking || unfinished != 0) return true;
    ERR_clear_error();
    wire.receives_left = most_receives;
    const int done = SSL_shutdown(ssl.get());
    if (done >= 0 || SSL_get_error(ssl.get(), done) != SSL_ERROR_WANT_WRITE) return true;
    shutdown_waits = true;
    await_room();
    return false;
}

}  // namespace bearergate::net
