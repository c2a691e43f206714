// What a scraper gets from a running gateway.

#include "gateway/reloading.hpp"
#include "support/metrics_text.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bearergate::test {
namespace {

class ServerMetrics : public Reloading {
protected:
    MetricsText scrape() const {
        const Reply reply = admin("/metrics");
        EXPECT_EQ(reply.status, 200);
        return MetricsText(reply.body);
    }
    // A request is counted when its client has its answer already: not before this says so.
    MetricsText scrape_after(double requests) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        MetricsText text = scrape();
        while (text.sum("bearergate_requests_total") < requests &&
               std::chrono::steady_clock::now() < end) {
            text = scrape();
        }
        EXPECT_EQ(text.sum("bearergate_requests_total"), requests);
        return text;
    }
    static double allowed(const MetricsText& text, const std::string& route) {
        return text.value("bearergate_requests_allowed_total", {{"route", route}}).value_or(-1);
    }
};

constexpr const char* routes =
    "  GET /open: { access: public, upstream: one }\n"
    "  GET /items: { scopes: [read], upstream: one }\n"
    "  GET /later: { scopes: [read], upstream: one, mode: shadow }\n";

TEST_F(ServerMetrics, AreTextThatPrometheusReads) {
    serve(configuration(routes));
    const Reply reply = admin("/metrics");
    EXPECT_EQ(reply.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
    EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
    EXPECT_GT(MetricsText(reply.body).families().size(), 40U);
}

TEST_F(ServerMetrics, CountWhatAllWorkersDid) {
    serve(configuration(routes));
    const std::string token = issuer_.token(R"({"scope":"read"})");
    // The kernel spreads connections over the workers; this many reach both.
    for (int i = 0; i < 32; ++i) EXPECT_EQ(get("/items", token).status, 200);
    EXPECT_EQ(get("/open").status, 200);
    EXPECT_EQ(get("/items").status, 401);
    EXPECT_EQ(get("/items", issuer_.token(R"({"scope":"write"})")).status, 403);
    EXPECT_EQ(get("/later").status, 200);
    EXPECT_EQ(get("/elsewhere").status, 404);

    const MetricsText text = scrape_after(37);
    EXPECT_EQ(allowed(text, "GET /items"), 32);
    EXPECT_EQ(allowed(text, "GET /open"), 1);
    EXPECT_EQ(allowed(text, "GET /later"), 1);
    EXPECT_EQ(allowed(text, "none"), 0);
    const auto refused = [&](const char* route, const char* reason, const char* status) {
        return text.value("bearergate_refusals_total",
                          {{"route", route}, {"reason", reason}, {"status", status}});
    };
    EXPECT_EQ(refused("GET /items", "token_missing", "401"), 1);
    EXPECT_EQ(refused("GET /items", "scope_missing", "403"), 1);
    EXPECT_EQ(refused("none", "no_route", "404"), 1);
    EXPECT_EQ(text.sum("bearergate_refusals_total"), 3);
    EXPECT_EQ(text.value("bearergate_shadow_denials_total",
                         {{"route", "GET /later"}, {"reason", "token_missing"}}),
              1);
    EXPECT_EQ(text.value("bearergate_shadow_routes"), 1);
    EXPECT_EQ(text.value("bearergate_request_duration_seconds_count"), 37);
    EXPECT_EQ(text.value("bearergate_upstream_duration_seconds_count"), 34);
    EXPECT_EQ(text.value("bearergate_connections_accepted_total"), 37);
    EXPECT_EQ(*text.value("bearergate_token_cache_hits_total") +
                  *text.value("bearergate_token_cache_misses_total"),
              33);
    EXPECT_EQ(text.value("bearergate_jwks_keys", {{"issuer", "default"}}), 1);
    EXPECT_EQ(text.value("bearergate_workers"), 2);
    EXPECT_EQ(text.value("bearergate_workers_silent"), 0);
    EXPECT_EQ(text.value("bearergate_ready"), 1);
    EXPECT_GT(*text.value("process_open_fds"), 3);
}

TEST_F(ServerMetrics, TellTheLimitThatIsInForce) {
    serve(configuration(routes, ", limits: { connections: 7 }"));
    EXPECT_EQ(scrape().value("bearergate_connections_limit"), 7);
    replace("gateway.yaml", configuration(routes, ", limits: { connections: 9 }"));
    ASSERT_TRUE(reloaded(1));
    EXPECT_EQ(scrape().value("bearergate_connections_limit"), 9);
}

TEST_F(ServerMetrics, NeverFallAtAReload) {
    serve(configuration(routes));
    for (int i = 0; i < 8; ++i) get("/open");
    for (int i = 0; i < 4; ++i) get("/items");
    scrape_after(12);
    replace("gateway.yaml", configuration("  GET /new: { access: public, upstream: two }\n"
                                          "  GET /items: { scopes: [other], upstream: two }\n"));
    ASSERT_TRUE(reloaded(1));
    get("/items");
    get("/new");
    const MetricsText text = scrape_after(4 + 2);
    EXPECT_EQ(text.sum("bearergate_refusals_total", {{"route", "GET /items"}}), 5);
    EXPECT_EQ(allowed(text, "GET /new"), 1);
    EXPECT_EQ(allowed(text, "GET /open"), -1) << "of a route that is gone there is no series";
    EXPECT_EQ(text.value("bearergate_request_duration_seconds_count"), 14);
    EXPECT_EQ(text.value("bearergate_connections_accepted_total"), 14);
    EXPECT_EQ(text.value("bearergate_config_reloads_total"), 1);
}

TEST_F(ServerMetrics, TellReloadsThatFailed) {
    serve(configuration(routes));
    const auto version = [](const MetricsText& text) {
        for (const auto& family : text.families()) {
            if (family.name == "bearergate_config_info") {
                return family.samples.at(0).labels.at("version");
            }
        }
        return std::string();
    };
    const std::string before = version(scrape());
    replace("gateway.yaml", "routes: [\n");
    ASSERT_TRUE(log_.wait_for_count("the configuration was not reloaded", 1));
    MetricsText text = scrape();
    EXPECT_EQ(text.value("bearergate_config_reload_failures_total"), 1);
    EXPECT_EQ(text.value("bearergate_config_last_reload_successful"), 0);
    EXPECT_EQ(version(text), before);
    replace("gateway.yaml", configuration("  GET /b: { access: public, upstream: two }\n"));
    ASSERT_TRUE(reloaded(1));
    text = scrape();
    EXPECT_EQ(text.value("bearergate_config_reload_failures_total"), 1);
    EXPECT_EQ(text.value("bearergate_config_last_reload_successful"), 1);
    EXPECT_NE(version(text), before);
}

// A label for each of what clients send would fill a monitoring system's memory.
TEST_F(ServerMetrics, NothingOfARequestBecomesALabel) {
    serve(configuration(routes));
    const auto series_of = [](const MetricsText& text) {
        std::set<std::pair<std::string, MetricLabels>> series;
        for (const auto& family : text.families()) {
            for (const auto& sample : family.samples) series.emplace(sample.name, sample.labels);
        }
        return series;
    };
    const auto assault = [this](const std::string& mark) {
        ask(server_->ports().front(), {.method = mark, .target = "/open"});
        get("/" + mark);
        get("/items?" + mark);
        get("/items", mark);
        get("/items", issuer_.token(R"({"sub":")" + mark + R"(","scope":"read"})"));
        get("/items", issuer_.token(R"({"iss":")" + mark + R"(","scope":"read"})"));
        ask(server_->ports().front(),
            {.target = "/open",
             .headers = {
                 {"Host", mark + ".example"}, {"X-Request-Id", mark}, {"User-Agent", mark}}});
    };
    assault("FIRST");
    const auto before = series_of(scrape_after(7));
    assault("SECOND");
    EXPECT_EQ(series_of(scrape_after(14)), before);
    EXPECT_EQ(admin("/metrics").body.find("SECOND"), std::string::npos);
}

TEST_F(ServerMetrics, ManyScrapesAtOnceAreAllAnswered) {
    serve(configuration(routes));
    get("/open");
    scrape_after(1);
    std::atomic<int> good = 0;
    std::vector<std::thread> scrapers;
    for (int i = 0; i < 16; ++i) {
        scrapers.emplace_back([&] {
            for (int turn = 0; turn < 8; ++turn) {
                good += allowed(scrape(), "GET /open") == 1 ? 1 : 0;
            }
        });
    }
    for (std::thread& scraper : scrapers) scraper.join();
    EXPECT_EQ(good, 16 * 8);
}

}  // namespace
}  // namespace bearergate::test
