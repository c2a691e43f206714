#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>

namespace bearergate::test {

// A service manager's end of sd_notify(3): what it is told, message by message.
class NotifySocket {
public:
    // As $NOTIFY_SOCKET says it: a path, or `@` and an abstract name.
    explicit NotifySocket(std::string address) : address_(std::move(address)) {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        if (address_.size() >= sizeof name.sun_path) throw std::runtime_error("too long a name");
        std::memcpy(name.sun_path, address_.data(), address_.size());
        const bool is_abstract = address_.starts_with('@');
        if (is_abstract) name.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size() +
                                                 (is_abstract ? 0 : 1));
        socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (::bind(socket_, reinterpret_cast<const sockaddr*>(&name), size) != 0) {
            throw std::runtime_error("cannot bind " + address_);
        }
    }
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;
    ~NotifySocket() { ::close(socket_); }

    const std::string& address() const { return address_; }
    int descriptor() const { return socket_; }
    // The next message, or "" when none comes.
    std::string next(std::chrono::milliseconds patience = std::chrono::seconds(20)) {
        pollfd readable{.fd = socket_, .events = POLLIN, .revents = 0};
        if (::poll(&readable, 1, static_cast<int>(patience.count())) <= 0) return "";
        std::array<char, 4096> bytes{};
        const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
        return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : "";
    }
    // The next message that holds `text`, past others, or "".
    std::string next_with(const std::string& text) {
        std::string message;
        do {
            message = next();
        } while (!message.empty() && message.find(text) == std::string::npos);
        return message;
    }

private:
    std::string address_;
    int socket_ = -1;
};

}  // namespace bearergate::test
