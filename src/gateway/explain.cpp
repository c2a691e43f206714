// Walks one request through the checks, and keeps what they came to know.
#include <bearergate/gateway/explain.hpp>
#include <bearergate/gateway/snapshot.hpp>
#include <bearergate/http/cors.hpp>
#include <bearergate/http/forward.hpp>
#include <bearergate/http/respond.hpp>

#include "explain_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace bearergate::gateway {
namespace {

using core::Denied;
using core::Reason;

// In the order in which they are made.
enum class Row : std::uint8_t {
    bytes,
    limits,
    target,
    route,
    access,
    presence,
    credentials,
    form,
    header,
    issuer,
    times,
    keys,
    signature,
    claims,
    audience,
    organization,
    grants,
    body,
};
struct RowText {
    Row row;
    int number;
    std::string_view title;
    Compared (*compared)(const Evidence&);
};
constexpr std::array<RowText, 18> rows{{
    {Row::bytes, 1, "The bytes are one unambiguous request", compared_bytes},
    {Row::limits, 2, "The header fits the limits", compared_limits},
    {Row::target, 3, "The path has one normal form", compared_target},
    {Row::route, 4, "A route covers host, path and method", compared_route},
    {Row::access, 5, "The route is not closed", compared_access},
    {Row::presence, 6, "There is an Authorization field", compared_presence},
    {Row::credentials, 7, "There is one, and it holds a bearer token", compared_credentials},
    {Row::form, 8, "It is a signed JWT within the limit", compared_form},
    {Row::header, 9, "Algorithm, extensions and type are allowed", compared_header},
    {Row::issuer, 10, "The issuer is configured", compared_issuer},
    {Row::times, 11, "It is valid now", compared_times},
    {Row::keys, 12, "The issuer has the key that the token names", compared_keys},
    {Row::signature, 13, "The signature is the key's", compared_signature},
    {Row::claims, 13, "The claims have the shapes that they must have", compared_claims},
    {Row::audience, 14, "Issuer and audience are the route's", compared_audience},
    {Row::organization, 15, "The token is for the organization of the request",
     compared_organization},
    {Row::grants, 16, "The token holds the route's scopes and claims", compared_grants},
    {Row::body, 17, "The body fits the limit", compared_body},
}};

// Where a refusal belongs. Two rows share number 13, and claims are looked at in three of them: how
// far the account got tells them apart.
Row row_of(Reason reason, const core::Account& account) {
    if (reason == Reason::claim_invalid && account.token) return Row::organization;
    if (reason == Reason::claim_invalid && account.examined) return Row::claims;
    if (reason == Reason::sender_constrained) return Row::claims;
    const auto* const found =
        std::ranges::find(rows, core::refusal(reason).check, &RowText::number);
    return found == rows.end() ? Row::bytes : found->row;
}

std::optional<http::Cors> cors_of(const config::Config& config) {
    if (!config.cors) return std::nullopt;
    return http::Cors{.origins = config.cors->origins,
                      .methods = config.cors->methods,
                      .headers = config.cors->headers,
                      .credentials = config.cors->credentials,
                      .max_age = config.cors->max_age};
}

// Checks 1 and 2.
std::optional<Reason> read_head(Evidence& evidence) {
    const auto& limits = evidence.config.server.limits;
    http::HeadScan scan(http::HeadScan::Kind::request,
                        {.bytes = limits.header_bytes, .fields = limits.header_count});
    const auto length = scan.feed(evidence.raw_head);
    if (!length) return length.error();
    if (!*length) return Reason::bad_request;
    const auto reason =
        http::RequestParser().parse(evidence.raw_head.substr(0, **length), evidence.head);
    if (reason == Reason::method_not_allowed) {
        evidence.account.match.allow =
            core::allowed_methods(evidence.policy, evidence.head.host, evidence.head.target);
    }
    return reason;
}

bool is_preflight(const Evidence& evidence) {
    if (!evidence.config.cors) return false;
    const auto method = http::preflight_method(evidence.head);
    if (!method) return false;
    core::Match match;
    evidence.policy.table.match(evidence.head.host, *method, evidence.target->path(), match);
    return match.outcome == core::Match::Outcome::found;
}

// For showing only: whatever is wrong with it has been said by the decision.
void read_token(Evidence& evidence) {
    const core::Route* const route = evidence.route();
    const auto access = route ? route->rule.access : core::Access::deny;
    if (access != core::Access::token && access != core::Access::optional) return;
    const auto compact = core::bearer_token(evidence.head.authorization);
    if (!compact) return;
    evidence.compact = *compact;
    if (compact->size() > evidence.policy.token_bytes) return;
    if (auto token = core::UnverifiedToken::parse(*compact)) evidence.token = *std::move(token);
}

std::vector<std::string> lines_of(std::string_view response) {
    std::vector<std::string> lines;
    while (!response.empty()) {
        const std::size_t end = std::min(response.find('\n'), response.size());
        std::string_view line = response.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.emplace_back(line);
        response.remove_prefix(std::min(end + 1, response.size()));
    }
    return lines;
}

std::vector<std::string> refusal_lines(const Evidence& evidence, Reason reason) {
    const core::Route* const route = evidence.route();
    const auto cors = cors_of(evidence.config);
    const std::string cors_lines = cors ? http::cors_lines(*cors, evidence.head) : "";
    std::string response;
    http::write_refusal(response, reason,
                        {.keep_alive = true,
                         .head_request = evidence.head.method == "HEAD",
                         .allow = evidence.account.match.allow,
                         .rule = route ? &route->rule : nullptr,
                         .cors = cors_lines});
    return lines_of(response);
}

std::vector<std::string> preflight_lines(const Evidence& evidence) {
    std::string response;
    http::write_preflight(response, *cors_of(evidence.config), evidence.head, "", true);
    return lines_of(response);
}

// The head that the upstream gets, as the data path writes it, but for what depends on the
// connections: Host, addresses and the request's id.
std::string forwarded_head(const Evidence& evidence, const core::Decision& decision) {
    const core::Route& route = *evidence.route();
    const auto* const allowed = std::get_if<core::Allowed>(&decision);
    http::ForwardFacts facts{.strip_prefix = route.strip_prefix,
                             .keep_authorization = keeps_authorization(route, evidence.config)};
    if (allowed && evidence.account.token) {
        facts.identity_headers = evidence.policy.identity;
        facts.identity = &evidence.account.token->identity;
        facts.organization = allowed->organization;
    }
    std::string head;
    http::write_request_head(head, evidence.head, *evidence.target, hygiene_of(evidence.policy),
                             facts);
    return head;
}

void add_forwarding(Explanation& explanation, const Evidence& evidence) {
    const core::Route& route = *evidence.route();
    const auto& upstreams = evidence.config.upstreams;
    const std::string written = forwarded_head(evidence, explanation.decision);
    http::RequestHead head;
    if (http::RequestParser().parse(written, head)) return;
    for (const core::IdentityHeader& header : evidence.policy.identity) {
        const auto value = head.value(header.name);
        if (value) explanation.identity.emplace_back(header.name, *value);
    }
    const std::string_view path = head.target.substr(0, head.target.find('?'));
    auto& lines = explanation.answer;
    lines.push_back(fmt::format(
        "{} {} to upstream {}", shown(head.method), shown(path),
        route.upstream < upstreams.size() ? shown(upstreams[route.upstream].name) : ""));
    for (const auto& [name, value] : explanation.identity)
        lines.push_back(fmt::format("{}: {}", name, shown(value)));
    if (explanation.identity.empty()) lines.emplace_back("without identity headers");
    if (!evidence.head.authorization.empty()) {
        lines.emplace_back(head.authorization.empty() ? "without Authorization"
                                                      : "with Authorization as it came");
    }
}

// What a shadow route refuses all the same: the upstream could not tell which of two it believes.
bool forwards_anyway(const Evidence& evidence, Reason reason) {
    const core::Route* const route = evidence.route();
    return route != nullptr && route->mode == core::Mode::shadow &&
           reason != Reason::credentials_ambiguous;
}

// Check 17, as far as the head tells.
bool says_too_much(const Evidence& evidence) {
    const core::Route* const route = evidence.route();
    const auto limit = route ? body_limit(*route, evidence.config) : std::nullopt;
    return limit && evidence.head.body.says_more_than(*limit);
}

ExplainedCheck::Outcome outcome_of_body(const Evidence& evidence, bool was_refused) {
    using enum ExplainedCheck::Outcome;
    if (was_refused) return not_reached;
    if (says_too_much(evidence)) return failed;
    return knows_body(evidence) ? passed : not_checked;
}

// The first row that the route does not ask for, and those after it that are about the token are
// not needed either.
std::optional<Row> first_not_needed(const Evidence& evidence) {
    const core::Route* const route = evidence.route();
    if (!route) return std::nullopt;
    if (route->rule.access == core::Access::open) return Row::presence;
    const bool is_anonymous =
        route->rule.access == core::Access::optional && evidence.head.authorization.empty();
    return is_anonymous ? std::optional(Row::credentials) : std::nullopt;
}

ExplainedCheck::Outcome outcome_of(Row row, const Evidence& evidence, std::optional<Row> refused) {
    using enum ExplainedCheck::Outcome;
    if (refused && row == *refused) return failed;
    if (refused && row > *refused) return not_reached;
    // CONNECT and TRACE are refused by their names alone.
    if (row == Row::target && !evidence.target) return not_reached;
    if (const auto first = first_not_needed(evidence); first && row >= *first) return not_needed;
    const bool is_offline = evidence.keys == nullptr;
    if (is_offline && (row == Row::keys || row == Row::signature)) return not_checked;
    return passed;
}

void add_checks(Explanation& explanation, const Evidence& evidence, std::optional<Row> refused,
                std::span<const RowText> made) {
    const bool was_refused = refused && !explanation.is_forwarded;
    for (const RowText& row : made) {
        ExplainedCheck check{.number = row.number,
                             .title = row.title,
                             .outcome = row.row == Row::body
                                            ? outcome_of_body(evidence, was_refused)
                                            : outcome_of(row.row, evidence, refused)};
        const bool was_made =
            check.outcome == ExplainedCheck::Outcome::passed ||
            check.outcome == ExplainedCheck::Outcome::failed ||
            (check.outcome == ExplainedCheck::Outcome::not_checked && row.row == Row::body);
        if (was_made) check.compared = row.compared(evidence);
        explanation.checks.push_back(std::move(check));
    }
}

// Runs the checks as a live request would meet them.
core::Decision run(Evidence& evidence, std::string& scratch, bool& preflight) {
    if (const auto reason = read_head(evidence)) return Denied{*reason};
    const core::Policy& policy = evidence.policy;
    const auto target = core::Target::parse(evidence.head.target, policy.target, scratch);
    if (!target) return Denied{target.error()};
    evidence.target = *target;
    preflight = is_preflight(evidence);
    if (preflight) return core::Allowed{};
    return core::decide(evidence.request(), policy, evidence.keys, evidence.now, evidence.account);
}

}  // namespace

