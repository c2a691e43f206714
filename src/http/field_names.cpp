#include "field_names.hpp"

#include "characters.hpp"

#include <algorithm>
#include <array>

namespace bearergate::http {

namespace {

struct Known {
    std::string_view text{};  // lower case
    NameFacts facts{};
};

constexpr std::uint8_t hop = trait::hop_by_hop;
constexpr std::uint8_t read = trait::interpreted;
constexpr std::uint8_t drop = trait::dropped;
constexpr std::uint8_t kept = trait::kept_request;
constexpr std::uint8_t answer = trait::kept_response;
// Whom a proxy says it speaks for, in the words that proxies share. What vendors say in their own
// is dropped: another vendor's proxy, though trusted, passes it on from whoever wrote it.
constexpr std::uint8_t client = read | kept | trait::forwarding;

constexpr std::array known_names{
    Known{"access-control-request-method", {Name::access_control_request_method, read}},
    Known{"authorization", {Name::authorization, read | kept}},
    Known{"cache-control", {Name::other, answer}},
    Known{"cf-connecting-ip", {Name::other, drop}},
    Known{"cf-connecting-ipv6", {Name::other, drop}},
    Known{"cf-pseudo-ipv4", {Name::other, drop}},
    Known{"client-ip", {Name::other, drop}},
    Known{"connection", {Name::connection, read | hop}},
    Known{"content-length", {Name::content_length, read | kept | answer}},
    Known{"content-type", {Name::other, answer}},
    Known{"cookie", {Name::other, kept}},
    Known{"expect", {Name::expect, read | hop}},
    Known{"fastly-client-ip", {Name::other, drop}},
    Known{"fly-client-ip", {Name::other, drop}},
    Known{"forwarded", {Name::forwarded, client}},
    Known{"forwarded-for", {Name::other, drop}},
    Known{"host", {Name::host, read | kept}},
    Known{"http2-settings", {Name::other, hop}},
    Known{"keep-alive", {Name::keep_alive, read | hop}},
    Known{"location", {Name::other, answer}},
    Known{"origin", {Name::origin, read}},
    Known{"proxy", {Name::other, hop}},
    Known{"remote-addr", {Name::other, drop}},
    Known{"sec-websocket-accept", {Name::sec_websocket_accept, read}},
    Known{"sec-websocket-key", {Name::sec_websocket_key, read}},
    Known{"sec-websocket-version", {Name::sec_websocket_version, read}},
    Known{"set-cookie", {Name::other, answer}},
    Known{"te", {Name::other, read | hop}},
    Known{"traceparent", {Name::traceparent, read}},
    Known{"trailer", {Name::other, read | hop}},
    Known{"transfer-encoding", {Name::transfer_encoding, read | hop}},
    Known{"true-client-ip", {Name::other, drop}},
    Known{"upgrade", {Name::upgrade, read | hop}},
    Known{"wl-proxy-client-ip", {Name::other, drop}},
    Known{"www-authenticate", {Name::other, answer}},
    Known{"x-appengine-user-ip", {Name::other, drop}},
    Known{"x-azure-clientip", {Name::other, drop}},
    Known{"x-azure-socketip", {Name::other, drop}},
    Known{"x-client-ip", {Name::other, drop}},
    Known{"x-cluster-client-ip", {Name::other, drop}},
    Known{"x-forwarded", {Name::other, drop}},
    Known{"x-forwarded-for", {Name::x_forwarded_for, client}},
    Known{"x-forwarded-host", {Name::x_forwarded_host, client}},
    Known{"x-forwarded-proto", {Name::x_forwarded_proto, client}},
    Known{"x-host", {Name::other, drop}},
    Known{"x-http-method", {Name::other, drop}},
    Known{"x-http-method-override", {Name::other, drop}},
    Known{"x-method-override", {Name::other, drop}},
    Known{"x-middleware-subrequest", {Name::other, drop}},
    Known{"x-original-forwarded-for", {Name::other, drop}},
    Known{"x-original-uri", {Name::other, drop}},
    Known{"x-original-url", {Name::other, drop}},
    Known{"x-originating-ip", {Name::other, drop}},
    Known{"x-real-ip", {Name::other, drop}},
    Known{"x-remote-addr", {Name::other, drop}},
    Known{"x-remote-ip", {Name::other, drop}},
    Known{"x-request-id", {Name::x_request_id, read | kept}},
    Known{"x-rewrite-url", {Name::other, drop}},
};

constexpr std::array known_prefixes{
    Known{"access-control-", {Name::other, trait::cors}},
    Known{"proxy-", {Name::other, hop}},
    Known{"sec-websocket-", {Name::other, read}},
    Known{"x-auth-", {Name::other, drop | kept}},
    Known{"x-envoy-", {Name::other, drop}},
    Known{"x-forwarded-", {Name::other, client}},
};

constexpr std::size_t slots = 256;

constexpr std::size_t slot_of(std::string_view name) {
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(lower(name[i])); };
    return (name.size() * 37 + at(0) * 11 + at(name.size() - 1) * 5 + at(name.size() / 2)) % slots;
}

// Index + 1 into known_names by hash, collisions in the next free slot.
constexpr std::array<std::uint8_t, slots> table = [] {
    static_assert(known_names.size() < slots / 4);
    std::array<std::uint8_t, slots> filled{};
    for (std::size_t i = 0; i < known_names.size(); ++i) {
        std::size_t slot = slot_of(known_names[i].text);
        while (filled[slot] != 0) slot = (slot + 1) % slots;
        filled[slot] = static_cast<std::uint8_t>(i + 1);
    }
    return filled;
}();

constexpr bool is_plain(const Known& known) {
    return std::ranges::all_of(
        known.text, [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; });
}
static_assert(std::ranges::all_of(known_names, is_plain));
static_assert(std::ranges::all_of(known_prefixes, is_plain));

bool begins_with(std::string_view name, std::string_view prefix) {
    return name.size() >= prefix.size() && is_known(name.substr(0, prefix.size()), prefix);
}

}  // namespace

NameFacts facts_of(std::string_view name) {
    if (name.empty()) return {};
    for (std::size_t slot = slot_of(name); table[slot] != 0; slot = (slot + 1) % slots) {
        const Known& known = known_names[table[slot] - 1];
        if (is_known(name, known.text)) return known.facts;
    }
    for (const Known& prefix : known_prefixes) {
        if (begins_with(name, prefix.text)) return prefix.facts;
    }
    return {};
}

bool is_alias(std::string_view name) {
    const auto is_plain = [](char c) { return is_alphanumeric(c) || c == '-'; };
    if (std::all_of(name.begin(), name.end(), is_plain)) return false;
    if (name.find('_') != std::string_view::npos) return true;
    // Longer names fold to nothing of ours but by their prefix.
    std::array<char, 64> folded{};
    const std::size_t size = std::min(name.size(), folded.size());
    std::transform(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(size), folded.begin(),
                   [](char c) { return is_alphanumeric(c) ? lower(c) : '-'; });
    return facts_of({folded.data(), size}).traits != 0;
}

}  // namespace bearergate::http
