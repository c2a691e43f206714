#pragma once

#include <bearergate/core/authorize.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// One verified token before one rule, to see what permit() says.
namespace bearergate::core::test {

using Source = OrganizationSource::Kind;

inline constexpr std::string_view api = "https://api.acme.example";

// One trusted issuer unless a test says otherwise; one route; one request.
struct Scene {
    Policy policy{.issuers = {Issuer{.name = "logto", .issuer = "https://logto.example/oidc"}}};
    Rule rule{.access = Access::token, .audiences = {{std::string(api)}}, .accepts_issuer = {true}};
    VerifiedToken token{};
    Captures captures{};
    std::vector<Field> fields{};
    std::string raw_target = "/";
    std::string scratch{};

    Scene() { token.claims.audience = {std::string(api)}; }

    // "allowed", "allowed as ORG" or the reason's name.
    std::string answer() {
        const auto target = Target::parse(raw_target, {}, scratch);
        if (!target) return "bad target";
        const RequestView request{
            .method = "GET", .host = "h.example", .target = *target, .fields = fields};
        const auto decided = permit(rule, policy, captures, request, token);
        if (const auto* denied = std::get_if<Denied>(&decided))
            return std::string(name_of(denied->reason));
        const auto organization = std::get<Allowed>(decided).organization;
        return organization ? "allowed as " + std::string(*organization) : "allowed";
    }
};

inline Scene organization_api(Source source, std::string text) {
    Scene scene;
    scene.rule.token = TokenKind::organization_api;
    scene.rule.organization = {source, std::move(text)};
    return scene;
}

inline Scene organization(Source source, std::string text) {
    Scene scene;
    scene.rule.token = TokenKind::organization;
    scene.rule.organization = {source, std::move(text)};
    scene.rule.audiences = {};
    scene.token.claims.audience = {};
    return scene;
}

}  // namespace bearergate::core::test
