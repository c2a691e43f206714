#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/authorize.hpp>
#include <bearergate/http/head.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::gateway {

// Everything there is to show about one decision. The token is only read for showing: what it says
// is claimed, not proved, until the account has it.
struct Evidence {
    const config::Config& config;
    const core::Policy& policy;
    std::string_view raw_head;
    const core::KeyRing* keys;
    core::WallTime now;

    http::RequestHead head{};
    std::optional<core::Target> target{};
    core::Account account{};
    std::optional<std::string_view> compact{};
    std::optional<core::UnverifiedToken> token{};

    const core::Route* route() const {
        return account.match.outcome == core::Match::Outcome::found
                   ? &policy.routes[account.match.route]
                   : nullptr;
    }
    // The issuer that the token names, if it is a configured one.
    std::optional<std::size_t> issuer() const {
        const auto name = token ? token->issuer() : std::nullopt;
        return name ? policy.find_issuer(*name) : std::nullopt;
    }
    core::RequestView request() const {
        return {.method = head.method, .host = head.host, .target = *target, .fields = head.fields};
    }
};

// A value of the configuration, by its variable's name where it came out of the environment.
std::string setting(const Evidence& evidence, const std::string& value);

// "a, b", each as `show` writes it; "none" when there are none. The end of a long list is left out.
template <class Items, class Show>
std::string list_of(const Items& items, Show show) {
    constexpr std::size_t longest = 12;
    std::string list;
    std::size_t count = 0;
    for (const auto& item : items) {
        if (count++ >= longest) continue;
        if (!list.empty()) list += ", ";
        list += show(item);
    }
    if (count > longest) list += " and " + std::to_string(count - longest) + " more";
    return list.empty() ? "none" : list;
}

// What one check compared. Empty when there was nothing to compare.
using Compared = std::vector<std::string>;

// explain_request.cpp: checks 1 to 7, and 17.
Compared compared_bytes(const Evidence& evidence);
Compared compared_limits(const Evidence& evidence);
Compared compared_target(const Evidence& evidence);
Compared compared_route(const Evidence& evidence);
Compared compared_access(const Evidence& evidence);
Compared compared_presence(const Evidence& evidence);
Compared compared_credentials(const Evidence& evidence);
Compared compared_body(const Evidence& evidence);
// Whether the head tells how large the body is, or it does not matter. What people write to have it
// explained seldom says so, and reads like a request without a body.
bool knows_body(const Evidence& evidence);

// explain_token.cpp: checks 8 to 13.
Compared compared_form(const Evidence& evidence);
Compared compared_header(const Evidence& evidence);
Compared compared_issuer(const Evidence& evidence);
Compared compared_times(const Evidence& evidence);
Compared compared_keys(const Evidence& evidence);
Compared compared_signature(const Evidence& evidence);
Compared compared_claims(const Evidence& evidence);

// explain_permit.cpp: checks 14 to 16.
Compared compared_audience(const Evidence& evidence);
Compared compared_organization(const Evidence& evidence);
Compared compared_grants(const Evidence& evidence);

}  // namespace bearergate::gateway
