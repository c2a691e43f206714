// Every token recorded of a real Logto, on every kind of route, through a running gateway. What is
// to become of each is written out below by hand; the upstream proves what reached it.

#include <bearergate/gateway/server.hpp>

#include "support/files.hpp"
#include "support/http_client.hpp"
#include "support/recording_upstream.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using nlohmann::json;

constexpr const char* acme = "qhgy8t5iqmye";
constexpr const char* globex = "wivs7b4m9e1s";
// All recorded tokens are valid then but the one that lived for a second.
constexpr int recorded_at = 1'795'338'000;
// The organization tokens, which lived for an hour, have expired.
constexpr int two_hours_later = recorded_at + 7200;

// Tokens that must fare alike on every route here, by the names they were recorded under.
const std::map<std::string, std::vector<std::string>> tokens = {
    {"api-rw",
     {"m2m_global_rw", "ok_client_secret_post", "user_tx_global_rw", "user_rt_global_rw"}},
    {"api-r",
     {"m2m_global_read_only_requested", "m2m_global_role_lacks_write", "user_rt_global_read"}},
    {"api-0", {"m2m_global_no_scope_requested", "m2m_global_no_role"}},
    {"other", {"m2m_global_other_audience"}},
    {"manage", {"management_default_tenant"}},
    {"1s", {"m2m_global_ttl_1s_expired"}},
    {"acme",
     {"m2m_org_acme_full", "m2m_org_acme_full_all_scopes_asked", "user_tx_org_acme_admin",
      "user_rt_org_acme"}},
    {"acme-0", {"m2m_org_acme_no_scope_requested", "m2m_org_acme_no_role"}},
    {"globex", {"m2m_org_globex_viewer", "user_tx_org_globex_member", "user_rt_org_globex"}},
    {"a-api-rw",
     {"m2m_orgapi_acme_full", "m2m_orgapi_acme_with_org_scopes_asked", "user_tx_orgapi_acme",
      "user_rt_orgapi_acme"}},
    {"a-api-0", {"m2m_orgapi_acme_no_scope_requested", "m2m_orgapi_acme_no_role"}},
    {"g-api-r", {"m2m_orgapi_globex_viewer"}},
    {"g-api-rw", {"user_rt_orgapi_globex"}},
    {"opaque", {"user_tx_opaque", "user_code_opaque", "user_rt_opaque"}},
    {"id", {}},    // the ID tokens that came along
    {"none", {}},  // no token
};

struct RouteKind {
    const char* pattern;
    const char* rule;
    std::string target;
    test::Headers headers{};
};
const std::vector<std::pair<std::string, RouteKind>> route_kinds = {
    {"public", {"GET /public", "public", "/public"}},
    {"authenticated", {"GET /authenticated", "authenticated", "/authenticated"}},
    {"scope", {"GET /scope", "{ scopes: [read:items] }", "/scope"}},
    {"scopes", {"GET /scopes", "{ scopes: [read:items, write:items] }", "/scopes"}},
    {"any_scope", {"GET /any-scope", "{ any_scope: [nothing, write:items] }", "/any-scope"}},
    {"audience", {"GET /audience", "{ audience: \"https://other.example.test/v1\" }", "/audience"}},
    {"path",
     {"GET /path/{orgId}/items", "{ organization: \"{orgId}\", scopes: [read:items] }",
      std::string("/path/") + acme + "/items"}},
    {"path-g", {nullptr, nullptr, std::string("/path/") + globex + "/items"}},
    {"header", {"GET /header", "{ organization: header:X-Org }", "/header", {{"X-Org", acme}}}},
    {"header-0", {nullptr, nullptr, "/header"}},
    {"header-2", {nullptr, nullptr, "/header", {{"X-Org", acme}, {"X-Org", acme}}}},
    {"query", {"GET /query", "{ organization: query:org }", std::string("/query?org=") + acme}},
    {"query-0", {nullptr, nullptr, "/query"}},
    {"query-2", {nullptr, nullptr, std::string("/query?org=") + acme + "&ORG=" + globex}},
    {"literal", {"GET /literal", "{ organization: qhgy8t5iqmye }", "/literal"}},
    {"any", {"GET /any", "{ organization: any }", "/any"}},
    {"ignore", {"GET /ignore", "{ organization: ignore }", "/ignore"}},
    {"org",
     {"GET /org/{orgId}", "{ token: organization, organization: \"{orgId}\" }",
      std::string("/org/") + acme}},
    {"org-g", {nullptr, nullptr, std::string("/org/") + globex}},
    {"org-scope",
     {"GET /org/{orgId}/settings",
      "{ token: organization, organization: \"{orgId}\", scopes: [manage:settings] }",
      std::string("/org/") + acme + "/settings"}},
    {"org-head",
     {"GET /org-head", "{ token: organization, organization: header:X-Org }", "/org-head"}},
    {"org-any", {"GET /org-any", "{ token: organization, organization: any }", "/org-any"}},
    {"deny", {"GET /deny", "deny", "/deny"}},
    {"optional", {"GET /optional", "{ access: optional, scopes: [read:items] }", "/optional"}},
    {"shadow", {"GET /shadow", "{ mode: shadow, scopes: [write:items] }", "/shadow"}},
    {"nowhere", {nullptr, nullptr, "/nowhere"}},
};

