#pragma once

#include <bearergate/config/load.hpp>
#include <bearergate/net/inherited_listener.hpp>
#include <bearergate/net/resolver.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {

// The running gateway: workers, the control thread's loop (key refresh, names, signals, admin), the
// log thread. `bearergate run` and `demo` are this and little more; integration tests start it on
// port 0 in their own process.
class Server {
public:
    struct Options {
        std::function<core::WallTime()> wall_now{};  // default: the system clock
        bool handle_signals = false;  // SIGTERM and SIGINT drain; twice: exit at once
        // Reads the configuration once more, at SIGHUP and when one of its files has changed; on
        // the control thread. None: the one that it began with is for good.
        std::function<config::LoadResult()> read_again{};
        std::function<void(const std::string& line)> log_line{};  // default: stdout through spdlog
        std::function<void()> drained{};
        net::LookUp look_up = net::look_up_by_system;  // names of upstreams and issuers
        // Used instead of binding where they listen on a configured address. One that does not is
        // an error: nobody would accept from it.
        std::vector<net::InheritedListener> inherited{};
        std::string notify_socket{};  // whom a Supervisor tells how it goes
        std::string unprotected{};    // what enter_sandbox() could not do; told at the start
    };
    // Binds everything before it returns. Throws std::runtime_error with one clear message for an
    // address in use or an unusable file.
    Server(config::Loaded loaded, Options options);
    ~Server();  // stops at once

    void start();  // threads run; returns. Throws std::runtime_error when there are too few.
    void wait();   // until drained or stopped
    void drain();  // as SIGTERM; any thread
    void stop();   // cuts everything; any thread
    // Ports actually bound, by listen address (for port 0); 0 for unix sockets.
    std::vector<std::uint16_t> ports() const;
    std::uint16_t admin_port() const;  // 0: off

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bearergate::gateway
