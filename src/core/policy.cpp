#include <bearergate/core/policy.hpp>

namespace bearergate::core {

std::optional<std::size_t> Policy::find_issuer(std::string_view issuer) const {
    for (std::size_t i = 0; i < issuers.size(); ++i) {
        if (issuers[i].issuer == issuer) return i;
    }
    return std::nullopt;
}

}  // namespace bearergate::core
