// A connected descriptor that nobody reads from yet.
#include <bearergate/net/socket.hpp>

#include <unistd.h>

#include <utility>

namespace bearergate::net {

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        loop_ = other.loop_;
        descriptor_ = other.take();
    }
    return *this;
}

int Socket::take() {
    return std::exchange(descriptor_, -1);
}

void Socket::close() {
    if (is_open()) ::close(take());
}

}  // namespace bearergate::net
