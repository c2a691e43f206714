#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/gateway/access_log.hpp>

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace bearergate::gateway {

struct LogField {
    std::string_view name{};  // our own word
    std::string_view value{};
};

// One line of log, appended to `out` without its end: JSON (one object) or logfmt, with the same
// fields in the same order. Whatever a value holds, the line stays one line of valid UTF-8 that
// does nothing to a terminal: control characters, line separators and text-direction marks are
// escaped, invalid bytes replaced.
void format_access(std::string& out, config::LogFormat format, const AccessRecord& record);
void format_event(std::string& out, config::LogFormat format,
                  std::chrono::system_clock::time_point time, config::LogLevel level,
                  std::string_view message, std::span<const LogField> fields);

}  // namespace bearergate::gateway
