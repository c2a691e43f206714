#pragma once

#include <bearergate/net/stream.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::net {

struct HostPort {
    std::string host{};  // a name or an IP literal, without brackets
    std::uint16_t port = 0;
};

// A name's addresses, none when it has none. May take as long as it likes, on whichever thread.
using LookUp = std::function<std::vector<boost::asio::ip::address>(const std::string& host)>;
std::vector<boost::asio::ip::address> look_up_by_system(const std::string& host);

// Names to addresses on a few threads of its own: getaddrinfo blocks, for half a minute where a
// name server is silent. Each name is looked up once at a time for all who ask, so that one whose
// server is silent holds up nobody else.
class Resolver {
public:
    using Done = std::function<void(std::vector<Endpoint>)>;

    explicit Resolver(boost::asio::io_context& io, LookUp look_up = look_up_by_system);
    // Does not wait for what is being looked up: whoever asked gets an empty list.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // `done` runs on `io`, later, with the addresses or an empty list. IP literals and localhost
    // are answered without a thread.
    void resolve(HostPort where, Done done);
    // The same for somebody who may lose interest, and so goes before those who wait: a name that
    // nobody waits for any more when its turn comes is not looked up.
    void resolve(HostPort where, std::weak_ptr<const void> asker, Done done);
    // What this name had when it last had any.
    std::vector<Endpoint> last_good(const HostPort& where) const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::net
