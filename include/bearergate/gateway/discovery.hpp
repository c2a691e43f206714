#pragma once

#include <bearergate/config/config.hpp>

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::gateway {

// What an issuer's answers to us mean, without any I/O. All of it is text from outside.

inline constexpr std::size_t max_discovery_bytes = 256 * 1024;

// The jwks_uri of an OpenID Connect discovery document (section 4.2), or a phrase for the log. Its
// `issuer` must be the configured one, byte for byte. The jwks_uri must have the origin of the
// issuer, or of the `discovery` URL if that was configured: a document that was tampered with
// cannot send us elsewhere for keys. It is https, but for loopback hosts and `insecure_http`.
std::expected<config::Url, std::string> read_discovery(std::string_view document,
                                                       const config::KeySource& source);

// The max-age of a Cache-Control field (RFC 9111 section 5.2.2.1), if it has one above 0. The
// other directives do not matter: Logto sends `no-store` with keys that live for months.
std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control);

}  // namespace bearergate::gateway
