#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/request.hpp>

#include <span>
#include <string_view>
#include <vector>

namespace bearergate::gateway {

// Whether the peer (net::Stream::peer(): an address without port, or "unix") is one whose
// forwarding fields and request ids are believed. An IPv4 address that reached a socket for IPv6
// is the IPv4 address.
bool is_trusted_proxy(std::span<const config::TrustedProxy> trusted, std::string_view peer);

// Who asks, for the log: the rightmost address of X-Forwarded-For that is no trusted proxy's, when
// `peer` is one; else the peer itself. What is not an address ends the search.
std::string_view client_address(std::span<const config::TrustedProxy> trusted,
                                std::string_view peer, std::span<const core::Field> fields);

}  // namespace bearergate::gateway
