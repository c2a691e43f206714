#pragma once

#include <bearergate/config/load.hpp>
#include <bearergate/gateway/log_writer.hpp>
#include <bearergate/gateway/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bearergate::gateway {

// What an operator wants to find in the log of a start: where it listens, whom it trusts, and
// everything about the configuration that deserves a second look.
void log_start_up(LogWriter& log, const Snapshot& snapshot,
                  const std::vector<config::Diagnostic>& warnings, std::size_t workers,
                  const std::vector<std::uint16_t>& ports, std::uint16_t admin_port);

}  // namespace bearergate::gateway
