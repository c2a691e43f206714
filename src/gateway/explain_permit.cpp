// What checks 14 to 16 compared: what the route asks, and what the token grants.
#include <bearergate/core/organization.hpp>
#include <bearergate/gateway/explain.hpp>

#include "explain_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bearergate::gateway {
namespace {

using Source = core::OrganizationSource::Kind;

template <class List>
std::string shown_list(const List& items) {
    return list_of(items, [](const std::string& item) { return shown(item); });
}

std::string_view kind_name(core::TokenKind kind) {
    switch (kind) {
        case core::TokenKind::api: return "api";
        case core::TokenKind::organization_api: return "organization-api";
        case core::TokenKind::organization: return "organization";
    }
    return "";
}

// Where the route says that a request names its organization, as in the file.
std::string source_text(const Evidence& evidence, const core::OrganizationSource& source) {
    switch (source.kind) {
        case Source::none: return "not set";
        case Source::capture: return "{" + shown(source.text) + "}";
        case Source::header: return "header:" + shown(source.text);
        case Source::query: return "query:" + shown(source.text);
        case Source::literal: return setting(evidence, source.text);
        case Source::any: return "any";
        case Source::ignore: return "ignore";
    }
    return "";
}

std::string wanted_text(const core::RequestedOrganization& wanted) {
    switch (wanted.kind) {
        case core::RequestedOrganization::Kind::unnamed:
            return "the request names none, or does not name it once and in one way";
        case core::RequestedOrganization::Kind::any: return "whichever the token is for";
        case core::RequestedOrganization::Kind::one: return "the request names " + shown(wanted.id);
    }
    return "";
}

std::string condition_text(const core::ClaimCondition& condition) {
    const std::string values =
        list_of(condition.values, [](const core::Json& value) { return shown(value.dump()); });
    switch (condition.kind) {
        case core::ClaimCondition::Kind::equals: return "equals " + values;
        case core::ClaimCondition::Kind::contains: return "contains " + values;
        case core::ClaimCondition::Kind::any_of: return "is one of " + values;
    }
    return "";
}

}  // namespace

Compared compared_audience(const Evidence& evidence) {
    const auto& token = *evidence.account.token;
    const core::Rule& rule = evidence.route()->rule;
    Compared compared{"issuer " + shown(evidence.policy.issuers[token.issuer].name)};
    std::vector<std::string> accepted;
    for (std::size_t i = 0; i < rule.accepts_issuer.size(); ++i) {
        if (rule.accepts_issuer[i]) accepted.push_back(evidence.policy.issuers[i].name);
    }
    compared.push_back("the route accepts " + shown_list(accepted));
    compared.push_back("aud " + shown_list(token.claims.audience));
    if (rule.token == core::TokenKind::organization) {
        compared.emplace_back("the audience of an organization token is compared by check 15");
    } else if (token.issuer < rule.audiences.size()) {
        compared.push_back("the route wants one of " +
                           list_of(rule.audiences[token.issuer], [&](const std::string& audience) {
                               return setting(evidence, audience);
                           }));
    }
    return compared;
}

Compared compared_organization(const Evidence& evidence) {
    const auto& token = *evidence.account.token;
    const core::Rule& rule = evidence.route()->rule;
    const auto held = core::token_organization(
        token.claims, evidence.policy.issuers[token.issuer].organization_audience);
    Compared compared{fmt::format("token: {}, organization: {}", kind_name(rule.token),
                                  source_text(evidence, rule.organization))};
    if (rule.token != core::TokenKind::api) {
        compared.push_back(wanted_text(core::requested_organization(
            rule.organization, evidence.account.match.captures, evidence.request())));
    }
    compared.push_back(
        fmt::format("the token's claim {}", held.claim ? shown(*held.claim) : "(absent)"));
    if (held.audiences > 1) {
        compared.push_back(fmt::format("{} organizations among its audiences", held.audiences));
    } else {
        compared.push_back(
            fmt::format("by its audience {}", held.audience ? shown(*held.audience) : "(none)"));
    }
    return compared;
}

Compared compared_grants(const Evidence& evidence) {
    const auto& token = *evidence.account.token;
    const core::Rule& rule = evidence.route()->rule;
    const auto as_set = [&](const std::string& value) { return setting(evidence, value); };
    Compared compared;
    if (!rule.scopes.empty())
        compared.push_back("the route wants all of " + list_of(rule.scopes, as_set));
    if (!rule.any_scope.empty())
        compared.push_back("the route wants one of " + list_of(rule.any_scope, as_set));
    if (!rule.scopes.empty() || !rule.any_scope.empty())
        compared.push_back("the token holds " + shown_list(token.claims.scopes));
    for (const core::ClaimCondition& condition : rule.claims) {
        const core::Json claim = condition.claim.in(token.claims.all);
        compared.push_back(fmt::format(
            "the route wants {} that {}; the token's is {}", shown(condition.claim.text),
            condition_text(condition),
            claim.type() == core::Json::Type::invalid ? "(absent)" : shown(claim.dump())));
    }
    if (compared.empty()) compared.emplace_back("the route asks for none");
    return compared;
}

}  // namespace bearergate::gateway
