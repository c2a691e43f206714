#pragma once

#include <bearergate/core/claims.hpp>
#include <bearergate/core/strict_json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::core {

enum class Access : std::uint8_t { deny, token, optional, open };
constexpr std::string_view name_of(Access access) {  // as in the file
    switch (access) {
        case Access::deny: return "deny";
        case Access::token: return "token";
        case Access::optional: return "optional";
        case Access::open: return "public";
    }
    return "";
}

// Which of the three kinds of access token; docs/the-three-models.md.
enum class TokenKind : std::uint8_t { api, organization_api, organization };

// Where a request says which organization it acts in.
struct OrganizationSource {
    enum class Kind : std::uint8_t { none, capture, header, query, literal, any, ignore };
    Kind kind = Kind::none;
    std::string text{};  // the capture's, header's or parameter's name, or the literal
};

struct ClaimCondition {
    enum class Kind : std::uint8_t { equals, contains, any_of };
    ClaimName claim{};
    Kind kind = Kind::equals;
    std::vector<Json> values{};  // one, but for any_of
};

// What a route asks of a token; all of it must hold. A default-constructed one lets nobody in.
struct Rule {
    Access access = Access::deny;
    TokenKind token = TokenKind::api;
    // Per issuer of the policy, by its index: the audiences of which one must be in the token.
    // Unused for TokenKind::organization.
    std::vector<std::vector<std::string>> audiences{};
    std::vector<bool> accepts_issuer{};  // by issuer index
    OrganizationSource organization{};
    std::vector<std::string> scopes{};
    std::vector<std::string> any_scope{};
    std::vector<ClaimCondition> claims{};
};

}  // namespace bearergate::core
