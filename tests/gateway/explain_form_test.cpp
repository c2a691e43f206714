// The form's question, and everybody else's that looks like it.

#include <bearergate/config/load.hpp>
#include <bearergate/gateway/explain_form.hpp>

#include "support/authenticate.hpp"
#include "support/test_issuer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

namespace bearergate::gateway {
namespace {

using net::HttpAnswer;
using net::HttpQuestion;
using nlohmann::json;
using std::chrono::milliseconds;
using test::Issuer;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::shared_ptr<const Snapshot> snapshot_of(const std::string& text) {
    auto result = config::load(text, "bearergate.yaml",
                               {.environment = [](const std::string&) { return std::nullopt; }});
    if (!result.loaded) throw std::runtime_error("no configuration");
    return make_snapshot(std::move(*result.loaded), 1);
}

class ExplainFormTest : public testing::Test {
protected:
    ExplainFormTest() {
        ground_ = {.snapshot = snapshot_of("issuer: https://issuer.example/oidc\n"
                                           "audience: https://api.example\n"
                                           "upstream: http://127.0.0.1:1\n"
                                           "routes:\n"
                                           "  GET /healthz: public\n"
                                           "  GET /items: { scopes: [read:items] }\n"
                                           "  GET /later: { scopes: [never], mode: shadow }\n"
                                           "  GET /small: { access: public, body_bytes: 10B }\n"),
                   .keys = std::make_shared<const core::KeyRing>(
                       core::KeyRing{test::keys_of(issuer_.jwks())}),
                   .now = test::at(Issuer::issued_at + 60)};
    }
    static HttpQuestion question(const std::string& body) {
        return {.peer = "127.0.0.1",
                .method = "POST",
                .target = "/explain",
                .fields = {{"Host", "127.0.0.1:9901"},
                           {"Origin", "http://127.0.0.1:9901"},
                           {"Sec-Fetch-Site", "same-origin"},
                           {"Content-Type", "application/json"}},
                .body = body};
    }
    static void set(HttpQuestion& question, const std::string& name, const std::string& value) {
        std::erase_if(question.fields, [&](const auto& field) { return field.first == name; });
        if (!value.empty()) question.fields.emplace_back(name, value);
    }
    HttpAnswer ask(const HttpQuestion& question) {
        ground_.steady_now += std::chrono::seconds(1);
        return form_.answer(question);
    }
    json explained(const json& request) {
        const HttpAnswer answer = ask(question(request.dump()));
        EXPECT_EQ(answer.status, 200U) << answer.body;
        return json::parse(answer.body);
    }
    static std::string outcome_of(const json& explanation, int number) {
        for (const json& check : explanation["checks"]) {
            if (check["number"] == number) return check["outcome"];
        }
        return "";
    }

