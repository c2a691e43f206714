// What can be known of a peer while nothing is received from it.
#include "stream_state.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>

namespace bearergate::net {

bool Stream::State::notice_trouble() {
    if (!watches_for_trouble || !has_trouble || wants != Wants::nothing || result) return false;
    watches_for_trouble = false;
    finish_receive({.condition = Condition::failed});
    return true;
}

// That both sides have said their last is no trouble.
void Stream::watch() {
    State& state = *state_;
    if (!state.is_open() || state.wants != State::Wants::nothing) return;
    state.watches_for_trouble = true;
    if (state.notice_trouble()) state.tell(true, false);
}

std::size_t Stream::queued() const {
    int bytes = 0;
    if (!is_open() || ::ioctl(state_->wire.descriptor, SIOCOUTQ, &bytes) != 0) return 0;
    return static_cast<std::size_t>(std::max(bytes, 0));
}

}  // namespace bearergate::net
