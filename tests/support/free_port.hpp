#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

namespace bearergate::test {

// A port of 127.0.0.1 that nobody has, for a program that is yet to start. Below those that systems
// give to who asks for any: other tests do that all the time.
inline std::uint16_t free_port() {
    constexpr unsigned first = 20'000;
    constexpr unsigned count = 12'000;
    static unsigned next = static_cast<unsigned>(::getpid()) * 31;
    for (unsigned tries = 0; tries < count; ++tries) {
        const auto port = static_cast<std::uint16_t>(first + next++ % count);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int bound =
            ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::close(socket);
        if (bound == 0) return port;
    }
    throw std::runtime_error("no free port");
}

}  // namespace bearergate::test
