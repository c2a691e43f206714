#include <bearergate/core/policy.hpp>

#include <algorithm>

namespace bearergate::core {

std::optional<std::size_t> Policy::find_issuer(std::string_view issuer) const {
    const auto it = std::ranges::find(issuers, issuer, &Issuer::issuer);
    if (it == issuers.end()) return std::nullopt;
    return static_cast<std::size_t>(it - issuers.begin());
}

std::string allowed_methods(const Policy& policy, std::string_view host, std::string_view target) {
    std::string scratch;
    const auto normal = Target::parse(target, policy.target, scratch);
    if (!normal) return "";
    Match match;
    policy.table.match(host, "TRACE", normal->path(), match);
    return match.allow;
}

}  // namespace bearergate::core
