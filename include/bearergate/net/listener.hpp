#pragma once

#include <bearergate/net/stream.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace bearergate::net {

// "127.0.0.1:8080", "[::]:8080", "unix:/run/bearergate.sock" as configuration has checked it.
struct ListenAddress {
    std::string text{};
    bool is_unix = false;
    std::string host{};  // an IP literal
    std::uint16_t port = 0;
    std::string path{};  // of a unix socket
};

// A bound, listening descriptor with SO_REUSEPORT, so that each worker can have its own. Throws
// std::system_error. `exclusive` probes first without SO_REUSEPORT: a second instance on one
// address fails instead of sharing it. A stale unix socket is replaced; mode 0660.
int bind_listener(const ListenAddress& address, bool exclusive);
std::uint16_t local_port(int descriptor);  // for port 0

// Accepts on one worker. On EMFILE and the like it pauses, never spins and never ends; while
// `may_accept` says no (connection limit) it pauses as well.
class Listener {
public:
    enum class Pause : std::uint8_t { full, exhausted };

    // `paused` is told each time that somebody has to wait.
    Listener(boost::asio::io_context& io, int descriptor, std::function<bool()> may_accept,
             std::function<void(Socket)> accepted, std::function<void(Pause)> paused = {});
    ~Listener();
    void start();
    // Accepts what the kernel has queued already, then stops and closes.
    void drain();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::net
