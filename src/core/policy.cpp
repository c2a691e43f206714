#include <bearergate/core/policy.hpp>

#include <algorithm>

namespace bearergate::core {

std::optional<std::size_t> Policy::find_issuer(std::string_view issuer) const {
    const auto it = std::ranges::find(issuers, issuer, &Issuer::issuer);
    if (it == issuers.end()) return std::nullopt;
    return static_cast<std::size_t>(it - issuers.begin());
}

}  // namespace bearergate::core
