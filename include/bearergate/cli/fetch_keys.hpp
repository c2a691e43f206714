#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/authorize.hpp>

#include <cstddef>
#include <iosfwd>

namespace bearergate::cli {

// A ring for all issuers of the configuration in which this one has its keys, fetched as `run`
// would fetch them, once and within a few seconds. It has none when they could not be had; why is
// then on `errors`. Throws std::runtime_error naming a CA file that is unusable.
core::KeyRing fetch_keys(const config::Config& config, std::size_t issuer, std::ostream& errors);

}  // namespace bearergate::cli
