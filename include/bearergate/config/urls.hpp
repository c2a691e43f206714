#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/config/units.hpp>
#include <bearergate/core/result.hpp>

#include <string_view>

namespace bearergate::config {

// As in units.hpp, a fault says what would be right and never repeats the text.

// An absolute http or https URL (RFC 3986) that is fetched: without userinfo and fragment.
core::Result<Url, Fault> parse_fetched_url(std::string_view text);
// Where an upstream listens: http://HOST[:PORT], https://HOST[:PORT] or unix:PATH; no path behind.
core::Result<Url, Fault> parse_upstream_url(std::string_view text);
// The socket's path as the system is told it, beginning with the file's folder unless absolute.
core::Result<std::string, Fault> socket_in_folder(const std::string& folder,
                                                  const std::string& path);
// A web origin as browsers send it: scheme, host, port unless it is the scheme's (RFC 6454).
bool is_origin(std::string_view text);

// HOST or HOST:PORT as a Host field may hold it.
bool is_host_and_port(std::string_view text);
// A DNS name: labels of letters, digits, `-` and `_`; the last one not all digits.
bool is_host_name(std::string_view text);

// IP:PORT, [IPV6]:PORT or unix:PATH; port 0 lets the system choose.
core::Result<Address, Fault> parse_address(std::string_view text);
// IP, IP/BITS or the word `unix`; no ranges that hold everybody.
core::Result<TrustedProxy, Fault> parse_trusted_proxy(std::string_view text);
// localhost, 127.0.0.0/8 or ::1, as a URL's or address's host.
bool is_loopback(std::string_view host);

}  // namespace bearergate::config