// A row per route kind, a column per kind of token. `ok`: forwarded with the token's identity.
// `anon`: forwarded without any. The rest are refusals, by the short names below.
constexpr const char* expectations = R"(
              api-rw api-r  api-0  other  manage 1s     acme   acme-0 globex a-api-rw a-api-0 g-api-r g-api-rw opaque id   none
public        anon   anon   anon   anon   anon   anon   anon   anon   anon   anon     anon    anon    anon     anon   anon anon
authenticated ok     ok     ok     aud    aud    exp    aud    aud    aud    bound    bound   bound   bound    opq    typ  none
scope         ok     ok     scope  aud    aud    exp    aud    aud    aud    bound    bound   bound   bound    opq    typ  none
scopes        ok     scope  scope  aud    aud    exp    aud    aud    aud    bound    bound   bound   bound    opq    typ  none
any_scope     ok     scope  scope  aud    aud    exp    aud    aud    aud    bound    bound   bound   bound    opq    typ  none
audience      aud    aud    aud    ok     aud    exp    aud    aud    aud    aud      aud     aud     aud      opq    typ  none
path          unorg  unorg  unorg  aud    aud    exp    aud    aud    aud    ok       scope   mism    mism     opq    typ  none
path-g        unorg  unorg  unorg  aud    aud    exp    aud    aud    aud    mism     mism    ok      ok       opq    typ  none
header        unorg  unorg  unorg  aud    aud    exp    aud    aud    aud    ok       ok      mism    mism     opq    typ  none
header-0      unnam  unnam  unnam  aud    aud    exp    aud    aud    aud    unnam    unnam   unnam   unnam    opq    typ  none
header-2      unnam  unnam  unnam  aud    aud    exp    aud    aud    aud    unnam    unnam   unnam   unnam    opq    typ  none
query         unorg  unorg  unorg  aud    aud    exp    aud    aud    aud    ok       ok      mism    mism     opq    typ  none
query-0       unnam  unnam  unnam  aud    aud    exp    aud    aud    aud    unnam    unnam   unnam   unnam    opq    typ  none
query-2       unnam  unnam  unnam  aud    aud    exp    aud    aud    aud    unnam    unnam   unnam   unnam    opq    typ  none
literal       unorg  unorg  unorg  aud    aud    exp    aud    aud    aud    ok       ok      mism    mism     opq    typ  none
any           unorg  unorg  unorg  aud    aud    exp    aud    aud    aud    ok       ok      ok      ok       opq    typ  none
ignore        ok     ok     ok     aud    aud    exp    aud    aud    aud    ok       ok      ok      ok       opq    typ  none
org           unorg  unorg  unorg  unorg  unorg  exp    ok     ok     mism   unorg    unorg   unorg   unorg    opq    typ  none
org-g         unorg  unorg  unorg  unorg  unorg  exp    mism   mism   ok     unorg    unorg   unorg   unorg    opq    typ  none
org-scope     unorg  unorg  unorg  unorg  unorg  exp    ok     scope  mism   unorg    unorg   unorg   unorg    opq    typ  none
org-head      unnam  unnam  unnam  unnam  unnam  exp    unnam  unnam  unnam  unnam    unnam   unnam   unnam    opq    typ  none
org-any       unorg  unorg  unorg  unorg  unorg  exp    ok     ok     ok     unorg    unorg   unorg   unorg    opq    typ  none
deny          closed closed closed closed closed closed closed closed closed closed   closed  closed  closed   closed closed closed
optional      ok     ok     scope  aud    aud    exp    aud    aud    aud    bound    bound   bound   bound    opq    typ  anon
shadow        ok     anon   anon   anon   anon   anon   anon   anon   anon   anon     anon    anon    anon     anon   anon anon
nowhere       404    404    404    404    404    404    404    404    404    404      404     404     404      404    404  404
)";

