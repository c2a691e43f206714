#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/net/inherited_listener.hpp>
#include <bearergate/net/listener.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bearergate::gateway {

net::ListenAddress listen_address(const config::Address& address);

// "cannot listen on 127.0.0.1:8080: Address already in use", as an exception to be thrown.
std::runtime_error cannot_listen(const config::Address& address, const std::system_error& why);

// Listening sockets of all workers: one per address and worker, so that the kernel spreads
// connections, where we bind them ourselves. All are bound or none is.
class Listening {
public:
    // What was inherited for one of the addresses is taken out of `inherited` and used instead of
    // binding. Throws std::runtime_error naming the address that is of no use.
    Listening(const std::vector<config::Address>& addresses, std::size_t workers,
              std::vector<net::InheritedListener>& inherited);
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;
    ~Listening();  // closes what nobody took

    std::vector<int> take(std::size_t worker);
    // As bound, by address: port 0 has become a real one; 0 for unix sockets.
    const std::vector<std::uint16_t>& ports() const { return ports_; }
    // By address: whether its socket is the service manager's, and stays open when we are gone.
    const std::vector<bool>& inherited() const { return inherited_; }

private:
    void bind(const config::Address& address);
    void deal(const std::vector<int>& sockets);
    void close_all();

    std::vector<std::vector<int>> descriptors_;  // by worker
    std::vector<std::uint16_t> ports_{};
    std::vector<bool> inherited_{};
};

}  // namespace bearergate::gateway
