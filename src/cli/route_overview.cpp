// The compiled routes as a table of permissions.
#include <bearergate/cli/route_overview.hpp>
#include <bearergate/config/units.hpp>
#include <bearergate/core/route_table.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

namespace bearergate::cli {
namespace {

using core::Access;
using core::ClaimCondition;
using core::OrganizationSource;
using core::Route;
using core::TokenKind;

constexpr std::size_t scopes_width = 32;
using Lines = std::vector<std::string>;

bool looks_at_tokens(const Route& route) {
    return route.rule.access == Access::token || route.rule.access == Access::optional;
}

std::string_view name_of(TokenKind kind) {
    switch (kind) {
        case TokenKind::api: return "api";
        case TokenKind::organization_api: return "organization-api";
        case TokenKind::organization: return "organization";
    }
    return "";
}

// One route's facts as the words of the file.
class Facts {
public:
    Facts(const config::Loaded& loaded, const Route& route)
        : config_(loaded.config), policy_(loaded.policy), route_(route) {}

    TextTable::Row row() const {
        return {.cells = {{config::printable(route_.text)},
                          token(),
                          audience(),
                          organization(),
                          scopes(),
                          upstream()},
                .notes = notes()};
    }

private:
    std::string written(const std::string& value) const {
        const auto found = config_.as_written.find(value);
        return config::printable(found == config_.as_written.end() ? value : found->second);
    }
    Lines written(const Lines& values) const {
        Lines out;
        for (const std::string& value : values) out.push_back(written(value));
        return out;
    }

    Lines token() const {
        const std::string kind(name_of(route_.rule.token));
        switch (route_.rule.access) {
            case Access::deny: return {"deny"};
            case Access::open: return {"public"};
            case Access::token: return {kind};
            case Access::optional: return {kind + " or none"};
        }
        return {};
    }

    std::string organization_text() const {
        const OrganizationSource& source = route_.rule.organization;
        switch (source.kind) {
            case OrganizationSource::Kind::none: return "";
            case OrganizationSource::Kind::capture: return "{" + source.text + "}";
            case OrganizationSource::Kind::header: return "header:" + source.text;
            case OrganizationSource::Kind::query: return "query:" + source.text;
            case OrganizationSource::Kind::literal: return written(source.text);
            case OrganizationSource::Kind::any: return "any";
            case OrganizationSource::Kind::ignore: return "ignore";
        }
        return "";
    }
    Lines organization() const {
        const std::string text = organization_text();
        return text.empty() ? Lines{} : Lines{text};
    }

    Lines audience_from(std::size_t issuer) const {
        if (route_.rule.token != TokenKind::organization) {
            return written(route_.rule.audiences[issuer]);
        }
        const OrganizationSource::Kind kind = route_.rule.organization.kind;
        const bool is_itself =
            kind == OrganizationSource::Kind::capture || kind == OrganizationSource::Kind::literal;
        const std::string which = organization_text();
        return {written(policy_.issuers[issuer].organization_audience) +
                (is_itself ? which : "<" + which + ">")};
    }
    // One list where all issuers' tokens are for the same, else one by each issuer's name.
    Lines audience() const {
        if (!looks_at_tokens(route_)) return {};
        std::vector<std::pair<std::string, Lines>> all;
        for (std::size_t i = 0; i < policy_.issuers.size(); ++i) {
            if (!route_.rule.accepts_issuer[i]) continue;
            all.emplace_back(policy_.issuers[i].name, audience_from(i));
        }
        const bool same = std::ranges::all_of(
            all, [&](const auto& one) { return one.second == all.front().second; });
        Lines lines;
        for (const auto& [issuer, values] : all) {
            if (same && !lines.empty()) break;
            for (std::size_t i = 0; i < values.size(); ++i) {
                const std::string from = same || i > 0 ? "" : config::printable(issuer) + ": ";
                lines.push_back(from + (i > 0 ? "or " : "") + values[i]);
            }
        }
        return lines;
    }

    Lines scopes() const {
        Lines lines = in_lines(written(route_.rule.scopes), scopes_width);
        Lines any = written(route_.rule.any_scope);
        if (any.empty()) return lines;
        any.front().insert(0, "one of ");
        const Lines more = in_lines(any, scopes_width);
        lines.insert(lines.end(), more.begin(), more.end());
        return lines;
    }

    bool is_forwarded() const {
        return route_.rule.access != Access::deny || route_.mode == core::Mode::shadow;
    }
    Lines upstream() const {
        if (!is_forwarded()) return {};
        return {config::printable(config_.upstreams[route_.upstream].name)};
    }

    std::string issuers() const {
        Lines names;
        for (std::size_t i = 0; i < policy_.issuers.size(); ++i) {
            if (route_.rule.accepts_issuer[i]) names.push_back(policy_.issuers[i].name);
        }
        return fmt::format("{}", fmt::join(names, ", "));
    }

    std::string value_text(const core::Json& value) const {
        const auto text = value.string();
        if (!text) return config::printable(value.dump());
        const auto found = config_.as_written.find(std::string(*text));
        const bool is_variable = found != config_.as_written.end();
        return config::printable(is_variable ? found->second : value.dump());
    }
    std::string condition_text(const ClaimCondition& condition) const {
        Lines values;
        for (const core::Json& value : condition.values) values.push_back(value_text(value));
        std::string name = config::printable(condition.claim.text);
        const std::string list = fmt::format("{}", fmt::join(values, ", "));
        switch (condition.kind) {
            case ClaimCondition::Kind::equals: return name + " is " + list;
            case ClaimCondition::Kind::contains: return name + " contains " + list;
            case ClaimCondition::Kind::any_of: return name + " is one of " + list;
        }
        return name;
    }

    std::vector<TextTable::Note> notes() const {
        std::vector<TextTable::Note> notes;
        const auto note = [&](std::string name, std::string text) {
            notes.push_back({.name = std::move(name), .text = std::move(text)});
        };
        if (route_.mode == core::Mode::shadow) {
            note("mode", "shadow: what it would refuse is recorded, and forwarded");
        }
        const auto& accepts = route_.rule.accepts_issuer;
        const bool is_narrow = std::ranges::find(accepts, false) != accepts.end();
        if (looks_at_tokens(route_) && is_narrow) note("issuer", issuers());
        for (const ClaimCondition& condition : route_.rule.claims) {
            note("claim", condition_text(condition));
        }
        if (!is_forwarded()) return notes;
        if (!route_.strip_prefix.empty()) note("strip_prefix", route_.strip_prefix);
        if (route_.response_timeout) {
            note("timeout", config::duration_text(*route_.response_timeout));
        }
        if (const auto bytes = route_.body_bytes) {
            const bool unlimited = *bytes == std::numeric_limits<std::uint64_t>::max();
            note("body_bytes", unlimited ? "none" : config::size_text(*bytes));
        }
        return notes;
    }

    const config::Config& config_;
    const core::Policy& policy_;
    const Route& route_;
};

}  // namespace

TextTable route_overview(const config::Loaded& loaded) {
    const auto& routes = loaded.policy.routes;
    std::vector<std::size_t> order(routes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return core::more_specific(routes[a].pattern, routes[b].pattern);
    });
    TextTable table{
        .headings = {"ROUTE", "TOKEN", "AUDIENCE", "ORGANIZATION", "SCOPES", "UPSTREAM"}};
    for (const std::size_t i : order) table.rows.push_back(Facts(loaded, routes[i]).row());
    return table;
}

}  // namespace bearergate::cli
