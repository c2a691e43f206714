// What people plug into their monitoring, and what they read about it, names metrics: each must be
// one that /metrics really has.

#include <bearergate/gateway/exposition.hpp>

#include "gateway/observed.hpp"
#include "support/files.hpp"
#include "support/metrics_text.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace bearergate::gateway {
namespace {

using nlohmann::json;
using test::MetricsText;
using test::read_file;

using Names = std::set<std::string>;

MetricsText everything() {
    return MetricsText(exposition(test::full_observation()));
}

Names labels_of(const test::MetricFamily& family) {
    Names labels;
    for (const auto& sample : family.samples) {
        for (const auto& [name, value] : sample.labels) {
            if (name != "le") labels.insert(name);
        }
    }
    return labels;
}

std::vector<std::string> all_matches(const std::string& text, const std::string& expression) {
    const std::regex regex(expression);
    std::vector<std::string> found;
    for (std::sregex_iterator each(text.begin(), text.end(), regex), end; each != end; ++each) {
        found.push_back(each->size() > 1 ? (*each)[1].str() : each->str());
    }
    return found;
}

// Of a document's code fences, those in this language.
std::vector<std::string> fences(const std::string& page, const std::string& language) {
    return all_matches(page, "```" + language + "\n([^`]*)```");
}

std::string page() {
    return read_file(BEARERGATE_SOURCE_DIR "/docs/metrics.md");
}
json dashboard() {
    return json::parse(read_file(BEARERGATE_SOURCE_DIR "/docker/grafana/bearergate.json"));
}
std::string alerts() {
    return read_file(BEARERGATE_SOURCE_DIR "/docker/prometheus/alerts.yaml");
}

// Every query of the dashboard, its variables replaced by something that they may stand for.
std::vector<std::string> queries_of(const json& from) {
    std::vector<std::string> queries;
    for (const auto& [key, value] : from.items()) {
        if (value.is_structured()) {
            for (auto& query : queries_of(value)) queries.push_back(std::move(query));
        } else if (key == "expr") {
            std::string text = value.get<std::string>();
            text = std::regex_replace(text, std::regex(R"(\$__(rate_)?interval)"), "5m");
            queries.push_back(std::regex_replace(text, std::regex(R"(\$(job|instance))"), ".*"));
        }
    }
    return queries;
}

void expect_known_metrics(const std::string& text) {
    Names known;
    Names labels = {"job", "instance", "le"};
    const auto metrics = everything();
    for (const auto& family : metrics.families()) {
        for (const auto& sample : family.samples) known.insert(sample.name);
        labels.merge(labels_of(family));
    }
    const auto used = all_matches(text, R"(\b(?:bearergate|process)_[a-z0-9_]+)");
    EXPECT_FALSE(used.empty()) << text;
    for (const std::string& name : used) EXPECT_TRUE(known.contains(name)) << name;
    for (const std::string& list : all_matches(text, R"(\b(?:by|on) \(([^)]*)\))")) {
        for (const std::string& label : all_matches(list, "[a-z]+")) {
            EXPECT_TRUE(labels.contains(label)) << label;
        }
    }
    for (const std::string& label : all_matches(text, R"(([a-z_]+)=~?")")) {
        EXPECT_TRUE(labels.contains(label)) << label;
    }
    for (const std::string& reason : all_matches(text, "reason=\"([^\"]*)\"")) {
        EXPECT_GT(everything().sum("bearergate_refusals_total", {{"reason", reason}}), 0) << reason;
    }
}

std::optional<std::string> promtool() {
    if (test::run({"/bin/sh", "-c", "command -v promtool"}).code != 0) return std::nullopt;
    return "promtool";
}
// As people would type it.
void expect_success(const std::string& command) {
    const test::Outcome outcome = test::run({"/bin/sh", "-c", command});
    EXPECT_EQ(outcome.code, 0) << command << "\n" << outcome.output << outcome.errors;
}
constexpr const char* no_promtool =
    "SKIPPED: no promtool here; scripts/setup --monitoring installs it";

TEST(Monitoring, ThePageListsEveryMetricAndNoOther) {
    using Row = std::tuple<std::string, std::string, Names>;
    std::set<Row> documented;
    const std::regex row(R"(\n\| `([a-z0-9_]+)` \| ([a-z]+) \| ([^|]*)\|)");
    const std::string text = page();
    for (std::sregex_iterator each(text.begin(), text.end(), row), end; each != end; ++each) {
        const auto labels = all_matches((*each)[3].str(), "`([a-z_]+)`");
        const bool is_new =
            documented.emplace((*each)[1], (*each)[2], Names(labels.begin(), labels.end())).second;
        EXPECT_TRUE(is_new) << (*each)[1];
    }
    std::set<Row> exposed;
    const MetricsText all = everything();
    for (const auto& family : all.families()) {
        exposed.emplace(family.name, family.type, labels_of(family));
    }
    EXPECT_EQ(documented, exposed);
    expect_known_metrics(fences(text, "promql").at(0));
}

TEST(Monitoring, TheDashboardAsksForMetricsThatExist) {
    const auto queries = queries_of(dashboard());
    EXPECT_GT(queries.size(), 40U);
    for (const std::string& query : queries) {
        SCOPED_TRACE(query);
        expect_known_metrics(query);
    }
}

TEST(Monitoring, TheDashboardIsWholeAndTidy) {
    const json board = dashboard();
    std::set<int> ids;
    std::set<std::pair<int, int>> taken;
    for (const json& panel : board["panels"]) {
        SCOPED_TRACE(panel["title"]);
        EXPECT_TRUE(ids.insert(panel["id"].get<int>()).second);
        const auto at = [&](const char* what) { return panel["gridPos"][what].get<int>(); };
        EXPECT_LE(at("x") + at("w"), 24);
        for (int x = at("x"); x < at("x") + at("w"); ++x) {
            for (int y = at("y"); y < at("y") + at("h"); ++y) {
                EXPECT_TRUE(taken.emplace(x, y).second)
                    << "over another panel at " << x << "," << y;
            }
        }
        if (panel["type"] == "row") continue;
        EXPECT_EQ(panel["datasource"]["uid"], "${datasource}");
        for (const json& target : panel["targets"]) {
            EXPECT_EQ(target["datasource"]["uid"], "${datasource}");
        }
    }
    const json& variables = board["templating"]["list"];
    EXPECT_TRUE(std::ranges::any_of(variables, [](const json& variable) {
        return variable["name"] == "datasource" && variable["type"] == "datasource";
    }));
}

TEST(Monitoring, TheAlertsAskForMetricsThatExist) {
    const std::string text = alerts();
    std::size_t count = 0;
    const std::regex rule(R"(\n +expr: ((?:.|\n)*?)\n +(?:for|labels):)");
    for (std::sregex_iterator each(text.begin(), text.end(), rule), end; each != end; ++each) {
        SCOPED_TRACE((*each)[1].str());
        expect_known_metrics((*each)[1].str());
        ++count;
    }
    EXPECT_EQ(count, all_matches(text, "- alert: ").size());
    EXPECT_GT(count, 10U);
}

TEST(Monitoring, EveryAlertHasACase) {
    const std::string cases =
        read_file(BEARERGATE_SOURCE_DIR "/tests/monitoring/alerts.test.yaml") +
        read_file(BEARERGATE_SOURCE_DIR "/tests/monitoring/slow_alerts.test.yaml");
    for (const std::string& alert : all_matches(alerts(), "- alert: (\\w+)")) {
        EXPECT_NE(cases.find("alertname: " + alert + "\n"), std::string::npos) << alert;
    }
}

TEST(Monitoring, PromtoolFindsNoFaultWithTheMetrics) {
    const auto tool = promtool();
    if (!tool) GTEST_SKIP() << no_promtool;
    const test::TemporaryFolder folder;
    expect_success(*tool + " check metrics <" +
                   folder.write("metrics", exposition(test::full_observation())));
}

TEST(Monitoring, PromtoolFindsNoFaultWithTheAlertsAndTheyFire) {
    const auto tool = promtool();
    if (!tool) GTEST_SKIP() << no_promtool;
    expect_success(*tool + " check rules " BEARERGATE_SOURCE_DIR "/docker/prometheus/alerts.yaml");
    expect_success(*tool + " test rules " BEARERGATE_SOURCE_DIR
                           "/tests/monitoring/alerts.test.yaml " BEARERGATE_SOURCE_DIR
                           "/tests/monitoring/slow_alerts.test.yaml");
}

TEST(Monitoring, PromtoolUnderstandsTheDashboardsAndThePagesQueries) {
    const auto tool = promtool();
    if (!tool) GTEST_SKIP() << no_promtool;
    std::vector<std::string> queries = queries_of(dashboard());
    const std::string examples = fences(page(), "promql").at(0);
    const std::regex line("[^\n]+");
    for (std::sregex_iterator each(examples.begin(), examples.end(), line), end; each != end;
         ++each) {
        if (!each->str().starts_with('#')) queries.push_back(each->str());
    }
    json rules = json::array();
    for (const std::string& query : queries) {
        rules.push_back({{"record", "query:" + std::to_string(rules.size())}, {"expr", query}});
    }
    const json groups = {{"groups", {{{"name", "queries"}, {"rules", rules}}}}};
    const test::TemporaryFolder folder;
    expect_success(*tool + " check rules " + folder.write("queries.yaml", groups.dump()));
}

TEST(Monitoring, PromtoolFindsNoFaultWithThePagesConfiguration) {
    const auto tool = promtool();
    if (!tool) GTEST_SKIP() << no_promtool;
    const test::TemporaryFolder folder;
    folder.write("alerts.yaml", alerts());
    expect_success(*tool + " check config " +
                   folder.write("prometheus.yaml", fences(page(), "yaml prometheus").at(0)));
}

}  // namespace
}  // namespace bearergate::gateway
