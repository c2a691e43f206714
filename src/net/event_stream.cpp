#include "event_channel.hpp"

namespace bearergate::net {

void EventStream::end() {
    if (!channel_) return;  // moved from
    channel_->has_teller = false;
    channel_->tell();
}

void EventStream::offer(std::shared_ptr<const std::string> event) {
    if (!has_reader()) return;
    channel_->next = std::move(event);
    channel_->tell();
}

bool EventStream::has_reader() const {
    return channel_->reader != nullptr;
}

}  // namespace bearergate::net
