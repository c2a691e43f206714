#include <bearergate/gateway/supervisor.hpp>

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace bearergate::gateway {
namespace {

// What a status may hold besides: it is one line of a message whose lines mean something.
std::string in_one_line(std::string_view text) {
    std::string line(text);
    std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return line;
}

bool send_to(const std::string& address, std::string_view message) {
    sockaddr_un to{};
    const bool is_abstract = address.starts_with('@');
    if ((!is_abstract && !address.starts_with('/')) || address.size() >= sizeof to.sun_path) {
        return false;
    }
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address.data(), address.size());
    if (is_abstract) to.sun_path[0] = '\0';
    // An abstract name has no end but the address's own; a path's is a NUL.
    const std::size_t size =
        offsetof(sockaddr_un, sun_path) + address.size() + (is_abstract ? 0 : 1);
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return false;
    constexpr timeval patience{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const ssize_t sent =
        ::sendto(socket, message.data(), message.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(size));
    ::close(socket);
    return sent == static_cast<ssize_t>(message.size());
}

}  // namespace

bool Supervisor::ready(std::string_view status) {
    return tell("READY=1\n", status);
}

// With the time, by which Type=notify-reload knows that this answers its own signal.
bool Supervisor::reloading(std::string_view status) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();  // CLOCK_MONOTONIC
    return tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n",
                            std::chrono::duration_cast<std::chrono::microseconds>(now).count()),
                status);
}

// With how long it may take, lest systemd kill us when its own patience is the shorter one.
bool Supervisor::stopping(std::string_view status, std::chrono::seconds within) {
    return tell(fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}\n",
                            std::chrono::microseconds(within).count()),
                status);
}

bool Supervisor::status(std::string_view status) {
    return status == last_status_ || tell("", status);
}

bool Supervisor::tell(std::string_view assignments, std::string_view status) {
    if (!listens()) return true;
    last_status_ = status;
    return send_to(address_, fmt::format("{}STATUS={}\n", assignments, in_one_line(status)));
}

std::string take_notify_socket() {
    const char* const value = std::getenv("NOTIFY_SOCKET");
    std::string address = value == nullptr ? "" : value;
    ::unsetenv("NOTIFY_SOCKET");
    return address;
}

}  // namespace bearergate::gateway
