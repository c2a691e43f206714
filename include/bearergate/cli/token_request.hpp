#pragma once

#include <bearergate/core/result.hpp>
#include <bearergate/net/http_server.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::cli {

// An error answer of a token endpoint (RFC 6749 section 5.2).
struct OAuthFault {
    unsigned status = 400;
    std::string error{};
    std::string description{};
    bool challenge = false;  // the client tried HTTP Basic: WWW-Authenticate goes with a 401
};

// A token request as the development issuer understands it: who asks, and for what.
struct TokenRequest {
    std::string client{};
    std::string secret{};
    bool by_header = false;  // client_secret_basic; else client_secret_post
    std::string grant_type{};
    std::optional<std::string> organization{};
    std::vector<std::string> resources{};  // RFC 8707: may be given more than once
    std::vector<std::string> scopes{};     // without repetition, in the order given
};

core::Result<TokenRequest, OAuthFault> read_token_request(const net::HttpQuestion& question);

// The parameters of an application/x-www-form-urlencoded text; nothing for a broken escape
// or what is not UTF-8.
using Form = std::vector<std::pair<std::string, std::string>>;
std::optional<Form> parse_form(std::string_view text);

}  // namespace bearergate::cli
