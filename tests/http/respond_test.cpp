#include <bearergate/http/respond.hpp>

#include "reading.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace bearergate::http {
namespace {

using core::Reason;
using test::read_response;
using Json = nlohmann::ordered_json;

struct Answer {
    std::string bytes{};
    ResponseHead head{};
    Json body{};

    std::string value(std::string_view name) const {
        return std::string(head.value(name).value_or("(none)"));
    }
};

void read_answer(Answer& answer, Reason reason, const RefusalFacts& facts) {
    answer.bytes.clear();
    write_refusal(answer.bytes, reason, facts);
    const auto reading = read_response(answer.bytes, "GET", answer.head);
    ASSERT_TRUE(reading.accepted());
    const std::string body = answer.bytes.substr(reading.size);
    if (!facts.head_request) {
        ASSERT_EQ(answer.head.body.bytes, body.size());
        answer.body = Json::parse(body);
    } else {
        ASSERT_EQ(body, "");
    }
}

TEST(Refusal, LooksExactlyLikeThis) {
    core::Rule rule;
    rule.scopes = {"write:items"};
    std::string out = "kept";
    write_refusal(out, Reason::scope_missing,
                  {.keep_alive = true, .request_id = "r-1", .rule = &rule});
    const std::string_view text = core::refusal(Reason::scope_missing).description;
    const std::string body =
        "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,"
        "\"error\":\"insufficient_scope\",\"error_description\":\"" +
        std::string(text) +
        "\",\"reason\":\"scope_missing\",\"required_scopes\":[\"write:items\"],"
        "\"request_id\":\"r-1\"}\n";
    EXPECT_EQ(out,
              "keptHTTP/1.1 403 Forbidden\r\n"
              "Content-Type: application/problem+json\r\n"
              "Content-Length: " +
                  std::to_string(body.size()) +
                  "\r\nCache-Control: no-store\r\n"
                  "X-Content-Type-Options: nosniff\r\n"
                  "WWW-Authenticate: Bearer realm=\"bearergate\", error=\"insufficient_scope\", "
                  "error_description=\"" +
                  std::string(text) +
                  "\", scope=\"write:items\"\r\n"
                  "X-Request-Id: r-1\r\n\r\n" +
                  body);
}

TEST(Refusal, EveryReasonIsAWholeWellFormedAnswer) {
    for (std::size_t i = 0; i < core::reason_count; ++i) {
        const auto reason = static_cast<Reason>(i);
        const core::Refusal& row = core::refusal(reason);
        SCOPED_TRACE(row.name);
        for (const int minor : {0, 1}) {
            for (const bool keep_alive : {false, true}) {
                Answer answer;
                read_answer(answer, reason,
                            {.minor_version = minor, .keep_alive = keep_alive, .request_id = "id"});
                EXPECT_EQ(answer.head.status, row.status);
                EXPECT_EQ(answer.head.reason, status_text(row.status));
                EXPECT_NE(answer.head.reason, "");
                EXPECT_EQ(answer.body.at("status"), row.status);
                EXPECT_EQ(answer.body.at("title"), std::string(answer.head.reason));
                EXPECT_EQ(answer.body.at("reason"), row.name);
                EXPECT_EQ(answer.body.at("error_description"), row.description);
                EXPECT_EQ(answer.body.contains("error"), row.error != core::OAuthError::none);
                EXPECT_EQ(answer.body.at("request_id"), "id");
                EXPECT_EQ(answer.value("Cache-Control"), "no-store");
                EXPECT_EQ(answer.value("X-Content-Type-Options"), "nosniff");
                EXPECT_EQ(answer.value("Content-Type"), "application/problem+json");
                EXPECT_EQ(answer.head.count("WWW-Authenticate"), row.challenge ? 1U : 0U);
                EXPECT_EQ(answer.value("Retry-After"), row.status == 503 ? "1" : "(none)");
                EXPECT_EQ(answer.head.count("Allow"), row.status == 405 ? 1U : 0U);
                EXPECT_EQ(answer.value("Connection"), !keep_alive  ? "close"
                                                      : minor == 0 ? "keep-alive"
                                                                   : "(none)");
                EXPECT_EQ(answer.head.count("Date"), 0U);
            }
        }
    }
}

TEST(Refusal, TheChallengeSaysWhatTheTokenLacks) {
    const auto challenge = [](Reason reason, const core::Rule* rule = nullptr) {
        Answer answer;
        read_answer(answer, reason, {.rule = rule});
        return answer.value("WWW-Authenticate");
    };
    EXPECT_EQ(challenge(Reason::token_missing), "Bearer realm=\"bearergate\"");
    EXPECT_EQ(challenge(Reason::scheme_unsupported), "Bearer realm=\"bearergate\"");
    EXPECT_TRUE(challenge(Reason::token_expired)
                    .starts_with("Bearer realm=\"bearergate\", error=\"invalid_token\", "
                                 "error_description=\"The token has expired"));
    EXPECT_TRUE(challenge(Reason::credentials_ambiguous)
                    .starts_with("Bearer realm=\"bearergate\", error=\"invalid_request\", "));
    EXPECT_EQ(challenge(Reason::no_route), "(none)");
    EXPECT_EQ(challenge(Reason::keys_unavailable), "(none)");

    core::Rule rule;
    rule.scopes = {"read:a", "caf\xc3\xa9", "two words", "quo\"te", "back\\slash", "", "write:b"};
    rule.any_scope = {"x", "y"};
    EXPECT_TRUE(
        challenge(Reason::scope_missing, &rule).ends_with(", scope=\"read:a write:b x y\""));
    EXPECT_EQ(challenge(Reason::audience_mismatch, &rule).find("scope=\"read"), std::string::npos);
    rule.scopes = {"\x01"};
    rule.any_scope = {};
    EXPECT_EQ(challenge(Reason::scope_missing, &rule).find(", scope="), std::string::npos);
}

TEST(Refusal, NamesTheRoutesScopesToPeople) {
    core::Rule rule;
    rule.any_scope = {"a", "quo\"te", "back\\slash", "line\nbreak\x01\x7f", "<script>"};
    Answer answer;
    read_answer(answer, Reason::scope_missing, {.request_id = "\"\r\nX: y", .rule = &rule});
    EXPECT_FALSE(answer.body.contains("required_scopes"));
    EXPECT_EQ(answer.body.at("required_any_scope"), Json(rule.any_scope));
    EXPECT_EQ(answer.body.at("request_id"), "\"\r\nX: y");
    EXPECT_EQ(answer.head.count("X-Request-Id"), 0U);
    EXPECT_EQ(answer.head.count("X"), 0U);

    read_answer(answer, Reason::claim_mismatch, {.rule = &rule});
    EXPECT_FALSE(answer.body.contains("required_any_scope"));
    EXPECT_FALSE(answer.body.contains("request_id"));
}

TEST(Refusal, HeadGetsTheSameHeadAndNoBody) {
    Answer get;
    read_answer(get, Reason::token_missing, {.keep_alive = true, .request_id = "id"});
    Answer head;
    read_answer(head, Reason::token_missing,
                {.keep_alive = true, .head_request = true, .request_id = "id"});
    EXPECT_EQ(get.bytes.substr(0, head.bytes.size()), head.bytes);
    EXPECT_GT(get.bytes.size(), head.bytes.size());
}

TEST(Refusal, CarriesAllowDateAndCors) {
    Answer answer;
    read_answer(answer, Reason::method_not_allowed,
                {.allow = "GET, HEAD",
                 .cors = "Access-Control-Allow-Origin: https://a\r\nVary: Origin\r\n",
                 .date = "Sun, 06 Nov 1994 08:49:37 GMT"});
    EXPECT_EQ(answer.value("Allow"), "GET, HEAD");
    EXPECT_EQ(answer.value("Access-Control-Allow-Origin"), "https://a");
    EXPECT_EQ(answer.value("Vary"), "Origin");
    EXPECT_EQ(answer.value("Date"), "Sun, 06 Nov 1994 08:49:37 GMT");
    read_answer(answer, Reason::method_not_allowed, {});
    EXPECT_EQ(answer.value("Allow"), "") << "CONNECT: no method is allowed";
}

TEST(DateText, IsTheFixdateOfRfc9110) {
    using namespace std::chrono;
    const struct {
        sys_seconds time;
        std::string_view text;
    } cases[] = {
        {sys_days(1994y / November / 6) + 8h + 49min + 37s, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {sys_seconds{}, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {sys_days(2024y / February / 29) + 23h + 59min + 59s, "Thu, 29 Feb 2024 23:59:59 GMT"},
        {sys_days(2038y / January / 19) + 3h + 14min + 8s, "Tue, 19 Jan 2038 03:14:08 GMT"},
        {sys_days(2026y / December / 31) + 12h, "Thu, 31 Dec 2026 12:00:00 GMT"},
    };
    for (const auto& c : cases) EXPECT_EQ(date_text(c.time).view(), c.text);
}

TEST(Continue, IsOneLine) {
    std::string out;
    write_continue(out);
    EXPECT_EQ(out, "HTTP/1.1 100 Continue\r\n\r\n");
}

}  // namespace
}  // namespace bearergate::http
