// Addresses as the kernel wants them, and as people read them.
#include "socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace bearergate::net {

namespace {

[[noreturn]] void refuse(const ListenAddress& address, int error) {
    throw std::system_error(error, std::system_category(), "cannot listen on " + address.text);
}

SocketAddress tcp_address(const ListenAddress& address) {
    SocketAddress made;
    sockaddr_in four{};
    sockaddr_in6 six{};
    if (::inet_pton(AF_INET, address.host.c_str(), &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons(address.port);
        made.size = sizeof four;
        std::memcpy(&made.storage, &four, sizeof four);
    } else if (::inet_pton(AF_INET6, address.host.c_str(), &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(address.port);
        made.size = sizeof six;
        std::memcpy(&made.storage, &six, sizeof six);
    } else {
        refuse(address, EINVAL);
    }
    return made;
}

SocketAddress unix_address(const ListenAddress& address) {
    SocketAddress made;
    sockaddr_un name{};
    if (address.path.empty() || address.path.find('\0') != std::string::npos) {
        refuse(address, EINVAL);
    }
    if (address.path.size() >= sizeof name.sun_path) refuse(address, ENAMETOOLONG);
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, address.path.c_str(), address.path.size() + 1);
    made.size = sizeof name;
    std::memcpy(&made.storage, &name, sizeof name);
    return made;
}

std::string unix_text(const SocketAddress& address) {
    const auto* name = reinterpret_cast<const sockaddr_un*>(&address.storage);
    constexpr std::size_t before_path = offsetof(sockaddr_un, sun_path);
    std::string path;
    if (address.size > before_path) path.assign(name->sun_path, address.size - before_path);
    // One that begins with NUL is no file: its name is all that follows.
    if (path.starts_with('\0')) {
        std::ranges::replace(path, '\0', '@');
    } else {
        path.resize(std::min(path.find('\0'), path.size()));
    }
    return "unix:" + path;
}

}  // namespace

SocketAddress socket_address(const ListenAddress& address) {
    return address.is_unix ? unix_address(address) : tcp_address(address);
}

std::string text_of(const SocketAddress& address) {
    std::array<char, INET6_ADDRSTRLEN> host{};
    switch (address.storage.ss_family) {
        case AF_INET: {
            const auto* four = reinterpret_cast<const sockaddr_in*>(&address.storage);
            ::inet_ntop(AF_INET, &four->sin_addr, host.data(), host.size());
            return std::string(host.data()) + ":" + std::to_string(ntohs(four->sin_port));
        }
        case AF_INET6: {
            const auto* six = reinterpret_cast<const sockaddr_in6*>(&address.storage);
            ::inet_ntop(AF_INET6, &six->sin6_addr, host.data(), host.size());
            return "[" + std::string(host.data()) + "]:" + std::to_string(ntohs(six->sin6_port));
        }
        case AF_UNIX: return unix_text(address);
        default: return "an address of family " + std::to_string(address.storage.ss_family);
    }
}

}  // namespace bearergate::net
