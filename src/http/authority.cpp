#include "authority.hpp"

#include "characters.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace bearergate::http {

namespace {

bool is_port(std::string_view text) {
    unsigned port = 0;
    if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit))
        return false;
    std::from_chars(text.data(), text.data() + text.size(), port);
    return port >= 1 && port <= 65535;
}

bool is_address(int family, std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size()) return false;
    std::copy(text.begin(), text.end(), terminated.begin());
    in6_addr address{};  // the larger of the two
    return inet_pton(family, terminated.data(), &address) == 1;
}
bool is_ipv6(std::string_view text) {
    return is_address(AF_INET6, text);
}
bool is_ipv4(std::string_view text) {
    return is_address(AF_INET, text);
}

// Labels of name characters between single dots; a dot at the end is the root's.
bool is_name(std::string_view text) {
    char before = '.';
    for (const char c : text) {
        if (!is_alphanumeric(c) && c != '-' && c != '_' && (c != '.' || before == '.'))
            return false;
        before = c;
    }
    return !text.empty();
}

}  // namespace

std::optional<std::string_view> host_of(std::string_view authority) {
    std::size_t end = 0;
    if (authority.starts_with('[')) {
        end = authority.find(']');
        if (end == std::string_view::npos || !is_ipv6(authority.substr(1, end - 1)))
            return std::nullopt;
        ++end;
    } else {
        end = std::min(authority.find(':'), authority.size());
        if (!is_name(authority.substr(0, end))) return std::nullopt;
    }
    const std::string_view rest = authority.substr(end);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
    return authority.substr(0, end);
}

std::optional<std::string_view> address_of(std::string_view entry) {
    if (is_ipv6(entry)) return entry;
    const auto host = host_of(entry);
    if (!host) return std::nullopt;
    if (host->starts_with('[')) return host->substr(1, host->size() - 2);
    if (!is_ipv4(*host)) return std::nullopt;
    return host;
}

std::optional<std::string_view> origin_form(std::string_view target, std::string_view host) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!same_but_case(target.substr(0, scheme.size()), scheme)) continue;
        const std::string_view rest = target.substr(scheme.size());
        const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
        if (host.empty() || !same_but_case(rest.substr(0, end), host)) return std::nullopt;
        if (end == rest.size()) return "/";
        if (rest[end] != '/') return std::nullopt;
        return rest.substr(end);
    }
    return std::nullopt;
}

}  // namespace bearergate::http
