#include <bearergate/cli/route_overview.hpp>

#include "config/config_support.hpp"
#include "config/full_file.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace bearergate::cli {
namespace {

using Lines = std::vector<std::string>;
enum Column : std::size_t { path, token, audience, organization, scopes, upstream };

TextTable overview(std::string_view text,
                   const std::map<std::string, std::string>& environment = {}) {
    const auto result = test::load(text, environment);
    if (!result.loaded) throw std::runtime_error(test::report(result));
    return route_overview(*result.loaded);
}

TextTable::Row row(const TextTable& table, std::string_view route) {
    for (const TextTable::Row& one : table.rows) {
        if (one.cells[path].front() == route) return one;
    }
    throw std::runtime_error("no such row");
}

std::string notes(const TextTable::Row& row) {
    std::string text;
    for (const TextTable::Note& note : row.notes) text += note.name + "=" + note.text + "; ";
    return text;
}

constexpr std::string_view two_issuers = R"(issuers:
  one: { issuer: https://one.example, audience: [a, b] }
  two: { issuer: https://two.example, organization_audience: "urn:two:" }
audience: c
upstream: http://127.0.0.1:3000
routes:
)";

TEST(RouteOverview, TheFirstRowThatCoversARequestDecidesIt) {
    const TextTable table = overview(std::string(test::smallest) +
                                     "  /**: authenticated\n"
                                     "  /items: deny\n"
                                     "  /items/{id}: authenticated\n"
                                     "  a.example/items: public\n"
                                     "  \"*.example/items\": public\n"
                                     "  HEAD /items: public\n");
    Lines order;
    for (const TextTable::Row& one : table.rows) order.push_back(one.cells[path].front());
    EXPECT_EQ(order, (Lines{"a.example/items", "*.example/items", "GET /healthz", "HEAD /items",
                            "GET /items", "POST /items", "/items", "/items/{id}",
                            "GET /orgs/{orgId}/projects", "/**"}));
}

TEST(RouteOverview, KindsOfAccessAreWordsOfTheFile) {
    const TextTable table = overview(std::string(two_issuers) +
                                     "  /public: public\n"
                                     "  /deny: deny\n"
                                     "  /watched: { access: deny, mode: shadow }\n"
                                     "  /api: { issuer: two }\n"
                                     "  /optional: { access: optional, issuer: two }\n"
                                     "  /bound: { organization: any, issuer: two }\n"
                                     "  /own: { token: organization, organization: any }\n");
    EXPECT_EQ(row(table, "/public").cells[token], Lines{"public"});
    EXPECT_EQ(row(table, "/public").cells[audience], Lines{});
    EXPECT_EQ(row(table, "/public").cells[upstream], Lines{"default"});
    EXPECT_EQ(row(table, "/deny").cells[token], Lines{"deny"});
    EXPECT_EQ(row(table, "/deny").cells[upstream], Lines{});
    EXPECT_EQ(row(table, "/watched").cells[upstream], Lines{"default"});
    EXPECT_EQ(row(table, "/api").cells[token], Lines{"api"});
    EXPECT_EQ(row(table, "/optional").cells[token], Lines{"api or none"});
    EXPECT_EQ(row(table, "/bound").cells[token], Lines{"organization-api"});
    EXPECT_EQ(row(table, "/own").cells[token], Lines{"organization"});
}

TEST(RouteOverview, AudiencesAreByIssuerOnlyWhereTheyDiffer) {
    const TextTable table =
        overview(std::string(two_issuers) +
                 "  /both: {}\n"
                 "  /one: { issuer: one }\n"
                 "  /same: { audience: d }\n"
                 "  /orgs/{o}: { token: organization, organization: \"{o}\" }\n"
                 "  /any: { token: organization, organization: any, issuer: two }\n"
                 "  /header: { token: organization, organization: \"header:X-Org\", issuer: two }\n"
                 "  /literal: { token: organization, organization: acme, issuer: two }\n");
    EXPECT_EQ(row(table, "/both").cells[audience], (Lines{"one: a", "or b", "two: c"}));
    EXPECT_EQ(row(table, "/one").cells[audience], (Lines{"a", "or b"}));
    EXPECT_EQ(row(table, "/same").cells[audience], Lines{"d"});
    EXPECT_EQ(row(table, "/orgs/{o}").cells[audience],
              (Lines{"one: urn:logto:organization:{o}", "two: urn:two:{o}"}));
    EXPECT_EQ(row(table, "/any").cells[audience], Lines{"urn:two:<any>"});
    EXPECT_EQ(row(table, "/header").cells[audience], Lines{"urn:two:<header:X-Org>"});
    EXPECT_EQ(row(table, "/literal").cells[audience], Lines{"urn:two:acme"});
}

TEST(RouteOverview, OrganizationSourcesAreAsTheFileWritesThem) {
    const TextTable table = overview(std::string(test::smallest) +
                                     "  /h: { organization: \"header:X-Org\" }\n"
                                     "  /q: { organization: \"query:org\" }\n"
                                     "  /l: { organization: acme }\n"
                                     "  /a: { organization: any }\n"
                                     "  /i: { organization: ignore }\n");
    EXPECT_EQ(row(table, "/h").cells[organization], Lines{"header:X-Org"});
    EXPECT_EQ(row(table, "/q").cells[organization], Lines{"query:org"});
    EXPECT_EQ(row(table, "/l").cells[organization], Lines{"acme"});
    EXPECT_EQ(row(table, "/a").cells[organization], Lines{"any"});
    EXPECT_EQ(row(table, "/i").cells[organization], Lines{"ignore"});
    EXPECT_EQ(row(table, "GET /items").cells[organization], Lines{});
    EXPECT_EQ(row(table, "GET /orgs/{orgId}/projects").cells[organization], Lines{"{orgId}"});
}

TEST(RouteOverview, EverythingElseThatARouteSaysIsANote) {
    const TextTable table = overview(test::full_file);
    const TextTable::Row full = row(table, "GET,POST {tenant}.acme.example/api/v1/{id}");
    EXPECT_EQ(full.cells[scopes], (Lines{"a, b", "one of c, d"}));
    EXPECT_EQ(full.cells[upstream], Lines{"api"});
    EXPECT_EQ(notes(full),
              "issuer=other, local; claim=/role is \"admin\"; claim=tags contains \"x\"; "
              "claim=level is one of 1, 2.5, true, null, \"1\"; strip_prefix=/api/v1; timeout=7s; "
              "body_bytes=2KiB; ");
    EXPECT_EQ(notes(row(table, "/api/inherits")),
              "mode=shadow: what it would refuse is recorded, and forwarded; issuer=default; "
              "claim=tier is \"gold\"; strip_prefix=/api; timeout=1s; body_bytes=1KiB; ");
    EXPECT_EQ(notes(row(table, "/api/open")), "strip_prefix=/api; timeout=9s; body_bytes=none; ");
}

TEST(RouteOverview, ValuesOfTheEnvironmentStandAsWritten) {
    const TextTable table = overview(
        "issuer: https://a.example\n"
        "audience: \"${AUD}\"\n"
        "upstream: http://127.0.0.1:3000\n"
        "routes:\n"
        "  /a: { scopes: [\"${SCOPE}\"], organization: \"${ORG}\", claims: { x: \"${CLAIM}\" } }\n",
        {{"AUD", "hidden-1"}, {"SCOPE", "hidden-2"}, {"ORG", "hidden-3"}, {"CLAIM", "hidden-4"}});
    const TextTable::Row only = row(table, "/a");
    EXPECT_EQ(only.cells[audience], Lines{"${AUD}"});
    EXPECT_EQ(only.cells[scopes], Lines{"${SCOPE}"});
    EXPECT_EQ(only.cells[organization], Lines{"${ORG}"});
    EXPECT_EQ(notes(only), "claim=x is ${CLAIM}; ");
}

TEST(RouteOverview, NothingReachesATerminalButCharacters) {
    const TextTable table =
        overview(std::string(test::smallest) +
                 "  /a: { scopes: [\"a\\x9b31m\"], claims: { \"k\\e[1m\": \"v\\e\" } }\n");
    const TextTable::Row only = row(table, "/a");
    EXPECT_EQ(only.cells[scopes], Lines{"a?31m"});
    EXPECT_EQ(notes(only), "claim=k?[1m is \"v\\u001b\"; ");
}

}  // namespace
}  // namespace bearergate::cli
