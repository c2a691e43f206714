#pragma once

#include <bearergate/net/stream.hpp>

#include <string>

namespace bearergate::net {

// The address alone, or "unix". An IPv4 peer of an IPv6 listener is written as IPv4, so that one
// peer has one name, whatever it came in by.
std::string peer_name(const Endpoint& endpoint);

}  // namespace bearergate::net
