#pragma once

#include <bearergate/net/landing.hpp>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/detail/reactive_socket_recv_op.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <span>

namespace bearergate::net {

// A receive that tells whether it emptied its socket, so that the next one can stand without being
// tried first.
//
// Asio tries every receive before it waits for events. That is needed, since its events are edges:
// an end that came in one moment with the bytes announces itself no second time. But after most
// requests it is a system call in vain, and the dearest thing in a proxied request after its four
// of use. With TCP_INQ the kernel says along with the bytes whether anything is left, an end
// included. Asio must hear it as well, or it would try all the same; that takes a look behind its
// curtain, where one operation of its reactor is specialised for this type. Asio calls the outcome
// `done_and_exhausted` and uses it itself for writes. Without it, or where the kernel does not know
// TCP_INQ, all works as before and a system call dearer.
struct ReceiveWindow {
    struct Report {
        bool emptied = false;    // nothing is left, by the kernel's word
        bool performed = false;  // something came, whether its handler has run or not
        bool exhausted = false;  // Asio will wait for an event before it tries again
    };
    ReceiveWindow(const Landing& where, Report& told)
        : landing(where), report(&told), shown(nullptr, where.size()) {}

    using value_type = boost::asio::mutable_buffer;
    using const_iterator = const value_type*;
    const_iterator begin() const { return &shown; }
    const_iterator end() const { return &shown + 1; }

    Landing landing;
    Report* report;    // written when the receive is performed; outlives it
    value_type shown;  // to Asio, which asks only whether there is room
};

// Once for each TCP socket.
inline void ask_for_rest(int descriptor) {
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_INQ, &on, sizeof on);
}

// recv() that tells whether it left anything. Errors, EAGAIN among them, by errno.
inline ssize_t receive_all_there_is(int descriptor, std::span<char> buffer, bool& emptied) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control;
    iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t got = 0;
    do {
        got = ::recvmsg(descriptor, &message, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    int left = 1;
    const cmsghdr* told = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (told != nullptr && told->cmsg_level == SOL_TCP && told->cmsg_type == TCP_CM_INQ) {
        std::memcpy(&left, CMSG_DATA(told), sizeof left);
    }
    emptied = left == 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
    return got;
}

}  // namespace bearergate::net

namespace boost::asio::detail {

template <>
class reactive_socket_recv_op_base<bearergate::net::ReceiveWindow> : public reactor_op {
public:
    using Window = bearergate::net::ReceiveWindow;

    reactive_socket_recv_op_base(const boost::system::error_code& success, socket_type socket,
                                 socket_ops::state_type, const Window& window,
                                 socket_base::message_flags, func_type when_complete)
        : reactor_op(success, &do_perform, when_complete), socket_(socket), window_(window) {}

    static status do_perform(reactor_op* base) {
        auto* self = static_cast<reactive_socket_recv_op_base*>(base);
        Window::Report& report = *self->window_.report;
        std::span<char> buffer;
        try {
            buffer = self->window_.landing.prepare();
        } catch (const std::bad_alloc&) {
            self->ec_ = boost::asio::error::no_memory;
            report.performed = true;
            return done;
        }
        const ssize_t got =
            bearergate::net::receive_all_there_is(self->socket_, buffer, report.emptied);
        const int why = errno;
        if (got <= 0) self->window_.landing.abandon();
        if (got < 0 && (why == EAGAIN || why == EWOULDBLOCK)) return not_done;
        self->bytes_transferred_ = got > 0 ? static_cast<std::size_t>(got) : 0;
        if (got == 0) self->ec_ = boost::asio::error::eof;
        if (got < 0) self->ec_.assign(why, boost::system::system_category());
        report.performed = true;
        report.exhausted = got <= 0 || report.emptied;
        return report.exhausted ? done_and_exhausted : done;
    }

private:
    socket_type socket_;
    Window window_;
};

}  // namespace boost::asio::detail
