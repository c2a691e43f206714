#include <bearergate/gateway/trusted_proxies.hpp>
#include <bearergate/http/forward.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ranges>

namespace bearergate::gateway {

namespace {

struct Address {
    std::array<std::uint8_t, 16> bytes{};
    std::size_t size = 0;  // 4, 16, or 0 for text that is no address
};

Address parse_address(std::string_view text) {
    Address address;
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size()) return address;
    std::ranges::copy(text, terminated.begin());
    if (inet_pton(AF_INET, terminated.data(), address.bytes.data()) == 1) {
        address.size = 4;
    } else if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) {
        address.size = 16;
    }
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (address.size == 16 && std::ranges::equal(std::span(address.bytes).first<12>(), mapped)) {
        std::ranges::copy(std::span(address.bytes).last<4>(), address.bytes.begin());
        address.size = 4;
    }
    return address;
}

bool covers(const config::TrustedProxy& range, const Address& address) {
    if (range.is_unix || address.size == 0 || range.network.size() != address.size) return false;
    int bits = range.prefix_bits;
    for (std::size_t i = 0; i < address.size && bits > 0; ++i, bits -= 8) {
        const unsigned mask = bits >= 8 ? 0xffU : (0xff00U >> static_cast<unsigned>(bits)) & 0xffU;
        if (((address.bytes[i] ^ range.network[i]) & mask) != 0) return false;
    }
    return true;
}

}  // namespace

bool is_trusted_proxy(std::span<const config::TrustedProxy> trusted, std::string_view peer) {
    if (trusted.empty()) return false;
    if (peer == "unix") {
        return std::ranges::any_of(trusted, &config::TrustedProxy::is_unix);
    }
    const Address address = parse_address(peer);
    return std::ranges::any_of(trusted, [&](const auto& range) { return covers(range, address); });
}

std::string_view client_address(std::span<const config::TrustedProxy> trusted,
                                std::string_view peer, std::span<const core::Field> fields) {
    return http::client_address(
        fields, peer, [&](std::string_view address) { return is_trusted_proxy(trusted, address); });
}

}  // namespace bearergate::gateway
