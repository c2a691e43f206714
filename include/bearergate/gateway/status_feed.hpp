#pragma once

#include <bearergate/gateway/observation.hpp>
#include <bearergate/net/event_stream.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace bearergate::gateway {

// Observes once a period, keeps the last minutes, and tells every page that is open. Who opens one
// at night sees what led up to it. On the control thread.
class StatusFeed {
public:
    StatusFeed(boost::asio::io_context& control, Observe observe,
               std::chrono::milliseconds period = std::chrono::seconds(1));
    ~StatusFeed();

    void start();
    void stop();  // ends every stream and forgets what it knows; it may start again
    // Everything at once, then news as they come.
    void join(net::EventStream stream);
    std::size_t pages() const;  // that are open, as far as it has noticed

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::gateway
