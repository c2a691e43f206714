#include "event_channel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace bearergate::net {

namespace asio = boost::asio;

asio::awaitable<std::shared_ptr<const std::string>> EventStream::Channel::take(
    std::chrono::seconds heart_beat) {
    if (!next && has_teller && has_reader) {
        news.expires_after(heart_beat);
        co_await news.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    if (!has_reader) co_return nullptr;
    if (next) co_return std::exchange(next, nullptr);
    if (!has_teller) co_return nullptr;
    static const auto comment = std::make_shared<const std::string>(":\n\n");
    co_return comment;
}

void EventStream::Channel::lose_reader() {
    has_reader = false;
    next.reset();
    news.cancel();
}

void EventStream::end() {
    if (!channel_) return;  // moved from
    channel_->has_teller = false;
    channel_->news.cancel();
}

void EventStream::offer(std::shared_ptr<const std::string> event) {
    if (!channel_->has_reader) return;
    channel_->next = std::move(event);
    channel_->news.cancel();
}

bool EventStream::has_reader() const {
    return channel_->has_reader;
}

}  // namespace bearergate::net
