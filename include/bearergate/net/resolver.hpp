#pragma once

#include <bearergate/net/stream.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bearergate::net {

struct HostPort {
    std::string host{};  // a name or an IP literal, without brackets
    std::uint16_t port = 0;
};

// Names to addresses on a thread of its own: getaddrinfo blocks. `done` runs on `io` with the
// addresses, or an empty list. IP literals are answered without the thread. Addresses may be
// resolved while others are under way; destruction waits for the call that is running.
class Resolver {
public:
    explicit Resolver(boost::asio::io_context& io);
    ~Resolver();
    void resolve(HostPort where, std::function<void(std::vector<Endpoint>)> done);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::net
