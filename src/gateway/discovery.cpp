#include <bearergate/config/urls.hpp>
#include <bearergate/core/strict_json.hpp>
#include <bearergate/gateway/discovery.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bearergate::gateway {

namespace {

constexpr int max_discovery_depth = 8;

bool same_origin(const config::Url& a, const config::Url& b) {
    return a.tls == b.tls && a.host == b.host && a.port == b.port;
}

bool has_name(std::string_view directive, std::string_view name) {
    return directive.size() >= name.size() &&
           std::ranges::equal(directive.substr(0, name.size()), name, [](char a, char b) {
               return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
           });
}

}  // namespace

std::expected<config::Url, std::string> read_discovery(std::string_view document,
                                                       const config::KeySource& source) {
    if (document.size() > max_discovery_bytes) return std::unexpected("too large");
    const auto json = core::Json::parse(document, max_discovery_depth);
    if (!json || !json->is_object()) return std::unexpected("not a JSON object");
    if (json->at("issuer").string() != source.issuer) {
        return std::unexpected("its issuer is not the configured one");
    }
    const auto text = json->at("jwks_uri").string();
    if (!text) return std::unexpected("it names no jwks_uri");
    auto url = config::parse_fetched_url(*text);
    if (!url) return std::unexpected("its jwks_uri " + url.error());
    url->text = *text;

    const auto issuer = config::parse_fetched_url(source.issuer);
    const bool is_the_issuers = issuer && same_origin(*url, *issuer);
    const bool is_as_configured =
        source.discovery_is_configured && source.discovery && same_origin(*url, *source.discovery);
    if (!is_the_issuers && !is_as_configured) {
        return std::unexpected(
            fmt::format("its jwks_uri {} has another origin than the issuer", url->text));
    }
    if (!url->tls && !source.insecure_http && !config::is_loopback(url->host)) {
        return std::unexpected(fmt::format("its jwks_uri {} is not https", url->text));
    }
    return *url;
}

std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control) {
    constexpr std::string_view name = "max-age=";
    constexpr std::size_t most_digits = 9;  // some thirty years; nothing longer shortens anything
    while (!cache_control.empty()) {
        const auto comma = std::min(cache_control.find(','), cache_control.size());
        std::string_view directive = cache_control.substr(0, comma);
        cache_control.remove_prefix(std::min(comma + 1, cache_control.size()));
        directive.remove_prefix(std::min(directive.find_first_not_of(" \t"), directive.size()));
        directive = directive.substr(0, directive.find_last_not_of(" \t") + 1);
        if (!has_name(directive, name)) continue;

        // Of several, the first: RFC 9111 section 4.2.1.
        directive.remove_prefix(name.size());
        int seconds = 0;
        const char* const end = directive.data() + directive.size();
        if (directive.empty() || directive.size() > most_digits) return std::nullopt;
        const auto [stop, error] = std::from_chars(directive.data(), end, seconds);
        if (error != std::errc() || stop != end || seconds <= 0) return std::nullopt;
        return std::chrono::seconds(seconds);
    }
    return std::nullopt;
}

}  // namespace bearergate::gateway
