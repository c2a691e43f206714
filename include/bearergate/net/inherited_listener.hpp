#pragma once

#include <bearergate/net/listener.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace bearergate::net {

// A listening socket that a service manager opened, and keeps open while one of us follows another.
struct InheritedListener {
    int descriptor = -1;
    std::string name{};     // as the service manager calls it
    std::string address{};  // "127.0.0.1:8080", "[::]:8080", "unix:/run/bearergate.sock"
};

// How they are handed over: the environment variables of sd_listen_fds(3).
struct Handover {
    std::optional<std::string> process{};      // LISTEN_PID: whom they are for
    std::optional<std::string> descriptors{};  // LISTEN_FDS: how many there are, from `first` on
    std::optional<std::string> names{};        // LISTEN_FDNAMES
    int first = 3;
};
// Reads these variables, and takes them out of the environment.
Handover take_handover();

// None when they are for another process. Each is made ready for our use: it does not block, and
// its connections get what bind_listener() would give them. Throws std::runtime_error for whatever
// is not a listening TCP or unix stream socket.
std::vector<InheritedListener> inherited_listeners(const Handover& handover, pid_t self);

// Takes one out that listens on this very address, if there is one; the caller closes it.
std::optional<int> take_one_on(const ListenAddress& address,
                               std::vector<InheritedListener>& inherited);

}  // namespace bearergate::net
