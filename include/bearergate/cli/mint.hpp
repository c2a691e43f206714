#pragma once

#include <bearergate/cli/signing_key.hpp>
#include <bearergate/core/claims.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::cli {

// What an access token is to say. Its shape is that of Logto's tokens, member by member.
struct Grant {
    std::string issuer{};
    std::string subject{};
    std::string client{};
    std::string audience{};                     // an API resource, or an organization's URN
    std::optional<std::string> organization{};  // of organization-level API resources
    std::optional<std::string> scope{};         // none: no such member
    core::WallTime issued_at{};
    std::chrono::seconds lifetime{3600};
    // Further members: their names and their values as JSON text; those named alike replace ours.
    std::vector<std::pair<std::string, std::string>> claims{};
};

inline constexpr const char* organization_urn = "urn:logto:organization:";

// A signed access token (RFC 9068). Throws std::invalid_argument for a claim that is not JSON.
std::string mint(const SigningKey& key, const Grant& grant);

// Letters and digits from the system's source of randomness.
std::string random_word(std::size_t length);

}  // namespace bearergate::cli
