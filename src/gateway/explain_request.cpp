// What checks 1 to 7 and 17 compared: the request itself, and its route.
#include <bearergate/gateway/explain.hpp>
#include <bearergate/gateway/snapshot.hpp>

#include "explain_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bearergate::gateway {
namespace {

// The scheme of a credential, if it is a known one: the first word may be the token itself.
std::string_view scheme_of(std::string_view value) {
    const std::string_view word = value.substr(0, value.find(' '));
    for (const std::string_view scheme : {"Bearer", "Basic", "Digest", "DPoP", "Negotiate"}) {
        if (http::equals_ignoring_case(word, scheme)) return scheme;
    }
    return "none that is known";
}

}  // namespace

Compared compared_bytes(const Evidence& evidence) {
    const std::size_t line_end = evidence.raw_head.find("\r\n");
    return {shown(evidence.raw_head.substr(0, line_end))};
}

Compared compared_limits(const Evidence& evidence) {
    const auto& limits = evidence.config.server.limits;
    const auto lines = std::ranges::count(evidence.raw_head, '\n');
    return {fmt::format("{} bytes of at most {}, {} fields of at most {}", evidence.raw_head.size(),
                        limits.header_bytes, std::max<std::ptrdiff_t>(lines - 2, 0),
                        limits.header_count)};
}

Compared compared_target(const Evidence& evidence) {
    if (!evidence.target) return {shown(evidence.head.target)};
    const std::string path = shown(evidence.target->path());
    const std::string_view raw = evidence.head.target.substr(0, evidence.head.target.find('?'));
    if (raw == evidence.target->path()) return {path};
    return {fmt::format("{} is read as {}", shown(raw), path)};
}

Compared compared_route(const Evidence& evidence) {
    if (!evidence.target) return {fmt::format("{} is never served", shown(evidence.head.method))};
    const core::Match& match = evidence.account.match;
    const std::string asked =
        fmt::format("{} {}{}", shown(evidence.head.method), shown(evidence.head.host),
                    shown(evidence.target->path()));
    switch (match.outcome) {
        case core::Match::Outcome::no_route: return {asked + " has no route"};
        case core::Match::Outcome::method_not_allowed:
            return {asked + " has no route; the path answers " + match.allow};
        case core::Match::Outcome::found: break;
    }
    const core::Route& route = *evidence.route();
    Compared compared{
        fmt::format("{} is covered by '{}', line {}", asked, shown(route.text), route.line)};
    for (const auto& capture : match.captures.all())
        compared.push_back(fmt::format("{} = {}", capture.name, shown(capture.value)));
    return compared;
}

Compared compared_access(const Evidence& evidence) {
    return {fmt::format("access: {}", core::name_of(evidence.route()->rule.access))};
}

Compared compared_presence(const Evidence& evidence) {
    if (!evidence.head.authorization.empty()) return {};
    const bool is_optional = evidence.route()->rule.access == core::Access::optional;
    return {is_optional ? "none, and the route lets anonymous requests pass" : "none"};
}

Compared compared_credentials(const Evidence& evidence) {
    const auto& fields = evidence.head.authorization;
    if (fields.size() != 1) return {fmt::format("{} Authorization fields", fields.size())};
    return {
        fmt::format("scheme: {}; {} characters", scheme_of(fields.front()), fields.front().size())};
}

bool knows_body(const Evidence& evidence) {
    if (!body_limit(*evidence.route(), evidence.config)) return true;
    switch (evidence.head.body.kind) {
        case http::BodyLength::Kind::sized: return true;
        case http::BodyLength::Kind::none:
            return evidence.head.method == "GET" || evidence.head.method == "HEAD";
        case http::BodyLength::Kind::chunked:
        case http::BodyLength::Kind::until_close: return false;
    }
    return false;
}

Compared compared_body(const Evidence& evidence) {
    const auto limit = body_limit(*evidence.route(), evidence.config);
    if (!limit) return {"no limit"};
    if (!knows_body(evidence))
        return {fmt::format("not known here: the body's size; at most {} bytes pass", *limit)};
    return {fmt::format("{} bytes of at most {}", evidence.head.body.bytes, *limit)};
}

}  // namespace bearergate::gateway
