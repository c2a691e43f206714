#include "route_fields.hpp"

#include <bearergate/core/identity.hpp>
#include <bearergate/core/target.hpp>

#include "header_names.hpp"
#include "json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace bearergate::config {
namespace {

using namespace std::chrono_literals;
using core::Access;
using core::OrganizationSource;

constexpr int claim_depth = 4;  // of a condition's value, which is a scalar

void read_scopes(Block& block, std::string_view key, std::optional<std::vector<std::string>>& out,
                 Draft& draft) {
    const Node* node = block.find(key);
    if (node == nullptr) return;
    const auto items = read_list(*node, shown(key), Alone::refused, draft.reading);
    if (!items) return;
    for (const Item& item : *items) {
        if (item.value.find(' ') == std::string::npos) continue;
        draft.warn(item.node->place, fmt::format("the scope {} holds a space; two scopes are "
                                                 "written [a, b]",
                                                 shown(item.node->text)));
    }
    if (key == "any_scope" && items->empty()) {
        draft.error(node->place, "'any_scope' is empty: no token can hold one of none");
    }
    out = values_of(*items);
}

bool is_field_name(std::string_view name) {
    return is_token(name) && name.size() <= 128;
}

// A literal organization; what looks like a slip is none.
std::optional<OrganizationSource> literal_organization(const std::string& value, const Node& node,
                                                       Draft& draft) {
    const std::string_view prefix = std::string_view(value).substr(0, value.find(':'));
    if (value == "none") {
        draft.error(node.place,
                    "'organization: none' would be the organization called none; 'ignore' asks for "
                    "no organization, even where 'defaults' names one");
        return std::nullopt;
    }
    constexpr std::array<std::string_view, 4> words{"any", "ignore", "header", "query"};
    const std::string_view near = nearest(
        prefix, std::span(words).first(prefix == value ? 2 : 4).subspan(prefix == value ? 0 : 2));
    std::string message;
    if (value.front() == '{' || value.back() == '}') {
        message = "must be one captured name in braces, like \"{orgId}\"";
    } else if (lower_case(prefix) == near && !near.empty()) {
        message = fmt::format("is neither '{}' nor a likely organization; write '{}' in lower case",
                              near, near);
    } else if (prefix != value && !near.empty()) {
        message = fmt::format("begins with an unknown source; did you mean '{}:'?", near);
    } else if (value.find('/') != std::string::npos) {
        message = "can never match: an organization that contains '/' is refused";
    } else {
        return OrganizationSource{.kind = OrganizationSource::Kind::literal, .text = value};
    }
    draft.error(node.place, fmt::format("the organization {} {}", shown(node.text), message));
    return std::nullopt;
}

// What is decided by must be what the upstream reads: not a field that we drop or write ourselves.
std::optional<OrganizationSource> organization_header(const std::string& name, const Node& node,
                                                      Draft& draft) {
    if (!is_field_name(name)) {
        draft.error(node.place,
                    fmt::format("{} names no header field; write header:X-Org", shown(node.text)));
        return std::nullopt;
    }
    const std::string folded = core::folded(name);
    const bool is_identity = std::ranges::any_of(
        draft.policy.identity,
        [&](const core::IdentityHeader& header) { return core::folds_to(header.name, folded); });
    if (is_identity || !is_forwarded_as_it_came(name)) {
        draft.error(node.place,
                    fmt::format("{} names a field that does not reach the upstream as the client "
                                "sent it; write header:X-Org",
                                shown(node.text)));
        return std::nullopt;
    }
    return OrganizationSource{.kind = OrganizationSource::Kind::header, .text = name};
}

std::optional<OrganizationSource> read_organization(const Node& node, Draft& draft) {
    using Kind = OrganizationSource::Kind;
    const auto value = read_text(node, "'organization'", draft.reading);
    if (!value) return std::nullopt;
    if (*value == "any") return OrganizationSource{.kind = Kind::any};
    if (*value == "ignore") return OrganizationSource{.kind = Kind::ignore};
    if (value->starts_with("header:")) {
        return organization_header(value->substr(7), node, draft);
    }
    if (value->starts_with("query:")) {
        const std::string name = value->substr(6);
        if (lower_case(name) == "_method") {
            draft.error(node.place,
                        "no request with a query parameter '_method' is let through: "
                        "frameworks take it for another method");
            return std::nullopt;
        }
        const auto fits = [](char c) { return c > ' ' && c <= '~' && c != '&' && c != '='; };
        if (!name.empty() && std::all_of(name.begin(), name.end(), fits)) {
            return OrganizationSource{.kind = Kind::query, .text = name};
        }
        draft.error(node.place,
                    fmt::format("{} names no query parameter; write query:org", shown(node.text)));
        return std::nullopt;
    }
    if (value->size() > 2 && value->front() == '{' && value->back() == '}') {
        const std::string name = value->substr(1, value->size() - 2);
        if (name.find_first_of("{}./") == std::string::npos) {
            return OrganizationSource{.kind = Kind::capture, .text = name};
        }
    }
    return literal_organization(*value, node, draft);
}

void read_issuers(Block& block, RouteFields& fields, Draft& draft) {
    const Node* node = block.find("issuer");
    if (node == nullptr) return;
    const auto items = read_list(*node, "'issuer'", Alone::accepted, draft.reading);
    if (!items) return;
    if (items->empty()) draft.error(node->place, "'issuer' is an empty list");
    const auto names = names_of(draft.policy.issuers);
    fields.issuers = std::vector<bool>(names.size());
    for (const Item& item : *items) {
        const auto found = std::find(names.begin(), names.end(), item.value);
        if (found != names.end()) {
            (*fields.issuers)[static_cast<std::size_t>(found - names.begin())] = true;
            continue;
        }
        if (draft.knows_issuers) unknown_name("issuer", *item.node, names, draft);
    }
}

void read_upstream(Block& block, RouteFields& fields, Draft& draft) {
    const Node* node = block.find("upstream");
    if (node == nullptr) return;
    const auto name = read_text(*node, "'upstream'", draft.reading);
    if (!name) return;
    const auto names = names_of(draft.config.upstreams);
    const auto found = std::find(names.begin(), names.end(), *name);
    if (found != names.end()) {
        fields.upstream = static_cast<std::size_t>(found - names.begin());
    } else if (draft.knows_upstreams) {
        unknown_name("upstream", *node, names, draft);
    }
}

std::optional<core::Json> condition_value(const Node& node, std::string_view what, Draft& draft) {
    const auto text = json_scalar(node, what, draft.reading);
    if (!text) return std::nullopt;
    auto json = core::Json::parse(*text, claim_depth);
    if (json) return *json;
    draft.error(node.place, fmt::format("{} is no value that a claim can have", what));
    return std::nullopt;
}

// {contains: x} or {any: [x, y]}.
bool read_condition_map(const Node& node, core::ClaimCondition& condition, Draft& draft) {
    Block block(&node, "routes.*.claims.*", draft.reading);
    const Node* contains = block.find("contains");
    const Node* any = block.find("any");
    block.finish();
    const bool has_neither = node.children.empty() && !node.has_gaps;
    if (has_neither || (block.has("contains") && block.has("any"))) {
        draft.error(node.place, fmt::format("the condition on {} is a value, {{contains: x}} or "
                                            "{{any: [x, y]}}",
                                            shown(node.key)));
        return false;
    }
    if (contains != nullptr) {
        condition.kind = core::ClaimCondition::Kind::contains;
        auto value = condition_value(*contains, "'contains'", draft);
        if (value) condition.values.push_back(std::move(*value));
        return value.has_value();
    }
    if (any == nullptr) return false;
    condition.kind = core::ClaimCondition::Kind::any_of;
    if (any->kind != Node::Kind::sequence || any->children.empty()) {
        if (any->kind != Node::Kind::broken) {
            draft.error(any->place, "'any' must be a list of at least one value: [x, y]");
        }
        return false;
    }
    for (const Node& child : any->children) {
        auto value = condition_value(child, "an item of 'any'", draft);
        if (value) condition.values.push_back(std::move(*value));
    }
    return true;
}

void read_claims(Block& block, RouteFields& fields, Draft& draft) {
    const Node* node = block.find("claims");
    if (node == nullptr || !expect_map(*node, "'claims'", draft.reading)) return;
    fields.claims.emplace();
    for (const Node& child : node->children) {
        if (child.key.empty()) {
            draft.error(child.key_place, "a claim needs a name");
            continue;
        }
        core::ClaimCondition condition;
        if (auto name = claim_name(child.key, child.key_place, draft)) condition.claim = *name;
        if (child.kind == Node::Kind::map) {
            if (!read_condition_map(child, condition, draft)) continue;
        } else if (child.kind == Node::Kind::sequence) {
            draft.error(child.place, fmt::format("a list can be meant in two ways: {{any: [...]}} "
                                                 "if {} is one of them, {{contains: x}} if it is "
                                                 "a list itself",
                                                 shown(child.key)));
            continue;
        } else {
            auto value = condition_value(child, shown(child.key), draft);
            if (value) condition.values.push_back(std::move(*value));
        }
        fields.claims->push_back(std::move(condition));
    }
}

void read_strip_prefix(Block& block, RouteFields& fields, Draft& draft) {
    std::string prefix;
    block.text("strip_prefix", prefix);
    if (prefix.empty()) return;
    std::string scratch;
    const auto target = core::Target::parse(prefix, draft.policy.target, scratch);
    const bool normal = target && !target->has_query() && target->path() == prefix;
    if (!normal || prefix == "/" || prefix.ends_with('/')) {
        draft.error(block.place("strip_prefix"),
                    "'strip_prefix' must be a path in its normal form that begins with '/' and "
                    "does not end with one: /api");
        return;
    }
    fields.strip_prefix = std::move(prefix);
}

}  // namespace

