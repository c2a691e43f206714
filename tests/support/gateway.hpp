#pragma once

#include <bearergate/core/claims.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {
class Worker;
struct Counters;
struct KeyQuestion;
}  // namespace bearergate::gateway

namespace bearergate::test {

// A record of the access log, with text of its own.
struct LogRecord {
    std::string request_id{};
    std::string client_request_id{};
    std::string trace_parent{};
    std::string client{};
    std::string method{};
    std::string path{};
    std::string route{};
    unsigned status = 0;
    std::string reason{};      // "" for none
    std::string would_deny{};  // "" for none
    std::string subject{};
    std::string client_id{};
    std::string organization{};
    std::string issuer{};
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    bool reached_upstream = false;
    std::string note{};
};

// One worker behind a loopback port of its own, on a thread of its own, with the configuration
// that `run` would load from this text. No control thread: keys and addresses come from the test.
class Gateway {
public:
    struct Options {
        // Key sets by the issuer's identifier. An issuer that is not named has none yet.
        std::map<std::string, std::string> keys{};
        core::WallTime now{};
        // What asks for keys does; called on the worker's thread.
        std::function<void(Gateway&, const gateway::KeyQuestion&)> asked{};
        std::function<void(Gateway&)> before_it_runs{};
        std::size_t verifications = 64;  // that may be queued
        std::string unix_socket{};       // to listen on as well, if any
    };
    explicit Gateway(const std::string& yaml);
    Gateway(const std::string& yaml, Options options);
    ~Gateway();  // stops at once
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    std::uint16_t port() const;
    gateway::Worker& worker();
    // The next record of the access log; an empty one after 10 s.
    LogRecord next_record();
    gateway::Counters counters();

    void set_now(core::WallTime now);
    void use_keys(const std::map<std::string, std::string>& keys);
    void reload(const std::string& yaml);
    std::future<void> start_draining();  // ready when everything is gone
    // Drains, and says whether everything was gone within 10 s.
    bool drain();
    void stop();  // and waits for the worker's thread
    // Waits until the counters say so, for 10 s at most.
    bool wait_until(const std::function<bool(const gateway::Counters&)>& so);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bearergate::test
