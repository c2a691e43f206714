#pragma once

// What the tests of configuration share: files as text, and a world that is passed in.
#include <bearergate/config/load.hpp>

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::test {

inline config::LoadResult load(std::string_view text,
                               const std::map<std::string, std::string>& environment = {}) {
    const auto look_up = [&](const std::string& name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    return config::load(text, "gate.yaml", {.environment = look_up, .folder = "/etc/gate"});
}

inline std::string report(const config::LoadResult& result) {
    std::string text;
    for (const auto& error : result.errors) text += render(error, "gate.yaml", "error");
    return text;
}

// The file that needs no more than it must, and what is put in front of it or into its routes.
inline constexpr std::string_view smallest = R"(issuer: https://acme.logto.app/oidc
audience: https://api.acme.example
upstream: http://127.0.0.1:3000
routes:
  GET /healthz: public
  GET /items: { scopes: [read:items] }
  POST /items: { scopes: [write:items] }
  GET /orgs/{orgId}/projects: { organization: "{orgId}", scopes: [read:projects] }
)";

}  // namespace bearergate::test