void unknown_name(std::string_view what, const Node& node, std::span<const std::string_view> names,
                  Draft& draft) {
    const std::string_view near = nearest(node.text, names);
    draft.error(node.place,
                !near.empty() ? fmt::format("no {} is called {}; did you mean '{}'?", what,
                                            shown(node.text), near)
                : names.empty()
                    ? fmt::format("no {} is called {}: none is configured", what, shown(node.text))
                    : fmt::format("no {} is called {}; there are: {}", what, shown(node.text),
                                  fmt::join(names, ", ")));
}

void read_fields(Block& block, RouteFields& fields, Draft& draft) {
    read_scopes(block, "scopes", fields.scopes, draft);
    read_scopes(block, "any_scope", fields.any_scope, draft);
    if (const Node* node = block.find("organization")) {
        fields.organization = read_organization(*node, draft);
    }
    using core::TokenKind;
    TokenKind kind{};
    const bool has_kind =
        block.word("token", kind,
                   {Word<TokenKind>{"api", TokenKind::api},
                    Word<TokenKind>{"organization-api", TokenKind::organization_api},
                    Word<TokenKind>{"organization", TokenKind::organization}});
    if (has_kind) fields.token = kind;
    fields.audience = read_audience(block, "audience");
    read_issuers(block, fields, draft);
    read_claims(block, fields, draft);
    read_upstream(block, fields, draft);
    read_strip_prefix(block, fields, draft);
    std::chrono::milliseconds timeout{0};
    block.duration("timeout", timeout, 1ms, 24h);
    if (timeout > 0ms) fields.timeout = timeout;
    if (block.is("body_bytes", "none")) {
        fields.body_bytes = unlimited_body;
    } else {
        fields.body_bytes = block.size("body_bytes", 0, std::numeric_limits<std::int64_t>::max());
    }
    using core::Mode;
    Mode mode = Mode::enforce;
    const bool has_mode = block.word(
        "mode", mode, {Word<Mode>{"enforce", Mode::enforce}, Word<Mode>{"shadow", Mode::shadow}});
    if (has_mode) fields.mode = mode;
    for (const std::string_view key : token_fields) {
        if (block.has(key)) fields.places.emplace(key, block.key_place(key));
    }
    for (const std::string_view key : {"upstream", "strip_prefix", "mode"}) {
        if (block.has(key)) fields.places.emplace(key, block.key_place(key));
    }
}

std::optional<Access> read_short_access(const Node& node, Draft& draft) {
    constexpr std::array<std::string_view, 3> words{"public", "authenticated", "deny"};
    if (node.value() == "optional") {
        draft.error(node.place, "write { access: optional }");
        return std::nullopt;
    }
    const auto index = read_word(node, "who may pass", words, draft.reading);
    if (!index) return std::nullopt;
    return std::array{Access::open, Access::token, Access::deny}[*index];
}

void read_access(Block& block, RouteFields& fields, Draft& draft) {
    fields.access = Access::token;
    if (block.is("access", "authenticated")) {
        draft.error(block.place("access"), "in a map that is 'access: token', and the default");
        return;
    }
    block.word("access", *fields.access,
               {Word<Access>{"public", Access::open}, Word<Access>{"token", Access::token},
                Word<Access>{"optional", Access::optional}, Word<Access>{"deny", Access::deny}});
}

}  // namespace bearergate::config
