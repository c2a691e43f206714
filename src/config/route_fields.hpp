#pragma once

#include <bearergate/config/unlimited.hpp>
#include <bearergate/core/policy.hpp>

#include "blocks.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::config {

// The fields of a route or of `defaults:` as they were written, before the one is laid over the
// other.
struct RouteFields {
    std::optional<core::Access> access{};
    std::optional<std::vector<std::string>> scopes{};
    std::optional<std::vector<std::string>> any_scope{};
    std::optional<core::OrganizationSource> organization{};
    std::optional<core::TokenKind> token{};
    std::optional<std::vector<std::string>> audience{};
    std::optional<std::vector<bool>> issuers{};  // by issuer index
    std::optional<std::vector<core::ClaimCondition>> claims{};
    std::optional<std::size_t> upstream{};
    std::optional<std::string> strip_prefix{};
    std::optional<std::chrono::milliseconds> timeout{};
    std::optional<std::uint64_t> body_bytes{};
    std::optional<core::Mode> mode{};
    std::map<std::string, Place, std::less<>> places{};  // of the keys that were written
};

// The fields that say something about a token, and so nothing where none is looked at.
inline constexpr std::array<std::string_view, 7> token_fields{
    "scopes", "any_scope", "organization", "token", "audience", "issuer", "claims"};

// All fields but `access`, which a default cannot be.
void read_fields(Block& block, RouteFields& fields, Draft& draft);
// `public`, `authenticated` or `deny`, short for a map; or the `access` of a map.
std::optional<core::Access> read_short_access(const Node& node, Draft& draft);
// Reports a name that nothing in `names` has.
void unknown_name(std::string_view what, const Node& node, std::span<const std::string_view> names,
                  Draft& draft);
void read_access(Block& block, RouteFields& fields, Draft& draft);

}  // namespace bearergate::config
