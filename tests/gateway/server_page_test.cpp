// The status page of a running gateway: what its events and its form say of live traffic.

#include "gateway/event_reader.hpp"
#include "gateway/reloading.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>

namespace bearergate::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* routes =
    "  GET /open: { access: public, upstream: one }\n"
    "  GET /items: { scopes: [read], upstream: one }\n"
    "  GET /later: { scopes: [read], upstream: one, mode: shadow }\n";

class ServerPage : public Reloading {
protected:
    // The first event that is so; null after as many as come in a good while.
    static json event_when(EventReader& reader, const std::function<bool(const json&)>& so) {
        for (int i = 0; i < 20; ++i) {
            json event = reader.next();
            if (event.is_null() || so(event)) return event;
        }
        return nullptr;
    }
    static json route_of(const json& event, const std::string& pattern) {
        for (const json& route : event["routes"]) {
            if (route["pattern"] == pattern) return route;
        }
        return nullptr;
    }
    Reply explain(const json& request) const {
        return ask(server_->admin_port(), {.method = "POST",
                                           .target = "/explain",
                                           .headers = {{"Content-Type", "application/json"},
                                                       {"Sec-Fetch-Site", "same-origin"}},
                                           .body = request.dump()});
    }
};

TEST_F(ServerPage, TellsOfTrafficAsItFlows) {
    serve(configuration(routes));
    EventReader reader(server_->admin_port());
    const json before = reader.next();
    EXPECT_EQ(route_of(before, "GET /items")["allowed"], 0);
    const std::string token = issuer_.token(R"({"scope":"read"})");
    for (int i = 0; i < 32; ++i) EXPECT_EQ(get("/items", token).status, 200);
    EXPECT_EQ(get("/items?access_token=" + token).status, 401);
    EXPECT_EQ(get("/later").status, 200);
    EXPECT_EQ(get("/elsewhere").status, 404);
    const json event =
        event_when(reader, [](const json& e) { return e["unrouted"]["refused"].size() == 1; });
    ASSERT_FALSE(event.is_null());
    EXPECT_EQ(route_of(event, "GET /items")["allowed"], 32);
    EXPECT_EQ(route_of(event, "GET /items")["refused"], (json{{"token_missing", 1}}));
    EXPECT_EQ(route_of(event, "GET /later")["would_deny"], (json{{"token_missing", 1}}));
    EXPECT_EQ(event["unrouted"]["refused"], (json{{"no_route", 1}}));
    EXPECT_EQ(event["gateway"]["state"], "ready");
    EXPECT_EQ(event["issuers"][0]["usable"], true);

    EventReader late(server_->admin_port());
    const json whole = late.next();
    EXPECT_EQ(whole["refusals"].size(), 3U);
    EXPECT_THAT(whole.dump(), HasSubstr(R"("path":"/items")"));
    EXPECT_THAT(whole.dump(), Not(HasSubstr("access_token")));
    EXPECT_THAT(whole.dump(), Not(HasSubstr(token.substr(0, 20))));
    double seen = 0;
    for (const json& sample : whole["samples"]) seen += sample[1].get<double>();
    EXPECT_GT(seen, 0) << "what went by before the page was opened";
}

TEST_F(ServerPage, TellsOfReloads) {
    serve(configuration(routes));
    EventReader reader(server_->admin_port());
    const json before = reader.next();
    replace("gateway.yaml", configuration("  GET /orgs/{orgId}: { upstream: one, scopes: [a] }\n"));
    json event =
        event_when(reader, [](const json& e) { return e["configuration"]["reloads"] == 1; });
    ASSERT_FALSE(event.is_null());
    EXPECT_NE(event["configuration"]["version"], before["configuration"]["version"]);
    ASSERT_EQ(event["configuration"]["warnings"].size(), 1U);
    EXPECT_THAT(event["configuration"]["warnings"][0].dump(), HasSubstr("orgId"));
    EXPECT_EQ(event["routes"].size(), 1U);

    replace("gateway.yaml", "routes: { GET /: publik }\n");
    event = event_when(
        reader, [](const json& e) { return e["configuration"]["last_reload_failed"] == true; });
    ASSERT_FALSE(event.is_null());
    EXPECT_THAT(event["configuration"]["reload_errors"].dump(), HasSubstr("publik"));
    EXPECT_EQ(event["routes"].size(), 1U) << "the one before stays";

    replace("gateway.yaml", configuration(routes, ", cache: 5"));
    event = event_when(
        reader, [](const json& e) { return e["configuration"]["last_reload_failed"] == false; });
    EXPECT_THAT(event["configuration"]["warnings"].dump(), HasSubstr("shadow"));
}

TEST_F(ServerPage, ExplainsWithTheKeysAndTheConfigurationInUse) {
    serve(configuration(routes));
    const std::string token = issuer_.token(R"({"scope":"read"})");
    get("/items", token);  // waits for the first read of the keys
    const json request = {{"method", "GET"}, {"url", "/items"}, {"token", token}};
    Reply reply = explain(request);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
    EXPECT_EQ(json::parse(reply.body)["verdict"], "Allowed.");
    EXPECT_EQ(json::parse(reply.body)["route"]["line"], 8);

    replace("gateway.yaml", configuration("  GET /items: { scopes: [write], upstream: one }\n"));
    ASSERT_TRUE(reloaded(1));
    reply = explain(request);
    EXPECT_EQ(json::parse(reply.body)["verdict"], "Refused: scope_missing.");
    EXPECT_THAT(reply.body, Not(HasSubstr(token.substr(token.rfind('.') + 1))));
    EXPECT_FALSE(log_.has(token.substr(token.rfind('.') + 1)));
    EXPECT_FALSE(log_.has("explain"));
    EXPECT_EQ(one_.requests().size(), 1U) << "nothing that is explained is forwarded";
}

TEST_F(ServerPage, IsThereForWhomTheConfigurationSays) {
    serve(configuration(routes));
    EXPECT_EQ(admin("/").status, 200);
    std::string off = configuration(routes);
    off.replace(off.find("admin: { "), 9, "admin: { page: \"off\", ");
    replace("gateway.yaml", off);
    ASSERT_TRUE(reloaded(1));
    for (const char* path : {"/", "/page.js", "/events"}) EXPECT_EQ(admin(path).status, 404);
    EXPECT_EQ(explain({{"method", "GET"}, {"url", "/items"}}).status, 404);
    EXPECT_EQ(admin("/metrics").status, 200);
}

TEST_F(ServerPage, ShowsHowItDrainsAndHoldsNothingUp) {
    serve(configuration(routes));
    EventReader reader(server_->admin_port());
    Connection half(server_->ports().front());
    ASSERT_TRUE(half.send("GET /open HTTP/1.1\r\n"));
    ASSERT_FALSE(
        event_when(reader, [](const json& e) { return e["now"]["connections"] >= 1; }).is_null());
    server_->drain();
    EXPECT_FALSE(event_when(reader, [](const json& e) {
                     return e["gateway"]["state"] == "draining";
                 }).is_null());
    ASSERT_TRUE(half.send("Host: x\r\n\r\n"));
    EXPECT_THAT(half.read_all(), HasSubstr("one /open"));
    server_->wait();
    EXPECT_TRUE(reader.ends());
}

}  // namespace
}  // namespace bearergate::test
