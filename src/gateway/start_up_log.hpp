#pragma once

#include <bearergate/config/load.hpp>
#include <bearergate/gateway/listening.hpp>
#include <bearergate/gateway/log_writer.hpp>
#include <bearergate/gateway/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bearergate::gateway {

// Everything about a configuration that deserves a second look: routes in shadow mode among it.
void log_warnings(LogWriter& log, const std::vector<config::Diagnostic>& warnings);

// What an operator wants to find in the log of a start: that, where it listens, and whom it trusts.
void log_start_up(LogWriter& log, const Snapshot& snapshot,
                  const std::vector<config::Diagnostic>& warnings, std::size_t workers,
                  const Listening& listening, std::uint16_t admin_port);

// A warning, unless nothing is missing: whoever deploys it believes that it is confined.
void log_unprotected(LogWriter& log, const std::string& missing);

}  // namespace bearergate::gateway
