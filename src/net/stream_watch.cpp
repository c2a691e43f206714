// What can be known of a peer while nothing is received from it.
#include "stream_state.hpp"

#include <boost/asio/socket_base.hpp>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>

namespace bearergate::net {

// That both sides have said their last is no trouble. One false alarm (that, urgent data) is the
// last: to wait on would not be to wait.
void Stream::State::on_trouble(const Error& error) {
    waiting_trouble = false;
    if (error || !is_open() || wants != Wants::nothing || result) return;
    pollfd state{.fd = descriptor, .events = 0, .revents = 0};
    if (::poll(&state, 1, 0) <= 0 || (state.revents & POLLERR) == 0) return;
    finish_receive({.condition = Condition::failed});
    tell(true, false);
}

void Stream::watch() {
    State& state = *state_;
    if (!state.is_open() || state.waiting_trouble || state.wants != State::Wants::nothing) return;
    state.socket->async_wait(
        boost::asio::socket_base::wait_error,
        [self = State::Reference(&state)](const State::Error& how) { self->on_trouble(how); });
    state.waiting_trouble = true;
}

std::size_t Stream::queued() const {
    int bytes = 0;
    if (!is_open() || ::ioctl(state_->descriptor, SIOCOUTQ, &bytes) != 0) return 0;
    return static_cast<std::size_t>(std::max(bytes, 0));
}

}  // namespace bearergate::net