Explanation explain(const config::Config& config, const core::Policy& policy, std::string_view head,
                    const core::KeyRing* keys, core::WallTime now) {
    Evidence evidence{
        .config = config, .policy = policy, .raw_head = head, .keys = keys, .now = now};
    std::string scratch;
    Explanation explanation;
    explanation.decision = run(evidence, scratch, explanation.is_preflight);
    if (explanation.is_preflight) {
        const auto before_routing = std::span(rows).first(static_cast<std::size_t>(Row::route));
        add_checks(explanation, evidence, std::nullopt, before_routing);
        explanation.answer = preflight_lines(evidence);
        return explanation;
    }
    read_token(evidence);
    if (const core::Route* const route = evidence.route()) {
        explanation.route = route->text;
        explanation.line = route->line;
        explanation.index = evidence.account.match.route;
    }
    std::optional<Reason> reason;
    if (const auto* denied = std::get_if<Denied>(&explanation.decision)) reason = denied->reason;
    if (std::holds_alternative<core::NeedKeys>(explanation.decision))
        reason = Reason::keys_unavailable;
    const auto refused = reason ? std::optional(row_of(*reason, evidence.account)) : std::nullopt;
    explanation.is_forwarded = !reason || forwards_anyway(evidence, *reason);
    add_checks(explanation, evidence, refused, rows);
    explanation.is_unproved = explanation.checks[static_cast<std::size_t>(Row::keys)].outcome ==
                              ExplainedCheck::Outcome::not_checked;
    // A shadow route forwards what fails before, and this it refuses.
    if (explanation.is_forwarded && says_too_much(evidence)) {
        reason = Reason::body_too_large;
        explanation.decision = Denied{*reason};
        explanation.is_forwarded = false;
    }
    if (explanation.is_forwarded) {
        add_forwarding(explanation, evidence);
    } else {
        explanation.answer = refusal_lines(evidence, *reason);
    }
    return explanation;
}

}  // namespace bearergate::gateway
