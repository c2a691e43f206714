#include "listening.hpp"

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

Listening::Listening(const std::vector<config::Address>& addresses, std::size_t workers)
    : descriptors_(workers) {
    for (const config::Address& address : addresses) {
        try {
            bind(address);
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
    for (std::size_t worker = 0; worker < descriptors_.size(); ++worker) {
        int descriptor = -1;
        if (worker > 0 && address.is_unix) {
            // A path can be bound once: all workers accept from its one queue.
            descriptor = fcntl(descriptors_[0].back(), F_DUPFD_CLOEXEC, 0);
            if (descriptor < 0) throw std::system_error(errno, std::generic_category());
        } else {
            descriptor = net::bind_listener(where, worker == 0);
        }
        descriptors_[worker].push_back(descriptor);
        // The first socket's port is that of the others, where the system was to choose one.
        if (worker == 0 && !address.is_unix) where.port = net::local_port(descriptor);
    }
    ports_.push_back(address.is_unix ? std::uint16_t{0} : where.port);
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
