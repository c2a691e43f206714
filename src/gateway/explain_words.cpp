// An explanation in words, and a request out of the words that people give.
#include <bearergate/gateway/explain.hpp>

#include "explain_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bearergate::gateway {
namespace {

bool is_field_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return c > 0x20 && c < 0x7f && !std::string_view("()<>@,;:\\\"/[]?={}").contains(c);
    });
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

bool breaks_a_line(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

struct Location {
    std::string host{};
    std::string target{};
};
core::Result<Location, std::string> location_of(std::string_view url) {
    if (url.starts_with('/')) return Location{"localhost", std::string(url)};
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!url.starts_with(scheme)) continue;
        const std::string_view rest = url.substr(scheme.size());
        const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
        std::string target(rest.substr(end));
        if (!target.starts_with('/')) target.insert(0, "/");
        return Location{std::string(rest.substr(0, end)), std::move(target)};
    }
    return std::unexpected("the URL must be a path, as /items, or begin with http:// or https://");
}

}  // namespace

std::string verdict(const Explanation& explanation) {
    if (explanation.is_preflight) return "A preflight: answered by the gateway itself.";
    if (explanation.is_unproved && explanation.is_allowed())
        return "Signature not checked: nothing here proves that the token is genuine.";
    if (explanation.is_allowed()) return "Allowed.";
    const auto* const denied = std::get_if<core::Denied>(&explanation.decision);
    const std::string why(core::name_of(denied ? denied->reason : core::Reason::keys_unavailable));
    return explanation.is_forwarded
               ? "Would be refused, " + why + "; but the route is in shadow mode and forwards it."
               : "Refused: " + why + ".";
}

std::string shown(std::string_view text) {
    constexpr std::size_t longest = 120;
    const std::string_view part = text.substr(0, longest);
    std::string out;
    for (const char c : part) {
        if (c >= 0x20 && c < 0x7f) {
            out += c;
        } else {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    if (part.size() < text.size()) out += fmt::format("... ({} characters)", text.size());
    return out;
}

std::string setting(const Evidence& evidence, const std::string& value) {
    const auto& written = evidence.config.as_written;
    const auto found = written.find(value);
    return shown(found == written.end() ? value : found->second);
}

core::Result<std::string, std::string> request_head(std::string_view method, std::string_view url,
                                                    const std::vector<std::string>& fields,
                                                    std::optional<std::string_view> token) {
    const auto location = location_of(url);
    if (!location) return std::unexpected(location.error());
    std::string own;
    bool has_host = false;
    for (const std::string& field : fields) {
        const std::size_t colon = std::min(field.find(':'), field.size());
        const std::string_view name = std::string_view(field).substr(0, colon);
        if (colon == field.size() || !is_field_name(name) || breaks_a_line(field))
            return std::unexpected(
                fmt::format("header {} is not written 'Name: value'", &field - fields.data() + 1));
        has_host = has_host || http::equals_ignoring_case(name, "host");
        own += fmt::format("{}: {}\r\n", name, trimmed(std::string_view(field).substr(colon + 1)));
    }
    std::string head = fmt::format("{} {} HTTP/1.1\r\n", method, location->target);
    if (!has_host) head += fmt::format("Host: {}\r\n", location->host);
    head += own;
    if (token) head += fmt::format("Authorization: Bearer {}\r\n", trimmed(*token));
    if (breaks_a_line(method) || breaks_a_line(url) || (token && breaks_a_line(trimmed(*token))))
        return std::unexpected("method, URL and token are one line each");
    return head + "\r\n";
}

}  // namespace bearergate::gateway