struct Refused {
    int status;
    const char* reason;
    const char* error;  // RFC 6750's; nullptr: no challenge, "": a challenge without error
};
const std::map<std::string, Refused> refusals = {
    {"scope", {403, "scope_missing", "insufficient_scope"}},
    {"aud", {403, "audience_mismatch", "insufficient_scope"}},
    {"bound", {403, "organization_not_accepted", "insufficient_scope"}},
    {"unorg", {403, "organization_missing", "insufficient_scope"}},
    {"mism", {403, "organization_mismatch", "insufficient_scope"}},
    {"unnam", {400, "organization_unnamed", "invalid_request"}},
    {"exp", {401, "token_expired", "invalid_token"}},
    {"opq", {401, "token_opaque", "invalid_token"}},
    {"typ", {401, "typ_not_allowed", "invalid_token"}},
    {"sig", {401, "signature_invalid", "invalid_token"}},
    {"none", {401, "token_missing", ""}},
    {"closed", {403, "route_closed", nullptr}},
    {"404", {404, "no_route", nullptr}},
};

// expectations as a map: route kind, then kind of token.
std::map<std::string, std::map<std::string, std::string>> expected() {
    std::istringstream lines(expectations);
    std::string line;
    std::getline(lines, line);
    std::getline(lines, line);
    std::vector<std::string> columns;
    std::istringstream heads(line);
    for (std::string word; heads >> word;) columns.push_back(word);
    std::map<std::string, std::map<std::string, std::string>> table;
    while (std::getline(lines, line)) {
        std::istringstream cells(line);
        std::string row;
        cells >> row;
        for (const std::string& column : columns) cells >> table[row][column];
    }
    return table;
}

struct Sample {
    std::string kind{};
    std::string name{};
    std::string token{};  // "" for none
    json payload{};       // as recorded beside it
};

std::vector<Sample> samples() {
    const json recorded = json::parse(test::read_file(BEARERGATE_TEST_DATA "/logto/tokens.json"));
    std::vector<Sample> all;
    std::set<std::string> known;
    for (const auto& [kind, names] : tokens) {
        for (const std::string& name : names) {
            known.insert(name);
            all.push_back({kind, name, recorded.at(name).at("access_token"),
                           recorded.at(name).value("payload", json())});
        }
    }
    for (const auto& [name, entry] : recorded.items()) {
        if (!known.contains(name)) throw std::runtime_error("no expectation for token " + name);
        if (entry.contains("id_token")) all.push_back({"id", name, entry["id_token"], {}});
    }
    all.push_back({"none", "no token", "", {}});
    return all;
}

class LogtoMatrix : public testing::Test {
protected:
    void serve(int now) {
        std::string text =
            "server: { listen: \"127.0.0.1:0\", workers: 1 }\n"
            "admin: { listen: off }\n"
            "issuers: { logto: { issuer: \"http://localhost:3001/oidc\", jwks_file: jwks.json } }\n"
            "audience: https://api.example.test/v1\n"
            "upstream: http://127.0.0.1:" +
            std::to_string(upstream_.port()) + "\nroutes:\n";
        for (const auto& [name, kind] : route_kinds) {
            if (kind.pattern == nullptr) continue;
            text += std::string("  \"") + kind.pattern + "\": " + kind.rule + "\n";
        }
        config::LoadResult loaded =
            config::load(text, "matrix.yaml",
                         {.environment = [](const std::string&) { return std::nullopt; },
                          .folder = BEARERGATE_TEST_DATA "/logto"});
        for (const auto& error : loaded.errors) {
            ADD_FAILURE() << config::render(error, "matrix.yaml", "error");
        }
        ASSERT_TRUE(loaded.loaded);
        server_.emplace(
            std::move(*loaded.loaded),
            Server::Options{.wall_now = [now] { return core::WallTime(std::chrono::seconds(now)); },
                            .log_line = [](const std::string&) {}});
        server_->start();
    }

    // Asks, and holds the answer and what the upstream saw of it against `expectation`.
    void check(const RouteKind& kind, const Sample& sample, const std::string& expectation) {
        test::Headers headers = kind.headers;
        // Whatever happens, nobody but the gateway says who is asking.
        headers.emplace_back("X-Auth-Subject", "forged");
        headers.emplace_back("x_auth_scopes", "forged");
        if (!sample.token.empty()) {
            headers.emplace_back("Authorization", "Bearer " + sample.token);
        }
        const auto before = upstream_.requests().size();
        const auto bytes_before = upstream_.bytes();
        const test::Reply reply =
            test::ask(server_->ports().front(), {.target = kind.target, .headers = headers});
        const auto arrived = upstream_.requests();
        if (expectation == "ok" || expectation == "anon") {
            EXPECT_EQ(reply.status, 200) << reply.body;
            ASSERT_EQ(arrived.size(), before + 1);
            check_forwarded(arrived.back(), kind, sample, expectation == "ok");
        } else {
            check_refusal(reply, refusals.at(expectation));
            EXPECT_EQ(arrived.size(), before);
            EXPECT_EQ(upstream_.bytes(), bytes_before) << "the upstream heard of it";
        }
    }

