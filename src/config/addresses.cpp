#include <bearergate/config/urls.hpp>

#include "ip_literal.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace bearergate::config {
namespace {

bool is_mapped_v4(const std::vector<std::uint8_t>& bytes) {
    return bytes.size() == 16 && bytes[10] == 0xFF && bytes[11] == 0xFF &&
           std::all_of(bytes.begin(), bytes.begin() + 10, [](auto b) { return b == 0; });
}

// The network that an address lies in: the bits behind the prefix cleared.
std::vector<std::uint8_t> network_of(std::vector<std::uint8_t> bytes, std::size_t bits) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t kept = bits > 8 * i ? std::min<std::size_t>(8, bits - 8 * i) : 0;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xFF00U >> kept));
    }
    return bytes;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> ip_bytes(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    const std::string terminated(text);
    std::vector<std::uint8_t> bytes(16);
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return bytes;
    bytes.resize(4);
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return bytes;
    return std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto number = parse_whole_number(text);
    if (!number || *number > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
}

core::Result<TrustedProxy, Fault> parse_trusted_proxy(std::string_view text) {
    if (text == "unix") return TrustedProxy{.is_unix = true};
    const std::size_t slash = text.find('/');
    auto bytes = ip_bytes(text.substr(0, slash));
    if (!bytes) return std::unexpected("must be an IP address, a range like 10.0.0.0/8, or unix");
    const std::size_t most = bytes->size() * 8;
    std::size_t bits = most;
    if (slash != std::string_view::npos) {
        const auto written = parse_whole_number(text.substr(slash + 1));
        if (!written || *written > most) {
            return std::unexpected(fmt::format("must have 1 to {} bits after the '/'", most));
        }
        bits = static_cast<std::size_t>(*written);
    }
    if (bits == 0) {
        return std::unexpected(
            "would believe everybody's forwarding headers: name the proxies' "
            "own addresses");
    }
    if (is_mapped_v4(*bytes)) {
        return std::unexpected("must be written as the IPv4 address or range that it maps");
    }
    auto network = network_of(*bytes, bits);
    if (network != *bytes) {
        return std::unexpected("must have zeros behind its prefix: 10.1.2.3/8 is 10.0.0.0/8");
    }
    return TrustedProxy{.network = std::move(network), .prefix_bits = static_cast<int>(bits)};
}

}  // namespace bearergate::config
