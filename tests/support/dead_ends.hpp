#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace bearergate::test {

// A port of loopback that is taken, and at which nobody listens: connects are refused.
class ClosedPort {
public:
    ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        if (::bind(socket_, where(), size) != 0 || ::getsockname(socket_, where(), &size) != 0) {
            throw std::runtime_error("no port");
        }
    }
    ~ClosedPort() { ::close(socket_); }
    ClosedPort(const ClosedPort&) = delete;
    ClosedPort& operator=(const ClosedPort&) = delete;

    std::uint16_t port() const { return ntohs(address_.sin_port); }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }

protected:
    sockaddr* where() { return reinterpret_cast<sockaddr*>(&address_); }
    int socket() const { return socket_; }

private:
    int socket_;
    sockaddr_in address_{};
};

// One that listens and has its queue full: connects hang.
class FullBacklog : public ClosedPort {
public:
    FullBacklog() {
        if (::listen(socket(), 0) != 0) throw std::runtime_error("cannot listen");
        for (int& filler : fillers_) {
            filler = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            static_cast<void>(::connect(filler, where(), sizeof(sockaddr_in)));
        }
    }
    ~FullBacklog() {
        for (const int filler : fillers_) ::close(filler);
    }

private:
    std::array<int, 8> fillers_{};
};

}  // namespace bearergate::test