    const std::string good_ = R"({"method":"GET","url":"/items"})";
    Issuer issuer_{};
    ExplainGround ground_{.steady_now = net::SteadyTime(std::chrono::hours(1))};
    ExplainForm form_{[this] { return ground_; }};
};

// ---- What it answers

TEST_F(ExplainFormTest, ShowsEveryCheckTheRuleAndTheAnswer) {
    const json explanation = explained(
        {{"method", "GET"}, {"url", "/items"}, {"token", issuer_.token(R"({"scope":"other"})")}});
    EXPECT_EQ(explanation["verdict"], "Refused: scope_missing.");
    EXPECT_EQ(explanation["passes"], false);
    EXPECT_EQ(explanation["is_forwarded"], false);
    EXPECT_EQ(explanation["route"],
              (json{{"pattern", "GET /items"}, {"file", "bearergate.yaml"}, {"line", 6}}));
    EXPECT_EQ(explanation["checks"].size(), 18U);
    EXPECT_EQ(outcome_of(explanation, 15), "passed");
    EXPECT_EQ(outcome_of(explanation, 16), "failed");
    EXPECT_THAT(explanation["checks"][16]["compared"].dump(),
                HasSubstr("the route wants all of read:items"));
    EXPECT_EQ(explanation["answer"][0], "HTTP/1.1 403 Forbidden");
    const json too_large =
        explained({{"method", "GET"}, {"url", "/small"}, {"headers", {"Content-Length: 11"}}});
    EXPECT_EQ(too_large["verdict"], "Refused: body_too_large.");
    EXPECT_EQ(outcome_of(too_large, 17), "failed");
}

TEST_F(ExplainFormTest, SaysWhatTheUpstreamWouldGet) {
    const json explanation = explained({{"method", "GET"},
                                        {"url", "https://api.example/items?x=1"},
                                        {"headers", {"X-Any: thing"}},
                                        {"token", issuer_.token(R"({"scope":"read:items"})")}});
    EXPECT_EQ(explanation["verdict"], "Allowed.");
    EXPECT_EQ(explanation["passes"], true);
    EXPECT_EQ(explanation["is_forwarded"], true);
    EXPECT_THAT(explanation["answer"].dump(), HasSubstr("X-Auth-Subject: ada"));
    const json shadow = explained({{"method", "GET"}, {"url", "/later"}});
    EXPECT_EQ(shadow["passes"], false);
    EXPECT_EQ(shadow["is_forwarded"], true);
    const json nowhere = explained({{"method", "GET"}, {"url", "/nowhere"}});
    EXPECT_EQ(nowhere["route"], nullptr);
    EXPECT_EQ(outcome_of(nowhere, 16), "not reached");
}

TEST_F(ExplainFormTest, KeysThatAreNotThereAreNotFetched) {
    ground_.keys = std::make_shared<const core::KeyRing>(1);
    const json request = {{"method", "GET"}, {"url", "/items"}, {"token", issuer_.token()}};
    EXPECT_EQ(explained(request)["verdict"], "Refused: keys_unavailable.");
    ground_.keys =
        std::make_shared<const core::KeyRing>(core::KeyRing{test::keys_of(Issuer().jwks())});
    EXPECT_THAT(explained(request)["verdict"], StartsWith("Refused: "));
}

TEST_F(ExplainFormTest, NeverGivesBackAToken) {
    const std::string good = issuer_.token(R"({"scope":"read:items"})");
    for (const std::string& token : {good, issuer_.token(), test::with_flipped_signature(good, 5),
                                     "x." + good, std::string("opaque-secret-token")}) {
        const HttpAnswer answer =
            ask(question(json{{"method", "GET"}, {"url", "/items"}, {"token", token}}.dump()));
        EXPECT_EQ(answer.status, 200U);
        EXPECT_THAT(answer.body, Not(HasSubstr(token.substr(token.rfind('.') + 1))));
    }
    for (const json& request :
         {json{{"method", "GET"}, {"url", "/items"}, {"headers", {good}}},
          json{{"method", "GET"}, {"url", good}}, json{{"method", good}, {"url", "/items"}},
          json{{"method", "GET"}, {"url", "/items"}, {"token", good + "\r\nX: y"}},
          json{{"method", "GET"}, {"url", "/items"}, {"token", {good}}},
          json{{"method", "GET"}, {"url", "/items"}, {good, ""}}}) {
        const HttpAnswer answer = ask(question(request.dump()));
        EXPECT_THAT(answer.body, Not(HasSubstr(good.substr(good.rfind('.') + 1))));
    }
}

TEST_F(ExplainFormTest, SaysWhatIsWrongWithARequestThatNobodyCouldSend) {
    const HttpAnswer answer = ask(question(R"({"method":"GET","url":"items"})"));
    EXPECT_EQ(answer.status, 422U);
    EXPECT_THAT(answer.body, HasSubstr("must be a path"));
    EXPECT_EQ(ask(question(R"({"method":"GET","url":"/","headers":["none"]})")).status, 422U);
}

// ---- Whom it answers

TEST_F(ExplainFormTest, AnswersOnlyPagesOfItsOwnOrigin) {
    const struct {
        const char *site, *origin, *host;
        bool answers;
    } cases[] = {
        {"same-origin", "http://127.0.0.1:9901", "127.0.0.1:9901", true},
        {"same-origin", "", "127.0.0.1:9901", true},
        {"", "http://10.0.0.1:9901", "10.0.0.1:9901", true},  // no Sec-Fetch-* outside loopback
        {"", "https://gateway.internal", "gateway.internal", true},
        {"", "", "127.0.0.1:9901", false},
        {"cross-site", "", "127.0.0.1:9901", false},
        {"cross-site", "http://127.0.0.1:9901", "127.0.0.1:9901", false},
        {"same-site", "", "127.0.0.1:9901", false},
        {"none", "", "127.0.0.1:9901", false},
        {"Same-Origin", "", "127.0.0.1:9901", false},
        {"same-origin", "http://evil.example", "127.0.0.1:9901", false},
        {"", "http://evil.example", "127.0.0.1:9901", false},
        {"", "null", "127.0.0.1:9901", false},
        {"", "http://127.0.0.1:8080", "127.0.0.1:9901", false},
        {"", "http://127.0.0.1:99011", "127.0.0.1:9901", false},
        {"", "http://127.0.0.1:9901.evil.example", "127.0.0.1:9901", false},
        {"", "ftp://127.0.0.1:9901", "127.0.0.1:9901", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.site) + " " + c.origin);
        HttpQuestion asked = question(good_);
        set(asked, "Sec-Fetch-Site", c.site);
        set(asked, "Origin", c.origin);
        set(asked, "Host", c.host);
        EXPECT_EQ(ask(asked).status, c.answers ? 200U : 403U);
    }
    for (const char* twice : {"Sec-Fetch-Site", "Origin"}) {
        HttpQuestion asked = question(good_);
        asked.fields.emplace_back(twice, asked.value(twice));
        EXPECT_EQ(ask(asked).status, 403U);
    }
}

// What a form of another page could send without asking first.
TEST_F(ExplainFormTest, TakesNothingButJson) {
    for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded",
                             "multipart/form-data", "application/jsonp", "application/json-seq"}) {
        SCOPED_TRACE(type);
        HttpQuestion asked = question(good_);
        set(asked, "Content-Type", type);
        EXPECT_EQ(ask(asked).status, 415U);
    }
    for (const char* type : {"application/json; charset=utf-8", "Application/JSON"}) {
        HttpQuestion asked = question(good_);
        set(asked, "Content-Type", type);
        EXPECT_EQ(ask(asked).status, 200U);
    }
    HttpQuestion twice = question(good_);
    twice.fields.emplace_back("Content-Type", "application/json");
    EXPECT_EQ(ask(twice).status, 415U);
}

