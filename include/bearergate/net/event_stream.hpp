#pragma once

#include <memory>
#include <string>
#include <utility>

namespace bearergate::net {

// The open end of an answer that goes on: server-sent events, for who has something to tell. What
// is offered while the reader is busy with an event before it waits, and what is offered after that
// takes its place: a slow reader misses some, and never costs more than two events. For the thread
// of its server.
class EventStream {
public:
    struct Channel;  // to the server
    explicit EventStream(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
    ~EventStream() { end(); }
    EventStream(EventStream&&) noexcept = default;
    EventStream& operator=(EventStream&& other) noexcept {
        end();
        channel_ = std::move(other.channel_);
        return *this;
    }

    // One event, with the empty line that ends it; many streams may share it.
    void offer(std::shared_ptr<const std::string> event);
    bool has_reader() const;

private:
    void end();  // of the answer, after what was offered last

    std::shared_ptr<Channel> channel_;
};

}  // namespace bearergate::net