    static void check_refusal(const test::Reply& reply, const Refused& refused) {
        EXPECT_EQ(reply.status, refused.status) << reply.body;
        EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
        EXPECT_EQ(reply.header("Cache-Control"), "no-store");
        const json body = json::parse(reply.body, nullptr, false);
        EXPECT_EQ(body.value("reason", ""), refused.reason);
        const std::string challenge = reply.header("WWW-Authenticate");
        if (refused.error == nullptr) {
            EXPECT_EQ(challenge, "");
        } else if (*refused.error == '\0') {
            EXPECT_EQ(challenge, "Bearer realm=\"bearergate\"");
        } else {
            EXPECT_NE(challenge.find("error=\"" + std::string(refused.error) + "\""),
                      std::string::npos)
                << challenge;
        }
    }

    static void check_forwarded(const test::SeenRequest& request, const RouteKind& kind,
                                const Sample& sample, bool with_identity) {
        EXPECT_EQ(request.target, kind.target);
        EXPECT_EQ(request.count("x_auth_scopes"), 0U);
        const auto one = [&](const char* name, const std::string& value) {
            EXPECT_EQ(request.count(name), value.empty() ? 0U : 1U) << name;
            EXPECT_EQ(request.header(name), value) << name;
        };
        const json payload = with_identity ? sample.payload : json::object();
        const std::string audience = payload.value("aud", "");
        const std::string urn = "urn:logto:organization:";
        one("X-Auth-Subject", payload.value("sub", ""));
        one("X-Auth-Client-Id", payload.value("client_id", ""));
        one("X-Auth-Scopes", payload.value("scope", ""));
        one("X-Auth-Audience", audience);
        one("X-Auth-Issuer", payload.value("iss", ""));
        one("X-Auth-Organization-Id", audience.starts_with(urn)
                                          ? audience.substr(urn.size())
                                          : payload.value("organization_id", ""));
        const bool passes = kind.target == "/public" || kind.target == "/shadow";
        EXPECT_EQ(request.count("Authorization"), passes && !sample.token.empty() ? 1U : 0U);
    }

    test::RecordingUpstream upstream_{};
    std::optional<Server> server_{};
};

TEST_F(LogtoMatrix, EveryRecordedTokenOnEveryKindOfRoute) {
    serve(recorded_at);
    const auto table = expected();
    const auto all = samples();
    for (const auto& [name, kind] : route_kinds) {
        for (const Sample& sample : all) {
            SCOPED_TRACE("route " + name + ", token " + sample.name + " (" + sample.kind + ")");
            check(kind, sample, table.at(name).at(sample.kind));
        }
    }
    EXPECT_EQ(upstream_.faults(), std::vector<std::string>{});
}

TEST_F(LogtoMatrix, AChangedSignatureOpensNothingThatATokenGuards) {
    serve(recorded_at);
    const auto table = expected();
    for (const auto& [name, kind] : route_kinds) {
        for (Sample sample : samples()) {
            if (sample.payload.is_null() || sample.kind == "1s") continue;
            // One character of the signature's middle, which is all data bits.
            char& changed = sample.token[sample.token.size() - 60];
            changed = changed == 'A' ? 'B' : 'A';
            SCOPED_TRACE("route " + name + ", token " + sample.name);
            const std::string& was = table.at(name).at(sample.kind);
            const bool is_open = name == "public" || name == "shadow";
            const bool is_shut = was == "closed" || was == "404";
            check(kind, sample, is_open ? "anon" : is_shut ? was : "sig");
        }
    }
}

TEST_F(LogtoMatrix, TwoHoursLaterOrganizationTokensHaveExpiredAndTheOthersHaveNot) {
    serve(two_hours_later);
    const auto table = expected();
    for (const auto& [name, kind] : route_kinds) {
        for (const Sample& sample : samples()) {
            const std::string& was = table.at(name).at(sample.kind);
            const bool is_over =
                !sample.payload.is_null() && sample.payload["exp"] < two_hours_later;
            const bool asks_no_token =
                name == "public" || name == "shadow" || was == "closed" || was == "404";
            SCOPED_TRACE("route " + name + ", token " + sample.name);
            check(kind, sample, is_over && !asks_no_token ? "exp" : was);
        }
    }
}

}  // namespace
}  // namespace bearergate::gateway
