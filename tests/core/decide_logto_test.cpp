// Every token that a real Logto issued, on every kind of route.
#include <bearergate/core/authorize.hpp>

#include "support/authenticate.hpp"
#include "support/files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::core {
namespace {

constexpr double recorded_at = 1'795'337'840;
constexpr std::string_view acme = "qhgy8t5iqmye";
constexpr std::string_view globex = "wivs7b4m9e1s";

std::string recorded(std::string_view name) {
    return test::read_file(std::string(BEARERGATE_TEST_DATA "/logto/") + std::string(name));
}

// The seven requests of every test: GET /any, GET /items, POST /items, then an organization's
// items and settings, of acme and of globex.
using Answers = std::array<std::string_view, 7>;

class Logto : public testing::Test {
protected:
    Logto() {
        policy_.issuers = {Issuer{.name = "logto", .issuer = "http://localhost:3001/oidc"}};
        policy_.identity = default_identity_headers();
        add("GET /any", TokenKind::api, {});
        add("GET /items", TokenKind::api, {"read:items"});
        add("POST /items", TokenKind::api, {"write:items"});
        add("GET /orgs/{org}/items", TokenKind::organization_api, {"read:items"});
        add("GET /orgs/{org}/settings", TokenKind::organization, {"manage:settings"});
        std::vector<RouteConflict> conflicts;
        policy_.table = RouteTable::compile(patterns_, {}, conflicts);
    }

    void add(const std::string& text, TokenKind kind, std::vector<std::string> scopes) {
        Rule rule{.access = Access::token,
                  .token = kind,
                  .audiences = {{"https://api.example.test/v1"}},
                  .accepts_issuer = {true},
                  .scopes = std::move(scopes)};
        if (kind != TokenKind::api) rule.organization = {OrganizationSource::Kind::capture, "org"};
        patterns_.push_back(parse_route_pattern(text, {}).value());
        policy_.routes.push_back({.text = text, .pattern = patterns_.back(), .rule = rule});
    }

    std::string answer(std::string_view method, const std::string& path, const std::string& token,
                       double now) const {
        std::string scratch;
        const auto target = Target::parse(path, {}, scratch);
        const std::string credentials = "Bearer " + token;
        const Field field{"Authorization", credentials};
        const RequestView request{
            .method = method, .host = "h", .target = *target, .fields = {&field, 1}};
        Account account;
        const auto decided = decide(request, policy_, &keys_, test::at(now), account);
        if (const auto* denied = std::get_if<Denied>(&decided))
            return std::string(name_of(denied->reason));
        return std::holds_alternative<Allowed>(decided) ? "allowed" : "needs keys";
    }
    void expect(const std::string& name, const std::string& token, const Answers& answers,
                double now) const {
        const std::pair<std::string_view, std::string> requests[] = {
            {"GET", "/any"},
            {"GET", "/items"},
            {"POST", "/items"},
            {"GET", "/orgs/" + std::string(acme) + "/items"},
            {"GET", "/orgs/" + std::string(globex) + "/items"},
            {"GET", "/orgs/" + std::string(acme) + "/settings"},
            {"GET", "/orgs/" + std::string(globex) + "/settings"}};
        for (std::size_t i = 0; i < std::size(requests); ++i) {
            SCOPED_TRACE(name + " on " + requests[i].second);
            EXPECT_EQ(answer(requests[i].first, requests[i].second, token, now), answers[i]);
        }
    }

