#pragma once

#include <bearergate/net/listener.hpp>

#include <sys/socket.h>

#include <string>

namespace bearergate::net {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Throws std::system_error for what is no address.
SocketAddress socket_address(const ListenAddress& address);

// In the one spelling of an address: two that differ in it are two addresses.
std::string text_of(const SocketAddress& address);

}  // namespace bearergate::net
