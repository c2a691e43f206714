// Listening descriptors: who may bind what, and what they are set to before the first connection.
#include <bearergate/net/listener.hpp>

#include "socket_address.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace bearergate::net {

namespace {

constexpr mode_t unix_mode = 0660;

class Descriptor {
public:
    explicit Descriptor(int family)
        : number_(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const { return number_; }
    int release() { return std::exchange(number_, -1); }

private:
    int number_;
};

[[noreturn]] void fail(const ListenAddress& address, int error = errno) {
    throw std::system_error(error, std::system_category(), "cannot listen on " + address.text);
}

void check(const ListenAddress& address, int result) {
    if (result != 0) fail(address);
}

void set(const ListenAddress& address, const Descriptor& descriptor, int level, int option,
         int value) {
    check(address, ::setsockopt(descriptor.number(), level, option, &value, sizeof value));
}

void bind_tcp(const ListenAddress& address, const SocketAddress& where,
              const Descriptor& descriptor, bool share) {
    if (descriptor.number() < 0) fail(address);
    set(address, descriptor, SOL_SOCKET, SO_REUSEADDR, 1);  // over connections in TIME_WAIT
    // "[::]" is for IPv4 clients, too, whatever the system's default is.
    if (where.storage.ss_family == AF_INET6) {
        set(address, descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }
    if (share) set(address, descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
    check(address, ::bind(descriptor.number(), where.get(), where.size));
}

int listen_tcp(const ListenAddress& address, bool exclusive) {
    const SocketAddress where = socket_address(address);
    const int family = where.storage.ss_family;
    if (exclusive && address.port != 0) {
        // With SO_REUSEPORT the kernel would let a second instance share the port in silence.
        bind_tcp(address, where, Descriptor(family), false);
    }
    Descriptor descriptor(family);
    bind_tcp(address, where, descriptor, true);
    // Connections inherit these.
    set(address, descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set(address, descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    check(address, ::listen(descriptor.number(), SOMAXCONN));
    return descriptor.release();
}

// Makes room for a unix socket: what a process that is gone has left behind is removed, and
// nothing else ever.
void remove_stale(const ListenAddress& address, const SocketAddress& where) {
    struct stat found{};
    if (::lstat(address.path.c_str(), &found) != 0) {
        if (errno == ENOENT) return;
        fail(address);
    }
    if (!S_ISSOCK(found.st_mode)) fail(address, EEXIST);
    const Descriptor probe(AF_UNIX);
    if (probe.number() < 0) fail(address);
    if (::connect(probe.number(), where.get(), where.size) == 0 || errno != ECONNREFUSED) {
        fail(address, EADDRINUSE);
    }
    if (::unlink(address.path.c_str()) != 0 && errno != ENOENT) fail(address);
}

int listen_unix(const ListenAddress& address) {
    const SocketAddress where = socket_address(address);
    remove_stale(address, where);
    Descriptor descriptor(AF_UNIX);
    if (descriptor.number() < 0) fail(address);
    // The file gets the descriptor's mode, less the umask: at no moment is it open to more than it
    // will be.
    check(address, ::fchmod(descriptor.number(), unix_mode));
    check(address, ::bind(descriptor.number(), where.get(), where.size));
    check(address, ::chmod(address.path.c_str(), unix_mode));
    check(address, ::listen(descriptor.number(), SOMAXCONN));
    return descriptor.release();
}

}  // namespace

int bind_listener(const ListenAddress& address, bool exclusive) {
    return address.is_unix ? listen_unix(address) : listen_tcp(address, exclusive);
}

std::uint16_t local_port(int descriptor) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    if (address.ss_family == AF_INET) {
        return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
    }
    if (address.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
    }
    return 0;
}

}  // namespace bearergate::net
