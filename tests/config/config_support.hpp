#pragma once

// What the tests of configuration share: files as text, and a world that is passed in.
#include <bearergate/config/load.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// Every error of a file as "LINE:COLUMN: MESSAGE".
inline std::vector<std::string> errors_of(
    std::string_view text, const std::map<std::string, std::string>& environment = {}) {
    std::vector<std::string> all;
    for (const config::Diagnostic& one : load(text, environment).errors) {
        all.push_back(fmt::format("{}:{}: {}", one.line, one.column, one.message));
    }
    return all;
}

// A file with exactly one thing wrong. `text` stands before `rest`, so that its lines count from 1.
struct WrongFile {
    const char* text;
    const char* place;    // "LINE:COLUMN"
    const char* message;  // a part of it
};
inline void expect_each_is_wrong(std::span<const WrongFile> files, std::string_view rest) {
    for (const WrongFile& file : files) {
        SCOPED_TRACE(file.text);
        const auto errors = errors_of(std::string(file.text) + std::string(rest));
        EXPECT_EQ(errors.size(), 1U) << fmt::format("{}", fmt::join(errors, "\n"));
        if (errors.empty()) continue;
        EXPECT_TRUE(errors.front().starts_with(std::string(file.place) + ": ")) << errors.front();
        EXPECT_TRUE(errors.front().contains(file.message)) << errors.front();
    }
}
inline void expect_each_is_right(std::initializer_list<const char*> texts, std::string_view rest) {
    for (const char* text : texts) {
        SCOPED_TRACE(text);
        const auto errors = errors_of(std::string(text) + std::string(rest));
        EXPECT_TRUE(errors.empty()) << fmt::format("{}", fmt::join(errors, "\n"));
    }
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
