#include <bearergate/gateway/status_json.hpp>

#include "gateway/observed.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::gateway {
namespace {

using core::Reason;
using nlohmann::json;
using std::chrono::seconds;

json status_of(const Observation& of, bool whole = true) {
    StatusHistory history;
    history.add(std::make_shared<const Observation>(of));
    return json::parse(status_json(history, whole));
}

// Other routes and another configuration for what was observed.
template <class Change>
Observation changed(Observation of, Change change) {
    core::Policy policy;
    policy.routes = of.snapshot->policy.routes;
    config::Config config = of.snapshot->config;
    change(policy.routes, config);
    http::Hygiene hygiene = hygiene_of(policy);
    Snapshot snapshot{.config = std::move(config),
                      .policy = std::move(policy),
                      .hygiene = std::move(hygiene),
                      .version = of.snapshot->version};
    of.snapshot = std::make_shared<const Snapshot>(std::move(snapshot));
    return of;
}

RecentRefusal refusal(std::uint64_t number, net::SteadyTime ended) {
    return {.number = number, .ended = ended, .path = "/" + std::to_string(number)};
}
RefusalList list_of(std::vector<RecentRefusal> all) {
    return std::make_shared<const std::vector<RecentRefusal>>(std::move(all));
}

TEST(StatusJson, SaysWhatThePageShows) {
    Observation of = test::full_observation();
    of.warnings = std::make_shared<const std::vector<config::Diagnostic>>(
        std::vector<config::Diagnostic>{{.line = 3, .column = 5, .message = "is odd"}});
    of.awaiting_restart = "server.workers";
    const json status = status_of(of);
    EXPECT_EQ(status["whole"], true);
    EXPECT_EQ(status["gateway"]["state"], "ready");
    EXPECT_EQ(status["gateway"]["started"], 1'700'000'000);
    EXPECT_EQ(status["gateway"]["silent_workers"], 1);
    EXPECT_EQ(status["gateway"]["dropped_log_lines"], 42);
    EXPECT_EQ(status["gateway"]["cpu_seconds"], 1.5);
    EXPECT_EQ(status["configuration"]["version"], "0123456789abcdef");
    EXPECT_EQ(status["configuration"]["in_use_since"], 1'700'000'500);
    EXPECT_EQ(status["configuration"]["reloads"], 2);
    EXPECT_EQ(status["configuration"]["reload_failures"], 3);
    EXPECT_EQ(status["configuration"]["last_reload_failed"], false);
    EXPECT_EQ(status["configuration"]["shadow_routes"], 1);
    EXPECT_EQ(status["configuration"]["awaiting_restart"], "server.workers");
    EXPECT_EQ(status["configuration"]["warnings"],
              (json{{{"line", 3}, {"column", 5}, {"message", "is odd"}}}));
    EXPECT_EQ(status["now"]["in_flight"], 13);
    EXPECT_EQ(status["now"]["connections"], 12);
    EXPECT_EQ(status["now"]["connection_limit"], 10'000);
    EXPECT_EQ(status["now"]["cache_hits"], 21);
    EXPECT_EQ(status["now"]["queued_verifications"], 41);
    ASSERT_EQ(status["routes"].size(), 2U);
    EXPECT_EQ(status["routes"][1]["pattern"], "/later");
    EXPECT_EQ(status["routes"][1]["shadow"], true);
    EXPECT_EQ(status["routes_left_out"], 0);
    ASSERT_EQ(status["issuers"].size(), 2U);
    EXPECT_EQ(status["issuers"][0]["name"], "logto");
    EXPECT_EQ(status["issuers"][0]["age"], 60);
    EXPECT_EQ(status["issuers"][0]["key_ids"], (json{"a", "b"}));
    EXPECT_EQ(status["issuers"][1]["age"], nullptr);
    EXPECT_EQ(status["issuers"][1]["usable"], false);
    EXPECT_EQ(status["refusals"], json::array());
}

TEST(StatusJson, CountsByReasonAndKeepsRefusalsAndFailuresApart) {
    Observation of = test::full_observation();
    of.counters.routes[0] = {.allowed = 9};
    of.counters.routes[0].refused[static_cast<std::size_t>(Reason::scope_missing)] = 5;
    of.counters.routes[0].refused[static_cast<std::size_t>(Reason::upstream_timeout)] = 2;
    of.counters.routes[0].would_deny[static_cast<std::size_t>(Reason::token_missing)] = 1;
    of.counters.routes[0].status_class[5] = 3;
    const json route = status_of(of)["routes"][0];
    EXPECT_EQ(route["allowed"], 9);
    EXPECT_EQ(route["refused"], (json{{"scope_missing", 5}, {"upstream_timeout", 2}}));
    EXPECT_EQ(route["failed"], 2);
    EXPECT_EQ(route["would_deny"], (json{{"token_missing", 1}}));
    EXPECT_EQ(route["errors"], 3);
}

TEST(StatusJson, SaysWhyItIsNotReadyAndWhyAReloadFailed) {
    Observation of = test::full_observation();
    of.readiness.issuers_without_keys = {"partner"};
    of.reload_errors = std::make_shared<const std::vector<config::Diagnostic>>(
        std::vector<config::Diagnostic>{{.line = 7, .message = "is wrong"}});
    json status = status_of(of);
    EXPECT_EQ(status["gateway"]["state"], "not ready");
    EXPECT_EQ(status["gateway"]["issuers_without_keys"], json{"partner"});
    EXPECT_EQ(status["configuration"]["last_reload_failed"], true);
    EXPECT_EQ(status["configuration"]["reload_errors"][0]["message"], "is wrong");
    of.readiness.draining = true;
    EXPECT_EQ(status_of(of)["gateway"]["state"], "draining");
}

TEST(StatusJson, AnUpdateHasTheLastSecondsOnly) {
    Observation of = test::full_observation();
    StatusHistory history;
    for (int i = 0; i < 60; ++i) {
        of.steady_at += seconds(1);
        history.add(std::make_shared<const Observation>(of));
    }
    EXPECT_EQ(json::parse(status_json(history, true))["samples"].size(), 59U);
    const json update = json::parse(status_json(history, false));
    EXPECT_EQ(update["whole"], false);
    ASSERT_EQ(update["samples"].size(), 10U);
    EXPECT_EQ(update["samples"].back()[0], 59);
    EXPECT_EQ(update["samples"].front()[0], 50);
}

TEST(StatusJson, RefusalsAreOfAllWorkersTheNewestFirst) {
    Observation of = test::full_observation();
    const auto ago = [&](int amount) { return of.steady_at - seconds(amount); };
    of.refusals = {list_of({refusal(1, ago(30)), refusal(2, ago(3))}), nullptr,
                   list_of({refusal(1, ago(20)), refusal(2, ago(1))})};
    const auto keys = [](const json& status) {
        std::string all;
        for (const json& one : status["refusals"]) all += one["key"].get<std::string>() + " ";
        return all;
    };
    EXPECT_EQ(keys(status_of(of)), "2-2 0-2 2-1 0-1 ");
    EXPECT_EQ(keys(status_of(of, false)), "2-2 0-2 ");
}

TEST(StatusJson, SaysOfARefusalWhatItWas) {
    Observation of = test::full_observation();
    of.refusals = {list_of({{.number = 4,
                             .ended = of.steady_at,
                             .time = std::chrono::system_clock::time_point(seconds(1'700'000'001)),
                             .method = "GET",
                             .path = "/orgs/b",
                             .route = "GET /orgs/{org}",
                             .request_id = "id-1",
                             .organization = "a",
                             .status = 403,
                             .reason = Reason::organization_mismatch,
                             .is_shadow = true}})};
    EXPECT_EQ(status_of(of)["refusals"][0], (json{{"key", "0-4"},
                                                  {"time", 1'700'000'001},
                                                  {"method", "GET"},
                                                  {"path", "/orgs/b"},
                                                  {"route", "GET /orgs/{org}"},
                                                  {"status", 403},
                                                  {"reason", "organization_mismatch"},
                                                  {"shadow", true},
                                                  {"request_id", "id-1"},
                                                  {"organization", "a"}}));
}

// ---- Bounds, and text that is not ours

TEST(StatusJson, OfMoreWorkersThanAPageCanShowTheLastHundred) {
    Observation of = test::full_observation();
    for (std::size_t worker = 0; worker < 8; ++worker) {
        std::vector<RecentRefusal> all;
        for (std::uint64_t i = 1; i <= RecentRefusals::capacity; ++i) {
            all.push_back(refusal(i, of.steady_at - seconds(1000) + seconds(i)));
        }
        of.refusals.push_back(list_of(std::move(all)));
    }
    const json refusals = status_of(of)["refusals"];
    EXPECT_EQ(refusals.size(), 100U);
    for (const json& one : refusals) {
        EXPECT_GE(std::stoi(one["path"].get<std::string>().substr(1)), 87) << "not the newest";
    }
}

TEST(StatusJson, OfVeryManyRoutesTheBusiestInTheOrderOfTheFile) {
    Observation of = changed(test::full_observation(), [](auto& routes, auto&) {
        routes.clear();
        for (int i = 0; i < 3000; ++i) routes.push_back({.text = std::to_string(i)});
    });
    of.counters.routes.assign(3000, {});
    for (std::size_t i = 0; i < 3000; i += 3) of.counters.routes[i].allowed = 1 + i;
    const json status = status_of(of);
    ASSERT_EQ(status["routes"].size(), 1000U);
    EXPECT_EQ(status["routes_left_out"], 2000);
    for (std::size_t i = 0; i < 1000; ++i) {
        ASSERT_EQ(status["routes"][i]["pattern"], std::to_string(3 * i));
    }
}

TEST(StatusJson, ShowsSettingsFromTheEnvironmentByTheirNames) {
    const Observation of = changed(test::full_observation(), [](auto&, config::Config& config) {
        config.key_sources[0].issuer = "https://secret.example";
        config.as_written["https://secret.example"] = "${ISSUER}";
    });
    EXPECT_EQ(status_of(of)["issuers"][0]["issuer"], "${ISSUER}");
}

TEST(StatusJson, TextOfOthersNeitherBreaksItNorSteersThePage) {
    Observation of = test::full_observation();
    of.refusals = {list_of({{.ended = of.steady_at,
                             .method = "G\"\\\n",
                             .path = "/cut\xc3",
                             .organization = "caf\xc3\xa9\xe2\x80\xae\x1b"}})};
    of.issuers[0].key_ids = {"</script>", "a\xe2\x80\xae\xff"};
    StatusHistory history;
    history.add(std::make_shared<const Observation>(of));
    const std::string text = status_json(history, true);
    EXPECT_EQ(text.find('\n'), std::string::npos) << "an event is one line";
    const json status = json::parse(text);
    EXPECT_EQ(status["refusals"][0]["method"], "G\"\\\n");
    EXPECT_EQ(status["refusals"][0]["path"], "/cut");
    EXPECT_EQ(status["refusals"][0]["organization"], "caf\\xc3\\xa9\\xe2\\x80\\xae\\x1b");
    EXPECT_EQ(status["issuers"][0]["key_ids"][1], "a\\xe2\\x80\\xae\\xff");
}

}  // namespace
}  // namespace bearergate::gateway
