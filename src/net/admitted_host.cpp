#include <bearergate/net/admitted_host.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>

namespace bearergate::net {
namespace {

bool is_ip_literal(std::string_view host) {
    boost::system::error_code error;
    if (host.starts_with('[') && host.ends_with(']')) {
        const std::string inside(host.substr(1, host.size() - 2));
        boost::asio::ip::make_address_v6(inside, error);
    } else {
        boost::asio::ip::make_address_v4(std::string(host), error);
    }
    return !error;
}

bool equal_names(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

bool is_admitted_host(std::string_view host, const std::vector<std::string>& names) {
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && !host.ends_with(']')) {
        const std::string_view port = host.substr(colon + 1);
        if (!std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; })) return false;
        host.remove_suffix(host.size() - colon);
    }
    return is_ip_literal(host) || equal_names(host, "localhost") ||
           std::ranges::any_of(names, [host](const auto& name) { return equal_names(host, name); });
}

}  // namespace bearergate::net
