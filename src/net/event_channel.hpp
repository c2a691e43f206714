#pragma once

#include <bearergate/net/event_stream.hpp>
#include <bearergate/net/signal.hpp>

namespace bearergate::net {

// Between who tells and the connection that writes. Both are on one thread.
struct EventStream::Channel {
    Channel(Signal& of_the_reader, Signal::Bits bits) : reader(&of_the_reader), news(bits) {}

    void tell() const {
        if (reader != nullptr) reader->raise(news);
    }
    void lose_reader() {
        reader = nullptr;
        next.reset();
    }

    Signal* reader;  // null when it has gone
    Signal::Bits news;
    std::shared_ptr<const std::string> next{};
    bool has_teller = true;
};

}  // namespace bearergate::net
