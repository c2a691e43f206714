#pragma once

#include <expected>

namespace bearergate::core {

// A value, or the reason why there is none.
template <class T, class E>
using Result = std::expected<T, E>;

}  // namespace bearergate::core
