#include "outbound.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <mutex>
#include <utility>

namespace bearergate::test {

namespace {

struct Notes {
    std::mutex mutex{};
    std::set<std::string> all{};
};

Notes& notes() {
    static Notes those;
    return those;
}

void note(std::string what) {
    const std::lock_guard lock(notes().mutex);
    notes().all.insert(std::move(what));
}

std::string text_of(const sockaddr* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address->sa_family == AF_INET) {
        const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address);
        inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
        return std::string(text.data()) + ":" + std::to_string(ntohs(v4->sin_port));
    }
    if (address->sa_family == AF_INET6) {
        const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address);
        inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
        return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6->sin6_port));
    }
    return "unix";
}

}  // namespace

std::set<std::string> take_outbound() {
    const std::lock_guard lock(notes().mutex);
    return std::exchange(notes().all, {});
}

extern "C" {

int __real_connect(int socket, const sockaddr* address, socklen_t size);
int __wrap_connect(int socket, const sockaddr* address, socklen_t size) {
    note(text_of(address));
    return __real_connect(socket, address, size);
}

int __real_getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                       addrinfo** result);
int __wrap_getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                       addrinfo** result) {
    note(std::string("name ") + (node == nullptr ? "" : node));
    return __real_getaddrinfo(node, service, hints, result);
}

}  // extern "C"

}  // namespace bearergate::test
