// `issuer:`, `issuers:` and `audience:`: whose tokens are believed, and where their keys are.
#include <bearergate/config/urls.hpp>
#include <bearergate/core/algorithm.hpp>

#include "blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace bearergate::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view well_known = "/.well-known/openid-configuration";

std::optional<Url> fetched_url(const std::string& value, std::string_view written, Place place,
                               bool insecure_http, std::string_view what, Draft& draft) {
    auto url = parse_fetched_url(value);
    if (!url) {
        draft.error(place, fmt::format("{} is {}; it {}", what, shown(written), url.error()));
        return std::nullopt;
    }
    if (!url->tls && !is_loopback(url->host) && !insecure_http) {
        draft.error(place, fmt::format("{} would be fetched over plain http, where anybody on the "
                                       "way can put in keys of their own: use https, or say "
                                       "insecure_http: true",
                                       shown(written)));
    }
    url->text = written;
    return *url;
}

std::optional<Url> url_of_key(Block& block, std::string_view key, bool insecure_http,
                              Draft& draft) {
    const Node* node = block.find(key);
    if (node == nullptr) return std::nullopt;
    const auto value = read_text(*node, shown(key), draft.reading);
    if (!value) return std::nullopt;
    return fetched_url(*value, node->text, node->place, insecure_http, shown(key), draft);
}

// OpenID Connect Discovery 1.0 section 4.1: a slash at the issuer's end goes first.
std::optional<Url> discovery_of(const std::string& issuer, const Node& node, bool insecure_http,
                                Draft& draft) {
    std::string_view base = issuer;
    if (base.ends_with('/')) base.remove_suffix(1);
    std::string_view written = node.text;
    if (written.ends_with('/')) written.remove_suffix(1);
    if (issuer.find('?') != std::string::npos) {
        draft.error(node.place, fmt::format("{} has a query, so its discovery document cannot be "
                                            "found: name 'discovery', 'jwks_uri' or 'jwks_file'",
                                            shown(node.text)));
        return std::nullopt;
    }
    return fetched_url(std::string(base) + std::string(well_known),
                       std::string(written) + std::string(well_known), node.place, insecure_http,
                       "the issuer's discovery URL", draft);
}

void read_key_source(Block& block, const Node* issuer, KeySource& source, Draft& draft) {
    block.flag("insecure_http", source.insecure_http);
    source.discovery = url_of_key(block, "discovery", source.insecure_http, draft);
    source.discovery_is_configured = source.discovery.has_value();
    source.jwks_uri = url_of_key(block, "jwks_uri", source.insecure_http, draft);
    block.file("jwks_file", NamedFile::Use::key_set, source.jwks_file);
    std::string_view first;
    for (const std::string_view key : {"discovery", "jwks_uri", "jwks_file"}) {
        if (!block.has(key)) continue;
        if (first.empty()) {
            first = key;
        } else {
            draft.error(block.key_place(key),
                        fmt::format("an issuer's keys have one source: {} or {}, not both",
                                    shown(first), shown(key)));
        }
    }
    if (first.empty() && issuer != nullptr && !source.issuer.empty()) {
        source.discovery = discovery_of(source.issuer, *issuer, source.insecure_http, draft);
    }
    Block tls = block.block("tls");
    tls.file("ca", NamedFile::Use::authorities, source.ca);
    tls.finish();
    if (first != "jwks_file") return;
    for (const std::string_view key : {"tls", "insecure_http"}) {
        if (!block.has(key)) continue;
        draft.warn(block.key_place(key), fmt::format("{} has no effect: with 'jwks_file' nothing "
                                                     "is fetched",
                                                     shown(key)));
    }
}

void read_algorithms(Block& block, core::Issuer& issuer, Draft& draft) {
    const Node* node = block.find("algorithms");
    if (node == nullptr) return;
    const auto items = read_list(*node, "'algorithms'", Alone::refused, draft.reading);
    if (!items) return;
    if (items->empty()) draft.error(node->place, "'algorithms' is empty: no token could be valid");
    issuer.algorithms = {};
    constexpr std::array<std::string_view, 10> names{"RS256", "RS384", "RS512", "PS256", "PS384",
                                                     "PS512", "ES256", "ES384", "ES512", "EdDSA"};
    for (const Item& item : *items) {
        if (const auto algorithm = core::parse_algorithm(item.value)) {
            issuer.algorithms.insert(*algorithm);
            continue;
        }
        const std::string upper = lower_case(item.value);
        const std::string_view near = nearest(item.node->text, names);
        const bool unsafe = upper == "none" || upper.starts_with("hs") || upper == "es256k";
        draft.error(item.node->place,
                    unsafe ? fmt::format("{} cannot be allowed: only public-key signatures of "
                                         "these are: {}",
                                         shown(item.node->text), fmt::join(names, ", "))
                    : near.empty() ? fmt::format("unknown algorithm {}; known are: {}",
                                                 shown(item.node->text), fmt::join(names, ", "))
                                   : fmt::format("unknown algorithm {}; did you mean '{}'?",
                                                 shown(item.node->text), near));
    }
}

