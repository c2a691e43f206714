#pragma once

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <string_view>

namespace bearergate::core {

// Room for an IPv6 address in brackets.
using LiteralScratch = std::array<char, INET6_ADDRSTRLEN + 2>;

// The one spelling of an IPv6 address in brackets (RFC 5952), a view into `scratch`: hosts that are
// the same are then the same text. "" for what is none.
inline std::string_view canonical_literal(std::string_view host, LiteralScratch& scratch) {
    if (!host.starts_with('[') || !host.ends_with(']') || host.size() > scratch.size()) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (host.size() - 2 >= text.size()) return {};
    host.substr(1, host.size() - 2).copy(text.data(), host.size() - 2);
    in6_addr address{};
    if (inet_pton(AF_INET6, text.data(), &address) != 1) return {};
    scratch.front() = '[';
    inet_ntop(AF_INET6, &address, scratch.data() + 1, INET6_ADDRSTRLEN);
    const std::size_t end = 1 + std::strlen(scratch.data() + 1);
    scratch[end] = ']';
    return {scratch.data(), end + 1};
}

}  // namespace bearergate::core
