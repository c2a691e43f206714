#include <bearergate/core/algorithm.hpp>

#include <array>
#include <cstddef>

namespace bearergate::core {

namespace {

constexpr std::array<std::string_view, 10> names{"RS256", "RS384", "RS512", "PS256", "PS384",
                                                 "PS512", "ES256", "ES384", "ES512", "EdDSA"};

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<Algorithm>(i);
    }
    return std::nullopt;
}

std::string_view name_of(Algorithm algorithm) {
    return names[static_cast<std::size_t>(algorithm)];
}

}  // namespace bearergate::core
