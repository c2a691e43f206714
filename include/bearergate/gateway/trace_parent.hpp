#pragma once

#include <optional>
#include <string_view>

namespace bearergate::gateway {

// The trace that a request belongs to, and the caller's own part of it.
struct TraceParent {
    std::string_view trace_id{};
    std::string_view span_id{};
};

// Reads the value of a traceparent field (W3C Trace Context, section 3.2). Nothing where it is not
// valid: then it is as if there were none. Later versions are read as far as this one goes.
std::optional<TraceParent> parse_trace_parent(std::string_view text);

}  // namespace bearergate::gateway
