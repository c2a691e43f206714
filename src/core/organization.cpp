#include <bearergate/core/identity.hpp>
#include <bearergate/core/organization.hpp>
#include <bearergate/core/query.hpp>

#include "ascii.hpp"

#include <algorithm>
#include <utility>

namespace bearergate::core {

namespace {

// An empty value is as good as none.
RequestedOrganization named(std::string id) {
    if (id.empty()) return {};
    return {RequestedOrganization::Kind::one, std::move(id)};
}

// A `+` in a path is itself to most servers and a space to some (Koa's router, Slim): one that is
// meant is written `%2B`, which all of them read alike.
RequestedOrganization in_capture(std::string_view name, const Captures& captures) {
    const auto* capture = captures.find(name);
    if (!capture) return {};
    if (capture->is_host_label) return named(ascii::lower(capture->value));
    if (capture->value.contains('+')) return {};
    return named(percent_decoded(capture->value));
}

// A second field that a CGI-style server could not tell from the one we read would leave open
// which of them it believes.
RequestedOrganization in_header(std::string_view name, std::span<const Field> fields) {
    const std::string wanted = folded(name);
    const Field* found = nullptr;
    for (const Field& field : fields) {
        if (!folds_to(field.name, wanted)) continue;
        if (found || !ascii::same_ignoring_case(field.name, name)) return {};
        found = &field;
    }
    return found ? named(std::string(found->value)) : RequestedOrganization{};
}

// Exactly one parameter of this name, and none beside it that a framework could take for it.
RequestedOrganization in_query(std::string_view name, std::string_view query) {
    if (query.contains(';')) return {};
    const std::string wanted = folded_parameter(name);
    std::optional<std::string> found;
    QueryReader reader(query, false);
    for (QueryReader::Parameter parameter; reader.next(parameter);) {
        const std::string decoded = form_decoded(parameter.name);
        if (!may_mean(folded_parameter(decoded), wanted)) continue;
        if (found || decoded != name) return {};
        found = form_decoded(parameter.value);
    }
    return found ? named(*std::move(found)) : RequestedOrganization{};
}

}  // namespace

bool RequestedOrganization::includes(std::string_view organization) const {
    const bool is_plain =
        std::ranges::none_of(organization, [](char c) { return c == '/' || ascii::is_control(c); });
    switch (kind) {
        case Kind::unnamed: return false;
        case Kind::any: return is_plain && !organization.empty();
        case Kind::one: break;
    }
    return is_plain && id == organization;
}

RequestedOrganization requested_organization(const OrganizationSource& source,
                                             const Captures& captures, const RequestView& request) {
    using enum OrganizationSource::Kind;
    switch (source.kind) {
        case capture: return in_capture(source.text, captures);
        case header: return in_header(source.text, request.fields);
        case query: return in_query(source.text, request.target.query());
        case literal: return named(source.text);
        case any: return {.kind = RequestedOrganization::Kind::any};
        case none:
        case ignore: break;
    }
    return {};
}

TokenOrganization token_organization(const Claims& claims, std::string_view audience_prefix) {
    TokenOrganization organization;
    if (claims.organization) organization.claim = *claims.organization;
    for (const std::string& audience : claims.audience) {
        if (!audience.starts_with(audience_prefix)) continue;
        if (organization.audiences++ > 0) continue;
        organization.audience = std::string_view(audience).substr(audience_prefix.size());
    }
    return organization;
}

}  // namespace bearergate::core
