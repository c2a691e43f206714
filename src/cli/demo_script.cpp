#include <bearergate/cli/demo_script.hpp>
#include <bearergate/core/base64url.hpp>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string_view>

namespace bearergate::cli {
namespace {

constexpr const char* api = "https://api.example";
constexpr std::chrono::hours long_enough{24};

// A token whose bearer has written another scope into it, and cannot sign that.
std::string with_scope(const std::string& token, const char* scope) {
    const std::size_t first = token.find('.');
    const std::size_t second = token.find('.', first + 1);
    auto payload = nlohmann::ordered_json::parse(
        core::decode_base64url(token.substr(first + 1, second - first - 1)).value());
    payload["scope"] = scope;
    return token.substr(0, first + 1) + core::encode_base64url(payload.dump()) +
           token.substr(second);
}

}  // namespace

std::string demo_configuration(const DemoPlaces& places) {
    return fmt::format(
        R"(issuer: {}
audience: {}
upstream: {}

routes:
  GET /healthz:                   public
  GET /items:                     {{ scopes: [read:items] }}
  POST /items:                    {{ scopes: [write:items] }}
  GET /orgs/{{orgId}}/projects:     {{ organization: "{{orgId}}", scopes: [read:projects] }}
  POST /orgs/{{orgId}}/invitations: {{ token: organization, organization: "{{orgId}}", scopes: [invite:member] }}
  /internal/**:                   deny

server:  {{ listen: "{}", timeouts: {{ drain: 2s }} }}
admin:   {{ listen: "127.0.0.1:0" }}
logging: {{ level: warning, format: logfmt }}
)",
        places.issuer, api, places.upstream, places.listen);
}

std::vector<DemoRequest> demo_requests(const DevIssuer& issuer, core::WallTime now) {
    const auto token = [&](Grant grant) {
        grant.issuer = issuer.issuer();
        grant.subject = "ada";
        grant.client = "demo-app";
        return mint(issuer.key(), grant);
    };
    const std::string reader =
        token({.audience = api, .scope = "read:items", .issued_at = now, .lifetime = long_enough});
    const std::string expired = token({.audience = api,
                                       .scope = "read:items",
                                       .issued_at = now - std::chrono::hours(2),
                                       .lifetime = std::chrono::hours(1)});
    const std::string acme_projects = token({.audience = api,
                                             .organization = "acme",
                                             .scope = "read:projects read:items",
                                             .issued_at = now,
                                             .lifetime = long_enough});
    const std::string acme = token({.audience = std::string(organization_urn) + "acme",
                                    .scope = "invite:member",
                                    .issued_at = now,
                                    .lifetime = long_enough});
    return {
        {"Without a token", 200, "a public route is open to everybody", "GET", "/healthz", ""},
        {"", 401, "any other route wants a token", "GET", "/items", ""},
        {"A global API resource: the token is for the API, its scopes hold everywhere", 200,
         "the token has the scope read:items", "GET", "/items", reader},
        {"", 403, "the same token lacks the scope write:items", "POST", "/items", reader},
        {"", 401, "its bearer wrote write:items into it, but cannot sign that", "POST", "/items",
         with_scope(reader, "read:items write:items")},
        {"", 401, "this one was good an hour ago", "GET", "/items", expired},
        {"An organization-level API resource: the scopes hold in one organization", 200,
         "the token is bound to acme, and acme is what the path names", "GET",
         "/orgs/acme/projects", acme_projects},
        {"", 403, "the same token in another organization", "GET", "/orgs/globex/projects",
         acme_projects},
        {"", 403, "what was granted in acme opens no global route", "GET", "/items", acme_projects},
        {"An organization's own permissions: the token is for the organization itself", 200,
         "the token is for acme and may invite there", "POST", "/orgs/acme/invitations", acme},
        {"", 403, "the same token in another organization", "POST", "/orgs/globex/invitations",
         acme},
        {"", 403, "a token for an organization is none for the API", "GET", "/items", acme},
        {"What the file closes, or does not mention", 403, "a closed route is closed to all", "GET",
         "/internal/reports", reader},
        {"", 404, "no route covers this, so nobody gets through", "GET", "/elsewhere", reader},
    };
}

std::string curl_line(const DemoRequest& request, const std::string& base_url, bool colour) {
    std::string line = "curl -i";
    if (std::string_view(request.method) != "GET") line += fmt::format(" -X {}", request.method);
    line += fmt::format(" {}{}", base_url, request.target);
    if (request.token.empty()) return line;
    return line + fmt::format(" -H 'Authorization: Bearer {}{}{}'", colour ? "\033[2m" : "",
                              request.token, colour ? "\033[0m" : "");
}

}  // namespace bearergate::cli
