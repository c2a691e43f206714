#pragma once

#include <optional>
#include <string_view>

namespace bearergate::http {

// The host of a Host field's value, port removed: a name of letters, digits, '-', '_' and '.', an
// IPv4 address, or an IPv6 address in brackets; after it nothing, or ':' and 1 to 65535. Less than
// RFC 3986's reg-name on purpose: escapes, sub-delimiters and user information are where two
// readers of an authority part ways.
std::optional<std::string_view> host_of(std::string_view authority);

// The origin-form of an absolute-form target with scheme http or https whose authority is `host`
// (case folded); "/" for an empty path. Nothing for any other.
std::optional<std::string_view> origin_form(std::string_view target, std::string_view host);

// The IP address of an entry of X-Forwarded-For: bare, or with a port, then IPv6 in brackets.
std::optional<std::string_view> address_of(std::string_view entry);

}  // namespace bearergate::http
