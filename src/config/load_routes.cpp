// `defaults:` and `routes:`: each route laid over the defaults, checked against its pattern and
// the issuers, and compiled.
#include <bearergate/core/case_folding.hpp>
#include <bearergate/core/route_pattern.hpp>

#include "blocks.hpp"
#include "route_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace bearergate::config {
namespace {

using core::Access;
using core::OrganizationSource;
using core::TokenKind;

// One cause that many routes share is reported once, where it is met first.
class Shared {
public:
    void add(Place place, const std::string& message) {
        const auto [found, is_new] = first_.try_emplace(message, place, 1);
        if (!is_new) ++found->second.second;
    }
    void report(Draft& draft) const {
        for (const auto& [message, where] : first_) {
            const std::string others =
                where.second > 1 ? fmt::format(" (so do {} more routes)", where.second - 1) : "";
            draft.error(where.first, message + others);
        }
    }

private:
    std::map<std::string, std::pair<Place, std::size_t>> first_{};
};

// One route on its way from the file into the policy.
struct RouteDraft {
    const Node& node;
    const RouteFields& own;
    const RouteFields& defaults;
    core::Route route{};
    bool has_pattern = false;

    Place place_of(std::string_view field) const {
        const auto found = own.places.find(field);
        return found == own.places.end() ? node.key_place : found->second;
    }
    // Written among the defaults, and so wrong that it could not be read: that was said there.
    bool has_unread_default(std::string_view field, bool is_read) const {
        return !is_read && !own.places.contains(field) && defaults.places.contains(field);
    }
    std::string inherited(std::string_view field) const {
        const bool is_own = own.places.contains(field);
        return !is_own && defaults.places.contains(field) ? " (inherited from 'defaults')" : "";
    }
};

template <class T>
T over(const std::optional<T>& own, const std::optional<T>& inherited, T otherwise) {
    return own ? *own : inherited ? *inherited : std::move(otherwise);
}

bool is_bound(const OrganizationSource& source) {
    return source.kind != OrganizationSource::Kind::none &&
           source.kind != OrganizationSource::Kind::ignore;
}

void check_capture(const RouteDraft& entry, Draft& draft) {
    const OrganizationSource& source = entry.route.rule.organization;
    if (!entry.has_pattern) return;
    const std::vector<std::string> all = entry.route.pattern.capture_names();
    std::vector<std::string> names;
    for (const std::string& name : all) {
        const auto& segments = entry.route.pattern.segments;
        const bool is_rest = std::any_of(segments.begin(), segments.end(), [&](const auto& s) {
            return s.kind == core::Segment::Kind::rest_capture && s.text == name;
        });
        if (!is_rest) names.push_back(name);
    }
    const bool known = std::find(names.begin(), names.end(), source.text) != names.end();
    const Place place = entry.place_of("organization");
    const std::string from = entry.inherited("organization");
    if (source.kind == OrganizationSource::Kind::literal && known) {
        draft.error(place, fmt::format("the organization {} is the name of a capture: write "
                                       "\"{{{}}}\" for what it catches",
                                       shown(source.text), source.text));
    }
    if (source.kind != OrganizationSource::Kind::capture || known) return;
    if (std::find(all.begin(), all.end(), source.text) != all.end()) {
        draft.error(place, fmt::format("{{{}...}} catches several segments, and an organization "
                                       "is one{}",
                                       source.text, from));
        return;
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string_view near = nearest(source.text, views);
    const std::string right = !near.empty() ? fmt::format("did you mean \"{{{}}}\"?", near)
                              : names.empty()
                                  ? std::string("it captures nothing")
                                  : fmt::format("it captures: {}", fmt::join(names, ", "));
    draft.error(place, fmt::format("the pattern has no {}; {}{}", shown("{" + source.text + "}"),
                                   right, from));
}

void check_kind(const RouteDraft& entry, Draft& draft) {
    const core::Rule& rule = entry.route.rule;
    const bool bound = is_bound(rule.organization);
    const bool own_token = entry.own.places.contains("token");
    const Place place = entry.place_of(own_token ? "token" : "organization");
    if (rule.token == TokenKind::api && bound) {
        draft.error(place, fmt::format("'token: api' takes no organization but 'ignore': a token "
                                       "for one organization is 'organization-api' or "
                                       "'organization'{}",
                                       entry.inherited("token")));
    }
    const bool says_where = entry.defaults.organization.has_value();
    if (rule.token != TokenKind::api && !bound &&
        !entry.has_unread_default("organization", says_where)) {
        draft.error(place, fmt::format("'token: {}' needs 'organization': where does the request "
                                       "say which one it acts in?{}",
                                       rule.token == TokenKind::organization ? "organization"
                                                                             : "organization-api",
                                       entry.inherited("token")));
    }
    if (rule.token == TokenKind::organization && entry.own.places.contains("audience")) {
        draft.error(entry.place_of("audience"),
                    "a 'token: organization' route looks for the organization's own audience: "
                    "remove 'audience'");
    }
}

void fill_audiences(RouteDraft& entry, const Draft& draft, Shared& shared) {
    core::Rule& rule = entry.route.rule;
    const auto& issuers = draft.policy.issuers;
    rule.accepts_issuer =
        over(entry.own.issuers, entry.defaults.issuers, std::vector<bool>(issuers.size(), true));
    const auto& audience = entry.own.audience ? entry.own.audience : entry.defaults.audience;
    rule.audiences.clear();
    for (std::size_t i = 0; i < issuers.size(); ++i) {
        rule.audiences.push_back(audience ? *audience : draft.audiences[i]);
        if (!rule.accepts_issuer[i] || rule.token == TokenKind::organization) continue;
        if (!rule.audiences.back().empty() || !draft.knows_audience) continue;
        shared.add(entry.node.key_place,
                   fmt::format("no audience for tokens of the issuer {}: add 'audience' at the "
                               "top of the file, to the issuer or to the route",
                               shown(issuers[i].name)));
    }
    if (issuers.empty() && draft.knows_issuers) {
        shared.add(entry.node.key_place,
                   "this route asks for a token, and no issuer is "
                   "configured: add 'issuer' at the top of the file");
    }
}

void fill_token_rule(RouteDraft& entry, Draft& draft, Shared& shared) {
    core::Rule& rule = entry.route.rule;
    const RouteFields& own = entry.own;
    const RouteFields& defaults = entry.defaults;
    rule.scopes = over(own.scopes, defaults.scopes, {});
    rule.any_scope = over(own.any_scope, defaults.any_scope, {});
    rule.organization = over(own.organization, defaults.organization, {});
    rule.claims = over(own.claims, defaults.claims, {});
    rule.token = over(own.token, defaults.token,
                      is_bound(rule.organization) ? TokenKind::organization_api : TokenKind::api);
    check_kind(entry, draft);
    check_capture(entry, draft);
    fill_audiences(entry, draft, shared);
}

void refuse_token_fields(const RouteDraft& entry, Draft& draft) {
    const std::string_view access = entry.route.rule.access == Access::open ? "public" : "deny";
    for (const std::string_view field : token_fields) {
        if (!entry.own.places.contains(field)) continue;
        draft.error(entry.place_of(field),
                    fmt::format("{} asks something of a token, and a '{}' route looks at none: "
                                "remove it, or the 'access'",
                                shown(field), access));
    }
}

void fill_strip_prefix(RouteDraft& entry, Draft& draft) {
    const std::string prefix = over(entry.own.strip_prefix, entry.defaults.strip_prefix, {});
    if (prefix.empty() || !entry.has_pattern) return;
    std::string literal;
    for (const core::Segment& segment : entry.route.pattern.segments) {
        if (segment.kind != core::Segment::Kind::literal || literal.size() >= prefix.size()) break;
        literal += "/" + segment.text;
    }
    if (literal == prefix) {
        entry.route.strip_prefix = prefix;
        return;
    }
    draft.error(entry.place_of("strip_prefix"),
                fmt::format("'strip_prefix' must be whole literal segments that the pattern "
                            "begins with{}",
                            entry.inherited("strip_prefix")));
}

void fill_forwarding(RouteDraft& entry, Draft& draft, Shared& shared) {
    core::Route& route = entry.route;
    const auto& upstreams = draft.config.upstreams;
    route.mode = over(entry.own.mode, entry.defaults.mode, core::Mode::enforce);
    route.response_timeout = entry.own.timeout ? entry.own.timeout : entry.defaults.timeout;
    route.body_bytes = entry.own.body_bytes ? entry.own.body_bytes : entry.defaults.body_bytes;
    fill_strip_prefix(entry, draft);
    const auto named = entry.own.upstream ? entry.own.upstream : entry.defaults.upstream;
    const auto fallback = std::find_if(upstreams.begin(), upstreams.end(),
                                       [](const Upstream& u) { return u.name == "default"; });
    if (named) {
        route.upstream = *named;
    } else if (upstreams.size() == 1) {
        route.upstream = 0;
    } else if (fallback != upstreams.end()) {
        route.upstream = static_cast<std::size_t>(fallback - upstreams.begin());
    } else if (draft.knows_upstreams && !entry.has_unread_default("upstream", false) &&
               (route.rule.access != Access::deny || route.mode == core::Mode::shadow)) {
        shared.add(entry.node.key_place,
                   upstreams.empty()
                       ? "this route forwards requests, and no upstream is configured: add "
                         "'upstream: http://HOST:PORT' at the top of the file"
                       : "there are several upstreams and none called default: name one with "
                         "'upstream'");
    }
}

// Whose cases a backend ignores beyond ASCII, nobody knows but itself: a route for `/ärzte` would
// not cover all that the backend takes for it.
void check_case(const RouteDraft& entry, Draft& draft) {
    if (draft.config.matching.case_sensitive) return;
    for (const core::Segment& segment : entry.route.pattern.segments) {
        if (segment.kind != core::Segment::Kind::literal ||
            !core::may_have_case_beyond_ascii(core::percent_decoded(segment.text))) {
            continue;
        }
        draft.error(entry.node.key_place,
                    fmt::format("the route {}: 'case_sensitive: false' ignores the case of ASCII "
                                "letters only, and {} holds others: catch that segment by a "
                                "{{name}}",
                                shown(entry.node.key), shown(segment.text)));
    }
}

void read_pattern(RouteDraft& entry, Draft& draft) {
    auto pattern = core::parse_route_pattern(entry.node.key, draft.policy.target);
    if (pattern) {
        entry.route.pattern = std::move(*pattern);
        entry.has_pattern = true;
        return check_case(entry, draft);
    }
    Place place = entry.node.key_place;
    place.byte += static_cast<int>(pattern.error().offset) + (entry.node.key_quoted ? 1 : 0);
    draft.error(place,
                fmt::format("the route {}: {}", shown(entry.node.key), pattern.error().message));
}

void read_route(const Node& node, const RouteFields& defaults, Draft& draft, Shared& shared) {
    RouteFields own;
    const std::size_t errors = draft.reading.diagnostics.error_count();
    if (node.kind == Node::Kind::scalar) {
        own.access = read_short_access(node, draft);
    } else if (node.kind == Node::Kind::null) {
        draft.error(node.key_place, fmt::format("{} does not say who may pass: public, "
                                                "authenticated, deny or a map",
                                                shown(node.key)));
    } else {
        Block block(&node, "routes.*", draft.reading);
        read_access(block, own, draft);
        read_fields(block, own, draft);
        block.finish();
    }
    const bool sound = draft.reading.diagnostics.error_count() == errors;
    RouteDraft entry{.node = node, .own = own, .defaults = defaults};
    entry.route.text = node.key;
    entry.route.line = node.key_place.line;
    entry.route.rule.access = own.access.value_or(Access::deny);
    read_pattern(entry, draft);
    if (sound && node.kind != Node::Kind::broken) {
        const Access access = entry.route.rule.access;
        if (access == Access::token || access == Access::optional) {
            fill_token_rule(entry, draft, shared);
        } else {
            refuse_token_fields(entry, draft);
            entry.route.rule.accepts_issuer.assign(draft.policy.issuers.size(), false);
            entry.route.rule.audiences.resize(draft.policy.issuers.size());
        }
        fill_forwarding(entry, draft, shared);
    }
    draft.route_places.push_back(node.key_place);
    draft.policy.routes.push_back(std::move(entry.route));
    draft.has_pattern.push_back(entry.has_pattern);
    draft.names_issuer.push_back(own.issuers || defaults.issuers);
}

// Compiles the routes whose patterns could be read, so that two that cannot both be are found in
// the same run as everything else.
void compile(Draft& draft) {
    std::vector<core::RoutePattern> patterns;
    std::vector<std::size_t> index;
    for (std::size_t i = 0; i < draft.policy.routes.size(); ++i) {
        if (!draft.has_pattern[i]) continue;
        patterns.push_back(draft.policy.routes[i].pattern);
        index.push_back(i);
    }
    std::vector<core::RouteConflict> conflicts;
    draft.policy.table = core::RouteTable::compile(patterns, draft.config.matching, conflicts);
    for (const core::RouteConflict& conflict : conflicts) {
        const std::size_t first = std::min(index[conflict.first], index[conflict.second]);
        const std::size_t second = std::max(index[conflict.first], index[conflict.second]);
        const core::Route& other = draft.policy.routes[first];
        draft.error(
            draft.route_places[second],
            first == second
                ? fmt::format("a pattern captures at most {} names", core::Captures::capacity)
                : fmt::format("{} and {} in line {} cover the same requests, and neither "
                              "is more specific: make them one route",
                              shown(draft.policy.routes[second].text), shown(other.text),
                              other.line));
    }
}

}  // namespace

void load_routes(Block& root, Draft& draft) {
    RouteFields defaults;
    Block block = root.block("defaults");
    block.refuse("access",
                 "'access' cannot be a default: every route says for itself who may "
                 "pass");
    read_fields(block, defaults, draft);
    block.finish();
    const Node* routes = root.find("routes");
    if (routes == nullptr) {
        if (root.lacks("routes")) draft.error({}, "there are no 'routes': nothing could pass");
        return;
    }
    if (!expect_map(*routes, "'routes'", draft.reading)) return;
    if (routes->children.empty() && !routes->has_gaps)
        draft.error(routes->place, "'routes' is empty: nothing could pass");
    Shared shared;
    for (const Node& child : routes->children) read_route(child, defaults, draft, shared);
    shared.report(draft);
    compile(draft);
}

}  // namespace bearergate::config