void read_token_rules(Block& block, core::Issuer& issuer, Draft& draft) {
    read_algorithms(block, issuer, draft);
    std::string type = "at+jwt";
    block.text("token_type", type);
    if (lower_case(type).starts_with("application/")) type.erase(0, 12);
    if (!is_token(type)) {
        draft.error(block.place("token_type"),
                    "'token_type' must be a media type such as at+jwt, "
                    "or any");
    }
    issuer.token_type = type == "any" ? std::nullopt : std::optional(type);
    block.seconds("clock_skew", issuer.times.skew, 0s, 300s);
    if (!block.is("max_token_lifetime", "none")) {
        std::chrono::seconds lifetime{0};
        block.seconds("max_token_lifetime", lifetime, 1s, 24h * 3650);
        if (lifetime > 0s) issuer.times.max_lifetime = lifetime;
    }
    Block claims = block.block("claims");
    const auto claim = [&](std::string_view key, core::ClaimName& out) {
        std::string name;
        claims.text(key, name);
        if (name.empty()) return;
        if (auto read = claim_name(name, claims.place(key), draft)) out = std::move(*read);
    };
    claim("scope", issuer.claims.scope);
    claim("organization", issuer.claims.organization);
    claim("client", issuer.claims.client);
    claims.finish();
    block.text("organization_audience", issuer.organization_audience);
}

void read_issuer(const std::string& name, Block block, Draft& draft) {
    core::Issuer issuer{.name = name};
    KeySource source{.name = name};
    const Node* text = block.find("issuer");
    if (text != nullptr) {
        source.issuer = read_text(*text, "'issuer'", draft.reading).value_or("");
    } else if (block.lacks("issuer")) {
        draft.error(block.place(), fmt::format("the issuer {} needs 'issuer', the `iss` of its "
                                               "tokens",
                                               shown(name)));
    }
    issuer.issuer = source.issuer;
    read_key_source(block, text, source, draft);
    read_token_rules(block, issuer, draft);
    block.seconds("refresh", source.refresh, 1s, 24h);
    block.seconds("max_stale", source.max_stale, 1s, 24h * 365);
    if (source.max_stale < source.refresh) {
        draft.warn(block.place("max_stale"),
                   "'max_stale' is shorter than 'refresh': keys are fetched anew before they are "
                   "that old, whatever 'refresh' says");
    }
    auto audience = read_audience(block, "audience");
    block.finish();
    for (std::size_t i = 0; i < draft.policy.issuers.size(); ++i) {
        if (source.issuer.empty() || draft.policy.issuers[i].issuer != source.issuer) continue;
        draft.error(block.place("issuer"),
                    fmt::format("the same issuer as {} in line {}: one of them is enough",
                                shown(draft.policy.issuers[i].name), draft.issuer_places[i].line));
    }
    draft.issuer_places.push_back(block.place("issuer"));
    draft.policy.issuers.push_back(std::move(issuer));
    draft.config.key_sources.push_back(std::move(source));
    draft.audiences.push_back(std::move(audience).value_or(std::vector<std::string>{}));
}

}  // namespace

std::optional<std::vector<std::string>> read_audience(Block& block, std::string_view key) {
    const Node* node = block.find(key);
    if (node == nullptr && !block.has(key)) return std::nullopt;
    std::vector<std::string> wrong{"?"};
    if (node == nullptr) return wrong;
    const auto items = read_list(*node, shown(key), Alone::accepted, block.reading());
    if (!items) return wrong;
    if (!items->empty()) return values_of(*items);
    block.reading().diagnostics.error(
        node->place, fmt::format("{} is empty: no token could be for it", shown(key)));
    return wrong;
}

void load_issuers(Block& root, Draft& draft) {
    const auto fallback = read_audience(root, "audience");
    const Node* alone = root.find("issuer");
    const Node* several = root.find("issuers");
    if (alone != nullptr) {
        Node block{.kind = Node::Kind::map, .place = alone->place};
        block.children.push_back(*alone);
        read_issuer("default", Block(&block, "issuers.*", draft.reading), draft);
    }
    if (several != nullptr && expect_map(*several, "'issuers'", draft.reading)) {
        if (several->children.empty() && !several->has_gaps)
            draft.error(several->place, "'issuers' is empty");
        for (const Node& child : several->children) {
            if (alone != nullptr && child.key == "default") {
                draft.error(child.key_place,
                            "'issuer:' at the top is the issuer called default "
                            "already: give this one another name");
            }
            check_name(child, draft);
            read_issuer(child.key, Block(&child, "issuers.*", draft.reading), draft);
        }
    }
    const bool knows_several =
        several != nullptr && several->kind == Node::Kind::map && !several->has_gaps;
    draft.knows_issuers =
        (alone != nullptr || root.lacks("issuer")) && (knows_several || root.lacks("issuers"));
    draft.knows_audience = fallback || root.lacks("audience");
    for (auto& audiences : draft.audiences) {
        if (audiences.empty() && fallback) audiences = *fallback;
    }
}

}  // namespace bearergate::config
