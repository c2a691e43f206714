#pragma once

#include <bearergate/core/target.hpp>

#include <span>
#include <string_view>

namespace bearergate::core {

// One header field of a message: views into the buffer that holds it. The value is trimmed.
struct Field {
    std::string_view name{};
    std::string_view value{};
};

// All of a request that a decision may depend on. Owns nothing; lives as long as the call.
struct RequestView {
    std::string_view method{};
    std::string_view host{};  // of the Host field, port removed; "" for a 1.0 request without one
    const Target& target;
    std::span<const Field> fields{};
};

}  // namespace bearergate::core
