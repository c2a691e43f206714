#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/authorize.hpp>
#include <bearergate/core/policy.hpp>
#include <bearergate/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::gateway {

// One check of docs/how-it-decides.md, as it went for one request.
struct ExplainedCheck {
    enum class Outcome : std::uint8_t {
        passed,
        failed,
        not_needed,   // the route does not ask for it
        not_checked,  // it was left out on request, and nobody knows
        not_reached,  // a check before it failed
    };
    int number = 0;
    std::string_view title{};
    Outcome outcome = Outcome::not_reached;
    // What was compared, a line each: printable ASCII, long values cut, never a whole token.
    std::vector<std::string> compared{};
};

// What would become of a request, and why.
struct Explanation {
    std::vector<ExplainedCheck> checks{};
    core::Decision decision{};           // denied also for a head or target that is refused
    bool is_preflight = false;           // answered by the gateway itself; `decision` says nothing
    bool is_unproved = false;            // a token was looked at, and nobody checked its signature
    bool is_forwarded = false;           // also when denied, on a shadow route
    std::string route{};                 // the pattern as written, "" when there is none
    int line = 0;                        // of the route in the file
    std::optional<std::size_t> index{};  // of the route in the policy
    // Of a forwarded request, the identity headers that the upstream gets.
    std::vector<std::pair<std::string, std::string>> identity{};
    // What the upstream is told beside the request, or the response that the client would get from
    // us, line by line.
    std::vector<std::string> answer{};

    bool is_allowed() const { return std::holds_alternative<core::Allowed>(decision); }
    // Allowed, and nothing that it depends on was left out.
    bool is_good() const { return is_allowed() && !is_unproved; }
};

// Explains the request with this head (request line and fields, as on the wire). Decides nothing
// by itself: every verdict comes from the functions that decide live requests. `keys` null leaves
// checks 12 and 13 out. A decision of NeedKeys asks for keys and another call; as an answer it is
// read as keys_unavailable.
Explanation explain(const config::Config& config, const core::Policy& policy, std::string_view head,
                    const core::KeyRing* keys, core::WallTime now);

// The head that a client would send for this: `url` is a path, or has a scheme and a host, which
// becomes Host unless `fields` ("Name: value") has one. A sentence about what is wrong otherwise.
core::Result<std::string, std::string> request_head(std::string_view method, std::string_view url,
                                                    const std::vector<std::string>& fields,
                                                    std::optional<std::string_view> token);

// The decision in a sentence.
std::string verdict(const Explanation& explanation);

// Any text for a terminal, a log or a page: what is not printable ASCII is escaped, and the end of
// a long one is left out.
std::string shown(std::string_view text);

}  // namespace bearergate::gateway
