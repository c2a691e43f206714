#pragma once

#include <bearergate/cli/text_table.hpp>
#include <bearergate/config/load.hpp>

namespace bearergate::cli {

// What a configuration permits: its compiled routes in the order in which they win, so that the
// first that covers a request is the one that decides it. Values that came out of the environment
// stand as they are written in the file.
TextTable route_overview(const config::Loaded& loaded);

}  // namespace bearergate::cli
