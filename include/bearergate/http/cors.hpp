#pragma once

#include <bearergate/http/head.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::http {

// `cors:` of the configuration (the Fetch standard's CORS protocol).
struct Cors {
    std::vector<std::string> origins{};  // "*" alone: any
    std::vector<std::string> methods{};
    std::vector<std::string> headers{};
    bool credentials = false;
    std::chrono::seconds max_age{3600};
};

// The method that a preflight asks for: OPTIONS with Origin and Access-Control-Request-Method, one
// of each, and without a body. Nothing for any other request.
std::optional<std::string_view> preflight_method(const RequestHead& head);

// Our Access-Control-* and Vary lines for a response to this request. A request whose origin is not
// listed, or that names none or several, gets Vary alone.
std::string cors_lines(const Cors& cors, const RequestHead& head);
// The whole 204 that answers a preflight; without CORS fields for an origin that is not listed.
void write_preflight(std::string& out, const Cors& cors, const RequestHead& head,
                     std::string_view request_id, bool keep_alive, std::string_view date = {});

}  // namespace bearergate::http
