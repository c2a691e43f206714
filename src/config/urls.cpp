#include <bearergate/config/reader.hpp>
#include <bearergate/config/urls.hpp>

#include "ip_literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace bearergate::config {
namespace {

constexpr std::size_t longest_url = 2048;
constexpr std::size_t longest_socket_path = 107;  // sockaddr_un::sun_path with its NUL

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

struct Authority {
    std::string host{};
    std::optional<std::uint16_t> port{};
};

core::Result<Authority, Fault> parse_authority(std::string_view text) {
    Authority authority;
    std::string_view host = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::unexpected("has a '[' without ']'");
        host = text.substr(1, end - 1);
        if (!ip_bytes(host) || host.find(':') == std::string_view::npos) {
            return std::unexpected("has no IPv6 address between '[' and ']'");
        }
        port = text.substr(end + 1);
    } else {
        const std::size_t colon = text.find(':');
        host = text.substr(0, colon);
        if (colon != std::string_view::npos) port = text.substr(colon);
        if (host.empty()) return std::unexpected("has no host");
        if (port.find(':', 1) != std::string_view::npos && port.size() > 1) {
            return std::unexpected("needs its IPv6 address in brackets: [::1]:8080");
        }
        if (!ip_bytes(host) && !is_host_name(host)) {
            return std::unexpected(
                "must name a host by a DNS name (IDNs as xn--...) or an IP "
                "address");
        }
    }
    std::transform(host.begin(), host.end(), std::back_inserter(authority.host), lower);
    if (port.empty()) return authority;
    const auto number = parse_port(port.substr(1));
    if (port.front() != ':' || !number || *number == 0) {
        return std::unexpected("must have a port from 1 to 65535, or none");
    }
    authority.port = number;
    return authority;
}

std::string written(const Authority& authority, std::optional<std::uint16_t> omitted) {
    const bool is_v6 = authority.host.find(':') != std::string::npos;
    std::string text = is_v6 ? fmt::format("[{}]", authority.host) : authority.host;
    if (authority.port && authority.port != omitted) text += fmt::format(":{}", *authority.port);
    return text;
}

core::Result<Url, Fault> parse_http(std::string_view text) {
    Url url;
    if (text.starts_with("https://")) {
        url.tls = true;
    } else if (!text.starts_with("http://")) {
        return std::unexpected("must begin with https:// or http://");
    }
    if (text.size() > longest_url) return std::unexpected("is too long for a URL");
    const auto unfit = [](char c) {
        return c <= ' ' || c > '~' ||
               std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
    };
    if (std::any_of(text.begin(), text.end(), unfit)) {
        return std::unexpected("holds characters that a URL may not; percent-encode them");
    }
    if (text.find('#') != std::string_view::npos) {
        return std::unexpected("may not have a fragment (#...)");
    }
    text.remove_prefix(url.tls ? 8 : 7);
    const std::size_t path = text.find_first_of("/?");
    const std::string_view authority_text = text.substr(0, path);
    if (authority_text.find('@') != std::string_view::npos) {
        return std::unexpected("may not hold a user name or password");
    }
    const auto authority = parse_authority(authority_text);
    if (!authority) return std::unexpected(authority.error());
    const std::uint16_t usual = url.tls ? 443 : 80;
    url.host = authority->host;
    url.port = authority->port.value_or(usual);
    url.authority = written(*authority, usual);
    if (path != std::string_view::npos) url.path = text.substr(path);
    return url;
}

core::Result<std::string, Fault> parse_socket_path(std::string_view text) {
    if (text.empty()) return std::unexpected("must name a socket: unix:/run/app.sock");
    return std::string(text);
}

}  // namespace

core::Result<std::string, Fault> socket_in_folder(const std::string& folder,
                                                  const std::string& path) {
    std::string whole = in_folder(folder, path);
    if (whole.size() <= longest_socket_path) return whole;
    return std::unexpected(
        fmt::format("names a socket by {} bytes, {}and {} is the most", whole.size(),
                    whole == path ? "" : "the file's folder among them, ", longest_socket_path));
}

