#pragma once

#include <bearergate/core/claims.hpp>
#include <bearergate/core/request.hpp>
#include <bearergate/core/route_table.hpp>
#include <bearergate/core/rule.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::core {

// Which organization a request says that it acts in.
struct RequestedOrganization {
    enum class Kind : std::uint8_t {
        unnamed,  // none, or in more places than one: nobody can say which
        any,      // the route takes whichever the token is for
        one,
    };
    Kind kind = Kind::unnamed;
    std::string id{};  // decoded

    // Whether a token of this organization may act in it. Never for an id with a `/` or a control
    // character, which a server behind us could take for another one.
    bool includes(std::string_view organization) const;
};
// Captures of the path are decoded and compared as they are. A host label is compared in lower
// case, because DNS knows no other: an organization whose id has an upper-case letter cannot be
// reached through a host name, rather than two organizations through one.
RequestedOrganization requested_organization(const OrganizationSource& source,
                                             const Captures& captures, const RequestView& request);

// Which organization a token is for, by its claim and by its audience. Views into the claims.
struct TokenOrganization {
    std::optional<std::string_view> claim{};
    std::optional<std::string_view> audience{};  // what follows the prefix in the first such one
    std::size_t audiences = 0;                   // how many have the prefix

    bool is_bound() const { return claim.has_value() || audiences > 0; }
    // For two organizations at once, and so for none.
    bool contradicts_itself() const {
        return audiences > 1 || (claim && audience && *claim != *audience);
    }
};
TokenOrganization token_organization(const Claims& claims, std::string_view audience_prefix);

}  // namespace bearergate::core
