#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/gateway/access_log.hpp>
#include <bearergate/gateway/log_line.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace bearergate::gateway {

// The log thread: writes the workers' access records and the process's own events, one line each,
// in one format. Nobody else ever waits for the sink; what does not fit meanwhile is dropped,
// counted, and told in a line when the sink takes lines again.
class LogWriter {
public:
    // `sink` gets each line without its end, on the log thread; default: stdout, through spdlog.
    explicit LogWriter(const config::Logging& settings,
                       std::function<void(const std::string& line)> sink = {});
    ~LogWriter();  // stop()

    void start();
    void use(const config::Logging& settings);  // from now on; from any thread
    // From any thread. The ring must live until stop() has returned.
    void add(AccessRing& ring);
    // Something that happened to the process. From any thread; never blocks on the sink, and
    // throws nothing: without memory the line is dropped.
    void event(config::LogLevel level, std::string_view message,
               std::initializer_list<LogField> fields = {});
    // Writes what is there, then ends the thread. Gives up when the sink blocks for `patience`;
    // the rings are not touched after it has returned, come what may.
    void stop(std::chrono::milliseconds patience = std::chrono::milliseconds(2000));

    std::uint64_t dropped() const;  // lines that never reached the sink; from any thread

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::gateway
