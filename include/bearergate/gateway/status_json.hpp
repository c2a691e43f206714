#pragma once

#include <bearergate/gateway/status_history.hpp>

#include <string>

namespace bearergate::gateway {

// What the status page shows, as JSON (docs/status-page.md). `whole`: all that there is, for a page
// that knows nothing yet; else the samples and refusals of the last seconds, and everything that is
// not a list of events. Bounded whatever the configuration: the busiest routes, the last refusals.
std::string status_json(const StatusHistory& history, bool whole);

}  // namespace bearergate::gateway