TEST_F(ExplainFormTest, TakesNothingThatTheFormDoesNotSend) {
    for (const std::string& body : std::vector<std::string>{
             "", "{", "[]", "null", "\"GET /items\"", R"({"method":"GET"})", R"({"url":"/items"})",
             R"({"method":"","url":"/items"})", R"({"method":1,"url":"/items"})",
             R"({"method":"GET","url":"/items","token":1})",
             R"({"method":"GET","url":"/items","headers":"X: y"})",
             R"({"method":"GET","url":"/items","headers":[1]})",
             R"({"method":"GET","url":"/items","more":""})",
             R"({"method":"GET","method":"POST","url":"/items"})", good_ + "{}",
             R"({"method":"GET","url":"/items","headers":[[[[[]]]]]})",
             std::string(20'000, '[') + std::string(10'000, ']')}) {
        SCOPED_TRACE(body.substr(0, 60));
        EXPECT_EQ(ask(question(body)).status, 400U);
    }
    std::string many = R"({"method":"GET","url":"/items","headers":["A: b")";
    for (int i = 0; i < 100; ++i) many += R"(,"A: b")";
    EXPECT_EQ(ask(question(many + "]}")).status, 400U);
}

TEST_F(ExplainFormTest, TakesThirtyTwoKibibytesAndNotAByteMore) {
    const json request = {{"method", "GET"}, {"url", "/items"}, {"token", ""}};
    std::string body = request.dump();
    const std::size_t room = ExplainForm::longest_body - body.size();
    body.insert(body.size() - 2, std::string(room, 'a'));
    ASSERT_EQ(body.size(), 32U * 1024);
    EXPECT_EQ(ask(question(body)).status, 200U);
    body.insert(body.size() - 2, "a");
    EXPECT_EQ(ask(question(body)).status, 413U);
}

TEST_F(ExplainFormTest, ExplainsFiveTimesASecond) {
    const HttpQuestion asked = question(good_);
    for (int i = 0; i < 5; ++i) {
        ground_.steady_now += milliseconds(10);
        EXPECT_EQ(form_.answer(asked).status, 200U);
    }
    HttpQuestion foreign = asked;
    set(foreign, "Sec-Fetch-Site", "cross-site");
    EXPECT_EQ(form_.answer(foreign).status, 403U);
    const HttpAnswer answer = form_.answer(asked);
    EXPECT_EQ(answer.status, 429U);
    EXPECT_EQ(answer.fields.back(), (std::pair<std::string, std::string>("Retry-After", "1")));
    ground_.steady_now += milliseconds(950);
    EXPECT_EQ(form_.answer(asked).status, 429U);
    ground_.steady_now += milliseconds(10);
    EXPECT_EQ(form_.answer(asked).status, 200U);
    EXPECT_EQ(form_.answer(asked).status, 429U);
}

TEST(Pace, AllowsSoManyInAnySecond) {
    Pace pace;
    net::SteadyTime now{};
    int allowed = 0;
    for (int i = 0; i < 10'000; ++i, now += milliseconds(1)) allowed += pace.allows(now) ? 1 : 0;
    EXPECT_EQ(allowed, 50);
    // Who has been refused is not kept out by asking on.
    now += milliseconds(1000);
    EXPECT_TRUE(pace.allows(now));
}

}  // namespace
}  // namespace bearergate::gateway
