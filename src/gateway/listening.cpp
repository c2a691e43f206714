#include <bearergate/gateway/listening.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace bearergate::gateway {

net::ListenAddress listen_address(const config::Address& address) {
    return {.text = address.text,
            .is_unix = address.is_unix,
            .host = address.host,
            .port = address.port,
            .path = address.path};
}

std::runtime_error cannot_listen(const config::Address& address, const std::system_error& why) {
    return std::runtime_error(
        fmt::format("cannot listen on {}: {}", address.text, why.code().message()));
}

Listening::Listening(const std::vector<config::Address>& addresses, std::size_t workers,
                     std::vector<net::InheritedListener>& inherited)
    : descriptors_(workers) {
    for (const config::Address& address : addresses) {
        try {
            std::vector<int> given;
            while (const auto one = net::take_one_on(listen_address(address), inherited)) {
                given.push_back(*one);
            }
            inherited_.push_back(!given.empty());
            given.empty() ? bind(address) : deal(given);
        } catch (const std::system_error& error) {
            close_all();
            throw cannot_listen(address, error);
        }
    }
}

Listening::~Listening() {
    close_all();
}

void Listening::bind(const config::Address& address) {
    net::ListenAddress where = listen_address(address);
    // A path can be bound once: all workers accept from its one queue.
    if (address.is_unix) return deal({net::bind_listener(where, true)});
    for (std::size_t worker = 0; worker < descriptors_.size(); ++worker) {
        const int descriptor = net::bind_listener(where, worker == 0);
        descriptors_[worker].push_back(descriptor);
        // The first socket's port is that of the others, where the system was to choose one.
        if (worker == 0) where.port = net::local_port(descriptor);
    }
    ports_.push_back(where.port);
}

// Somebody else's sockets are as many as he likes. Each must have a worker that accepts from it, or
// the connections in its queue would wait for ever; and each worker a socket, or it would idle.
// Workers that share one are all woken for a connection, and one of them gets it. They cannot have
// queues of their own (SO_REUSEPORT): what is in those dies with us.
void Listening::deal(const std::vector<int>& sockets) {
    const std::size_t workers = descriptors_.size();
    for (std::size_t i = 0; i < sockets.size(); ++i)
        descriptors_[i % workers].push_back(sockets[i]);
    for (std::size_t i = sockets.size(); i < workers; ++i) {
        const int shared = fcntl(sockets[i % sockets.size()], F_DUPFD_CLOEXEC, 0);
        if (shared < 0) throw std::system_error(errno, std::generic_category());
        descriptors_[i].push_back(shared);
    }
    ports_.push_back(net::local_port(sockets.front()));
}

void Listening::close_all() {
    for (const auto& of_worker : descriptors_) {
        for (const int descriptor : of_worker) ::close(descriptor);
    }
    descriptors_.clear();
}

std::vector<int> Listening::take(std::size_t worker) {
    return std::exchange(descriptors_[worker], {});
}

}  // namespace bearergate::gateway
