#include "peer_name.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace bearergate::net {

std::string peer_name(const Endpoint& endpoint) {
    const sockaddr* address = endpoint.data();
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address->sa_family == AF_UNIX) return "unix";
    if (address->sa_family == AF_INET) {
        const auto* four = reinterpret_cast<const sockaddr_in*>(address);
        ::inet_ntop(AF_INET, &four->sin_addr, text.data(), text.size());
    } else if (address->sa_family == AF_INET6) {
        const auto* six = reinterpret_cast<const sockaddr_in6*>(address);
        if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
            ::inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], text.data(), text.size());
        } else {
            ::inet_ntop(AF_INET6, &six->sin6_addr, text.data(), text.size());
        }
    }
    return text[0] == '\0' ? "unknown" : text.data();
}

}  // namespace bearergate::net