core::Result<Url, Fault> parse_fetched_url(std::string_view text) {
    auto url = parse_http(text);
    if (url && (url->path.empty() || url->path.starts_with('?'))) url->path.insert(0, "/");
    return url;
}

core::Result<Url, Fault> parse_upstream_url(std::string_view text) {
    if (!text.starts_with("unix:")) {
        auto url = parse_http(text);
        if (!url && !text.starts_with("http")) {
            return std::unexpected("must be http://HOST[:PORT], https://HOST[:PORT] or unix:PATH");
        }
        if (url && !url->path.empty()) {
            return std::unexpected(
                "must end after the host and port: requests keep their own path");
        }
        return url;
    }
    auto path = parse_socket_path(text.substr(5));
    if (!path) return std::unexpected(path.error());
    return Url{.is_unix = true, .authority = "localhost", .path = std::move(*path)};
}

bool is_origin(std::string_view text) {
    const auto url = parse_http(text);
    if (!url || !url->path.empty()) return false;
    return text == fmt::format("{}://{}", url->tls ? "https" : "http", url->authority);
}

bool is_host_and_port(std::string_view text) {
    return parse_authority(text).has_value();
}

bool is_host_name(std::string_view text) {
    if (text.empty() || text.size() > 253) return false;
    std::string_view label;
    for (std::string_view rest = text;;) {
        const std::size_t dot = rest.find('.');
        label = rest.substr(0, dot);
        const auto fits = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
            !std::all_of(label.begin(), label.end(), fits)) {
            return false;
        }
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    // 127.1 and 0x7f.1 are IPv4 addresses to some resolvers and names to others.
    const bool is_hex = label.starts_with("0x") || label.starts_with("0X");
    const std::string_view number = is_hex ? label.substr(2) : label;
    return !std::all_of(number.begin(), number.end(), [is_hex](char c) {
        return is_digit(c) || (is_hex && lower(c) >= 'a' && lower(c) <= 'f');
    });
}

core::Result<Address, Fault> parse_address(std::string_view text) {
    constexpr std::string_view forms = "must be IP:PORT, [IPV6]:PORT or unix:PATH";
    Address address{.text = std::string(text)};
    if (text.starts_with("unix:")) {
        auto path = parse_socket_path(text.substr(5));
        if (!path) return std::unexpected(path.error());
        address.is_unix = true;
        address.path = std::move(*path);
        return address;
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::unexpected(fmt::format("{}; 127.0.0.1:8080 for instance", forms));
    }
    const auto port = parse_port(text.substr(colon + 1));
    std::string_view host = text.substr(0, colon);
    const bool brackets = host.size() > 1 && host.front() == '[' && host.back() == ']';
    if (brackets) host = host.substr(1, host.size() - 2);
    const auto bytes = ip_bytes(host);
    if (host.empty() || host == "*") {
        return std::unexpected(
            "must name an address: 0.0.0.0:PORT is every IPv4 one, "
            "\"[::]:PORT\" every one");
    }
    if (host == "localhost") {
        return std::unexpected("must name an address, not a host: 127.0.0.1 or [::1]");
    }
    if (!bytes || (bytes->size() == 16) != brackets) return std::unexpected(Fault(forms));
    if (!port) return std::unexpected("must have a port from 1 to 65535, or 0 for any");
    address.host = host;
    address.port = *port;
    return address;
}

bool is_loopback(std::string_view host) {
    if (host == "localhost") return true;
    const auto bytes = ip_bytes(host);
    if (!bytes) return false;
    if (bytes->size() == 4) return bytes->front() == 127;
    return std::all_of(bytes->begin(), bytes->end() - 1, [](auto b) { return b == 0; }) &&
           bytes->back() == 1;
}

}  // namespace bearergate::config