    Policy policy_{};
    std::vector<RoutePattern> patterns_{};
    KeyRing keys_{test::keys_of(recorded("jwks.json"))};
    nlohmann::json tokens_ = nlohmann::json::parse(recorded("tokens.json"));
};

constexpr std::string_view ok = "allowed", scope = "scope_missing", audience = "audience_mismatch",
                           missing = "organization_missing", other = "organization_mismatch",
                           bound = "organization_not_accepted", opaque = "token_opaque",
                           expired = "token_expired", kind = "typ_not_allowed";

constexpr Answers global_rw{ok, ok, ok, missing, missing, missing, missing};
constexpr Answers global_read{ok, ok, scope, missing, missing, missing, missing};
constexpr Answers global_none{ok, scope, scope, missing, missing, missing, missing};
constexpr Answers other_api{audience, audience, audience, audience, audience, missing, missing};
constexpr Answers org_acme{audience, audience, audience, audience, audience, ok, other};
constexpr Answers org_acme_none{audience, audience, audience, audience, audience, scope, other};
constexpr Answers org_globex{audience, audience, audience, audience, audience, other, scope};
constexpr Answers orgapi_acme{bound, bound, bound, ok, other, missing, missing};
constexpr Answers orgapi_acme_none{bound, bound, bound, scope, other, missing, missing};
constexpr Answers orgapi_globex{bound, bound, bound, other, ok, missing, missing};

constexpr Answers all(std::string_view answer) {
    Answers answers;
    answers.fill(answer);
    return answers;
}

TEST_F(Logto, EveryRecordedTokenOnEveryKindOfRoute) {
    const std::pair<std::string, Answers> expected[] = {
        {"m2m_global_rw", global_rw},
        {"m2m_global_read_only_requested", global_read},
        {"m2m_global_no_scope_requested", global_none},
        {"m2m_global_role_lacks_write", global_read},
        {"m2m_global_no_role", global_none},
        {"m2m_global_other_audience", other_api},
        {"m2m_global_ttl_1s_expired", all(expired)},
        {"m2m_org_acme_full", org_acme},
        {"m2m_org_acme_full_all_scopes_asked", org_acme},
        {"m2m_org_acme_no_scope_requested", org_acme_none},
        {"m2m_org_globex_viewer", org_globex},
        {"m2m_org_acme_no_role", org_acme_none},
        {"m2m_orgapi_acme_full", orgapi_acme},
        {"m2m_orgapi_acme_with_org_scopes_asked", orgapi_acme},
        {"m2m_orgapi_globex_viewer", orgapi_globex},
        {"m2m_orgapi_acme_no_scope_requested", orgapi_acme_none},
        {"m2m_orgapi_acme_no_role", orgapi_acme_none},
        {"management_default_tenant", other_api},
        {"ok_client_secret_post", global_rw},
        {"user_tx_global_rw", global_rw},
        {"user_tx_org_acme_admin", org_acme},
        {"user_tx_org_globex_member", org_globex},
        {"user_tx_orgapi_acme", orgapi_acme},
        {"user_tx_opaque", all(opaque)},
        {"user_code_opaque", all(opaque)},
        {"user_rt_global_rw", global_rw},
        {"user_rt_global_read", global_read},
        {"user_rt_org_acme", org_acme},
        {"user_rt_org_globex", org_globex},
        {"user_rt_orgapi_acme", orgapi_acme},
        {"user_rt_orgapi_globex", orgapi_globex},
        {"user_rt_opaque", all(opaque)},
    };
    std::set<std::string> seen;
    for (const auto& [name, answers] : expected) {
        seen.insert(name);
        expect(name, tokens_.at(name).at("access_token"), answers, recorded_at + 60);
    }
    for (const auto& [name, token] : tokens_.items())
        EXPECT_TRUE(seen.contains(name)) << name << " has no row";
}

TEST_F(Logto, AnIdTokenOpensNothing) {
    int seen = 0;
    for (const auto& [name, token] : tokens_.items()) {
        if (!token.contains("id_token")) continue;
        expect(name, token.at("id_token"), all(kind), recorded_at + 60);
        ++seen;
    }
    EXPECT_GT(seen, 0);
}

TEST_F(Logto, OrganizationTokensLiveForAnHour) {
    const std::string token = tokens_.at("m2m_org_acme_full").at("access_token");
    expect("in its last second", token, org_acme, recorded_at + 3600 + 29);
    expect("after the skew", token, all(expired), recorded_at + 3600 + 31);
    expect("before its time", token, all("token_not_yet_valid"), recorded_at - 31);
}

}  // namespace
}  // namespace bearergate::core
