#include "header_names.hpp"

#include <bearergate/core/identity.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace bearergate::config {

bool has_meaning_of_its_own(std::string_view folded) {
    constexpr auto names = std::to_array<std::string_view>({
        "authorization",
        "cf-connecting-ip",
        "cf-connecting-ipv6",
        "cf-pseudo-ipv4",
        "client-ip",
        "connection",
        "cookie",
        "expect",
        "fastly-client-ip",
        "fly-client-ip",
        "forwarded",
        "forwarded-for",
        "host",
        "http2-settings",
        "keep-alive",
        "origin",
        "proxy",
        "remote-addr",
        "te",
        "trailer",
        "transfer-encoding",
        "true-client-ip",
        "upgrade",
        "via",
        "wl-proxy-client-ip",
        "x-appengine-user-ip",
        "x-azure-clientip",
        "x-azure-socketip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-forwarded",
        "x-host",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-middleware-subrequest",
        "x-original-forwarded-for",
        "x-original-uri",
        "x-original-url",
        "x-originating-ip",
        "x-real-ip",
        "x-remote-addr",
        "x-remote-ip",
        "x-request-id",
        "x-rewrite-url",
    });
    constexpr std::array<std::string_view, 6> prefixes{"content-", "proxy-", "x-forwarded-",
                                                       "x-envoy-", "sec-",   "access-control-"};
    return std::ranges::find(names, folded) != names.end() ||
           std::ranges::any_of(prefixes,
                               [&](std::string_view prefix) { return folded.starts_with(prefix); });
}

bool is_forwarded_as_it_came(std::string_view name) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    };
    const std::string folded = core::folded(name);
    return std::ranges::all_of(name, is_plain) && !folded.starts_with("x-auth-") &&
           !has_meaning_of_its_own(folded);
}

}  // namespace bearergate::config
