#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/net/listener.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bearergate::gateway {

net::ListenAddress listen_address(const config::Address& address);

// "cannot listen on 127.0.0.1:8080: Address already in use", as an exception to be thrown.
std::runtime_error cannot_listen(const config::Address& address, const std::system_error& why);

// Listening sockets of all workers, one per address and worker, so that the kernel spreads
// connections. All are bound or none is.
class Listening {
public:
    // Throws std::runtime_error naming the address that is of no use.
    Listening(const std::vector<config::Address>& addresses, std::size_t workers);
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;
    ~Listening();  // closes what nobody took

    std::vector<int> take(std::size_t worker);
    // As bound, by address: port 0 has become a real one; 0 for unix sockets.
    const std::vector<std::uint16_t>& ports() const { return ports_; }

private:
    void bind(const config::Address& address);
    void close_all();

    std::vector<std::vector<int>> descriptors_;  // by worker
    std::vector<std::uint16_t> ports_{};
};

}  // namespace bearergate::gateway
