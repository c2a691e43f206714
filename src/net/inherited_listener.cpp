// Listening sockets that were open before we were: taken over only if each is what it should be.
#include <bearergate/net/inherited_listener.hpp>

#include "socket_address.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace bearergate::net {

namespace {

constexpr int most_descriptors = 1024;

std::optional<std::string> take_variable(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    std::string taken = value;
    ::unsetenv(name);
    return taken;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = error == std::errc() && end == text.data() + text.size();
    if (!is_whole || number < 0) return std::nullopt;
    return number;
}

int option(int descriptor, int which) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(descriptor, SOL_SOCKET, which, &value, &size) == 0 ? value : -1;
}

// What is wrong with it, or "".
std::string_view fault_of(int descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0) return "is not open";
    const int family = option(descriptor, SO_DOMAIN);
    if (family < 0) return "is no socket";
    if (option(descriptor, SO_TYPE) != SOCK_STREAM) return "is no stream socket";
    if (option(descriptor, SO_ACCEPTCONN) != 1) return "does not listen";
    if (family == AF_UNIX) return "";
    const bool is_ip = family == AF_INET || family == AF_INET6;
    return is_ip && option(descriptor, SO_PROTOCOL) == IPPROTO_TCP ? "" : "is not TCP";
}

std::string address_of(int descriptor) {
    SocketAddress address;
    address.size = sizeof address.storage;
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
    return text_of(address);
}

bool set(int descriptor, int level, int which) {
    const int on = 1;
    return ::setsockopt(descriptor, level, which, &on, sizeof on) == 0;
}

// Several workers are woken for one connection and one of them gets it: an accept that blocked
// would stop all others of its thread.
bool settle(int descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    const bool is_ours = flags >= 0 && ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 &&
                         ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
    if (!is_ours || option(descriptor, SO_DOMAIN) == AF_UNIX) return is_ours;
    return set(descriptor, IPPROTO_TCP, TCP_NODELAY) && set(descriptor, SOL_SOCKET, SO_KEEPALIVE);
}

// The next of names joined by colons.
std::string next_name(std::string_view& names) {
    const std::size_t end = std::min(names.find(':'), names.size());
    std::string name(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
    return name.empty() ? "unknown" : name;
}

}  // namespace

Handover take_handover() {
    Handover handover{.process = take_variable("LISTEN_PID"),
                      .descriptors = take_variable("LISTEN_FDS"),
                      .names = take_variable("LISTEN_FDNAMES")};
    take_variable("LISTEN_PIDFDID");
    return handover;
}

std::vector<InheritedListener> inherited_listeners(const Handover& handover, pid_t self) {
    if (!handover.process || !handover.descriptors) return {};
    const auto process = whole_number<pid_t>(*handover.process);
    if (!process) throw std::runtime_error("LISTEN_PID is no process: " + *handover.process);
    if (*process != self) return {};
    const auto count = whole_number<int>(*handover.descriptors);
    if (!count || *count > most_descriptors) {
        throw std::runtime_error("LISTEN_FDS is no number of sockets: " + *handover.descriptors);
    }
    std::vector<InheritedListener> inherited;
    std::string_view names = handover.names ? std::string_view(*handover.names) : "";
    for (int descriptor = handover.first; descriptor < handover.first + *count; ++descriptor) {
        std::string name = next_name(names);
        std::string_view fault = fault_of(descriptor);
        if (fault.empty() && !settle(descriptor)) fault = "cannot be made ours";
        if (!fault.empty()) {
            throw std::runtime_error("what the service manager passed as \"" + name + "\" " +
                                     std::string(fault));
        }
        inherited.push_back(
            {.descriptor = descriptor, .name = std::move(name), .address = address_of(descriptor)});
    }
    return inherited;
}

std::optional<int> take_one_on(const ListenAddress& address,
                               std::vector<InheritedListener>& inherited) {
    if (inherited.empty()) return std::nullopt;
    const auto found =
        std::ranges::find(inherited, text_of(socket_address(address)), &InheritedListener::address);
    if (found == inherited.end()) return std::nullopt;
    const int descriptor = found->descriptor;
    inherited.erase(found);
    return descriptor;
}

}  // namespace bearergate::net
