#include <bearergate/cli/token_request.hpp>
#include <bearergate/config/text.hpp>

#include <boost/algorithm/string/predicate.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace bearergate::cli {
namespace {

OAuthFault invalid_request(std::string description) {
    return {.error = "invalid_request", .description = std::move(description)};
}
OAuthFault invalid_client(bool by_header) {
    return {.status = 401,
            .error = "invalid_client",
            .description = "client authentication failed",
            .challenge = by_header};
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = config::utf8_length(text, 0);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

// It may become a claim, and JSON has no room for what is no text.
std::optional<std::string> form_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    if (!is_utf8(out)) return std::nullopt;
    return out;
}

std::optional<std::string> base64_decoded(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    const std::size_t padding = std::min(text.find('='), text.size());
    if (text.size() - padding > 2 || text.substr(padding).find_first_not_of('=') != text.npos)
        return std::nullopt;
    std::string bytes(text.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    if (size < 0) return std::nullopt;
    bytes.resize(bytes.size() - (text.size() - padding));
    return bytes;
}

// RFC 6749 section 2.3.1: both parts are form-encoded before they are joined and encoded again.
bool read_basic(std::string_view value, TokenRequest& request) {
    if (!boost::algorithm::istarts_with(value, "basic ")) return false;
    const auto pair = base64_decoded(value.substr(6));
    if (!pair) return false;
    const std::size_t colon = pair->find(':');
    if (colon == std::string::npos) return false;
    const auto client = form_decoded(std::string_view(*pair).substr(0, colon));
    const auto secret = form_decoded(std::string_view(*pair).substr(colon + 1));
    if (!client || !secret) return false;
    request.client = *client;
    request.secret = *secret;
    request.by_header = true;
    return true;
}

std::vector<std::string> split_scopes(std::string_view text) {
    std::vector<std::string> scopes;
    while (!text.empty()) {
        const std::string scope(text.substr(0, text.find(' ')));
        text.remove_prefix(std::min(text.size(), scope.size() + 1));
        if (!scope.empty() && std::ranges::find(scopes, scope) == scopes.end()) {
            scopes.push_back(scope);
        }
    }
    return scopes;
}

std::string take(const Form& form, std::string_view name) {
    const auto found = std::ranges::find(form, name, [](const auto& p) { return p.first; });
    return found == form.end() ? std::string() : found->second;
}

std::optional<OAuthFault> read_client(const net::HttpQuestion& question, const Form& form,
                                      TokenRequest& request) {
    const std::string secret = take(form, "client_secret");
    const std::size_t headers = question.count("Authorization");
    if (headers + (secret.empty() ? 0 : 1) > 1) {
        return invalid_request("client authentication must only be provided using one mechanism");
    }
    if (headers == 1) {
        if (!read_basic(question.value("Authorization"), request)) return invalid_client(true);
        const std::string named = take(form, "client_id");
        if (!named.empty() && named != request.client) {
            return invalid_request("client_id does not match the authenticated client");
        }
    } else {
        request.client = take(form, "client_id");
        request.secret = secret;
    }
    if (request.client.empty() || request.secret.empty()) return invalid_client(request.by_header);
    return std::nullopt;
}

}  // namespace

std::optional<Form> parse_form(std::string_view text) {
    Form form;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = form_decoded(pair.substr(0, equals));
        auto value = form_decoded(pair.substr(std::min(pair.size(), equals + 1)));
        if (!name || !value) return std::nullopt;
        form.emplace_back(std::move(*name), std::move(*value));
    }
    return form;
}

core::Result<TokenRequest, OAuthFault> read_token_request(const net::HttpQuestion& question) {
    const std::string_view type = question.value("Content-Type");
    if (!boost::algorithm::iequals(type.substr(0, type.find(';')),
                                   "application/x-www-form-urlencoded")) {
        return std::unexpected(
            invalid_request("only application/x-www-form-urlencoded content is supported"));
    }
    const std::optional<Form> form = parse_form(question.body);
    if (!form) return std::unexpected(invalid_request("failed to parse the request body"));
    for (const char* name :
         {"grant_type", "client_id", "client_secret", "scope", "organization_id"}) {
        const auto is_named = [name](const auto& p) { return p.first == name; };
        if (std::ranges::count_if(*form, is_named) > 1) {
            return std::unexpected(
                invalid_request(std::string(name) + " must not be provided more than once"));
        }
    }
    TokenRequest request;
    if (auto fault = read_client(question, *form, request)) return std::unexpected(*fault);
    request.grant_type = take(*form, "grant_type");
    request.scopes = split_scopes(take(*form, "scope"));
    if (std::string named = take(*form, "organization_id"); !named.empty()) {
        request.organization = std::move(named);
    }
    for (const auto& [name, value] : *form) {
        if (name == "resource" && !value.empty()) request.resources.push_back(value);
    }
    return request;
}

}  // namespace bearergate::cli
