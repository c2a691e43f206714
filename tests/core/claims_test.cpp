// Checks 11 and 13a: times, and what a token says in which shape.
#include <bearergate/core/base64url.hpp>
#include <bearergate/core/claims.hpp>

#include "support/authenticate.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bearergate::core;
using bearergate::test::at;
using bearergate::test::outcome;
using Strings = std::vector<std::string>;

// A token of these claims. The text is kept for as long as the token.
struct Sample {
    explicit Sample(std::string_view payload)
        : text(encode_base64url(R"({"alg":"ES256"})") + "." + encode_base64url(payload) + "."),
          token(UnverifiedToken::parse(text).value()) {}
    std::string text;
    UnverifiedToken token;
};

// Good claims with `more` members in front.
std::string with(std::string_view more) {
    return "{" + std::string(more) + R"("iss":"i","exp":100})";
}
constexpr const char* sub_and_aud = R"("sub":"s","aud":"a",)";

std::string times_outcome(std::string_view payload) {
    return outcome(read_times(Sample(payload).token));
}

TEST(ReadTimes, TakesNumbersOfEveryForm) {
    const struct {
        const char* number;
        double seconds;
    } cases[]{
        {"0", 0},         {"-0", 0},       {"1700000000", 1.7e9}, {"1700000000.5", 1700000000.5},
        {"4.1e9", 4.1e9}, {"41E8", 4.1e9}, {"1e-400000", 0},      {"253402300799", 253402300799.0}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.number);
        const auto times = read_times(Sample(std::string(R"({"exp":)") + c.number + "}").token);
        ASSERT_TRUE(times.has_value());
        EXPECT_EQ(times->expires_at, at(c.seconds));
        EXPECT_FALSE(times->not_before || times->issued_at);
    }
}

TEST(ReadTimes, RefusesEverythingElse) {
    for (const char* value :
         {"null", "true", R"("1700000000")", R"("")", "[1700000000]", "{}", "-1", "-0.5",
          "253402300800", "253402300799.5", "1e308", "9223372036854775807", "9223372036854775808",
          "-9223372036854775808", "18446744073709551616", "99999999999999999999999999",
          "1700000000000"}) {
        SCOPED_TRACE(value);
        EXPECT_EQ(times_outcome(std::string(R"({"exp":)") + value + "}"), "claim_invalid");
        EXPECT_EQ(times_outcome(std::string(R"({"exp":1,"nbf":)") + value + "}"), "claim_invalid");
        EXPECT_EQ(times_outcome(std::string(R"({"exp":1,"iat":)") + value + "}"), "claim_invalid");
    }
    EXPECT_EQ(times_outcome("{}"), "claim_invalid");
    EXPECT_EQ(times_outcome(R"({"Exp":1,"EXP":1})"), "claim_invalid");
}

TEST(CheckTimes, HoldWithinTheSkewAndNotASecondLonger) {
    const TimeRules rules{.skew = std::chrono::seconds(30)};
    const TokenTimes times{.expires_at = at(1000), .not_before = at(500), .issued_at = at(400)};
    const struct {
        double now;
        const char* outcome;
    } cases[]{{469.9, "token_not_yet_valid"},
              {470, "ok"},
              {500, "ok"},
              {1000, "ok"},
              {1029.9, "ok"},
              {1030, "token_expired"},
              {2e11, "token_expired"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.now);
        EXPECT_EQ(outcome(check_times(times, rules, at(c.now))), c.outcome);
    }
}

TEST(CheckTimes, ATokenFromTheFutureIsNotYetValid) {
    const TimeRules rules{.skew = std::chrono::seconds(0)};
    EXPECT_EQ(outcome(check_times({.expires_at = at(1000), .issued_at = at(501)}, rules, at(500))),
              "token_not_yet_valid");
    EXPECT_EQ(outcome(check_times({.expires_at = at(1000), .issued_at = at(500)}, rules, at(500))),
              "ok");
    EXPECT_EQ(outcome(check_times({.expires_at = at(500)}, rules, at(500))), "token_expired");
    EXPECT_EQ(outcome(check_times({.expires_at = at(500)}, rules, at(499.999))), "ok");
}

TEST(CheckTimes, LimitALifetimeThatMustBeTold) {
    const TimeRules rules{.max_lifetime = std::chrono::seconds(3600)};
    const auto life = [&](std::optional<WallTime> issued_at) {
        return outcome(
            check_times({.expires_at = at(4000), .issued_at = issued_at}, rules, at(1000)));
    };
    EXPECT_EQ(life(at(400)), "ok");
    EXPECT_EQ(life(at(399)), "claim_invalid");
    EXPECT_EQ(life(std::nullopt), "claim_invalid");
    EXPECT_EQ(life(at(0)), "claim_invalid");
}

TEST(ReadClaims, AreWhatTheTokenSays) {
    const Sample sample(R"({"iss":"i","sub":"s","aud":["a","b"],"exp":100,"iat":5,"nbf":6,)"
                        R"("scope":"x y","client_id":"c","organization_id":"o","role":"r"})");
    const auto claims = read_claims(sample.token, {});
    ASSERT_TRUE(claims.has_value());
    EXPECT_EQ(claims->issuer, "i");
    EXPECT_EQ(claims->subject, "s");
    EXPECT_EQ(claims->audience, (Strings{"a", "b"}));
    EXPECT_EQ(claims->scopes, (Strings{"x", "y"}));
    EXPECT_EQ(claims->client, "c");
    EXPECT_EQ(claims->organization, "o");
    EXPECT_EQ(claims->times.expires_at, at(100));
    EXPECT_EQ(claims->times.not_before, at(6));
    EXPECT_EQ(claims->times.issued_at, at(5));
    EXPECT_EQ(claims->all.at("role").string(), "r");
}

TEST(ReadClaims, MayLackWhatIsOptional) {
    const Sample sample(with(sub_and_aud));
    const auto claims = read_claims(sample.token, {});
    ASSERT_TRUE(claims.has_value());
    EXPECT_TRUE(claims->scopes.empty());
    EXPECT_FALSE(claims->client || claims->organization);
}

TEST(ReadClaims, RefuseWrongShapes) {
    const struct {
        const char* members;
        const char* reason;
    } cases[]{
        {R"("aud":"a",)", "claim_invalid"},
        {R"("aud":"a","sub":"",)", "claim_invalid"},
        {R"("aud":"a","sub":null,)", "claim_invalid"},
        {R"("aud":"a","sub":7,)", "claim_invalid"},
        {R"("aud":"a","sub":["s"],)", "claim_invalid"},
        {R"("sub":"s",)", "claim_invalid"},
        {R"("sub":"s","aud":null,)", "claim_invalid"},
        {R"("sub":"s","aud":7,)", "claim_invalid"},
        {R"("sub":"s","aud":true,)", "claim_invalid"},
        {R"("sub":"s","aud":{},)", "claim_invalid"},
        {R"("sub":"s","aud":["a",7],)", "claim_invalid"},
        {R"("sub":"s","aud":[["a"]],)", "claim_invalid"},
        {R"("sub":"s","aud":[null],)", "claim_invalid"},
        {R"("sub":"s","aud":"a","scope":null,)", "claim_invalid"},
        {R"("sub":"s","aud":"a","scope":7,)", "claim_invalid"},
        {R"("sub":"s","aud":"a","scope":{},)", "claim_invalid"},
        {R"("sub":"s","aud":"a","scope":["x",1],)", "claim_invalid"},
        {R"("sub":"s","aud":"a","client_id":null,)", "claim_invalid"},
        {R"("sub":"s","aud":"a","client_id":["c"],)", "claim_invalid"},
        {R"("sub":"s","aud":"a","organization_id":null,)", "claim_invalid"},
        {R"("sub":"s","aud":"a","organization_id":["o"],)", "claim_invalid"},
        {R"("sub":"s","aud":"a","organization_id":7,)", "claim_invalid"},
        {R"("sub":"s","aud":"a","cnf":{"jkt":"x"},)", "sender_constrained"},
        {R"("sub":"s","aud":"a","cnf":null,)", "sender_constrained"},
        {R"("sub":"s","aud":[],)", "ok"},
        {R"("sub":"s","aud":"",)", "ok"},
        {R"("sub":"s","aud":"a","organization_id":"",)", "ok"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.members);
        EXPECT_EQ(outcome(read_claims(Sample(with(c.members)).token, {})), c.reason);
    }
}

TEST(ReadClaims, NamesThatBecomeHeadersMustBeFitForOne) {
    const struct {
        std::string value;
        const char* reason;
    } cases[]{
        {"ada", "ok"},
        {"a, b; c=\\\"d\\\"", "ok"},
        {"a b", "ok"},
        {" a", "claim_invalid"},
        {"a ", "claim_invalid"},
        {" ", "claim_invalid"},
        {"a\\r\\nX-Admin: 1", "claim_invalid"},
        {"a\\n", "claim_invalid"},
        {"a\\u0000", "claim_invalid"},
        {"a\\tb", "claim_invalid"},
        {"a\\u007f", "claim_invalid"},
        {"J\\u00fcrgen", "claim_invalid"},
        {"J\xc3\xbcrgen", "claim_invalid"},
        {std::string(1024, 'a'), "ok"},
        {std::string(1025, 'a'), "claim_invalid"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.value.substr(0, 50));
        const auto claim = [&](const char* rest, const char* name) {
            const Sample sample(with(rest + std::string("\"") + name + "\":\"" + c.value + "\","));
            return outcome(read_claims(sample.token, {}));
        };
        EXPECT_EQ(claim(R"("aud":"a",)", "sub"), c.reason);
        EXPECT_EQ(claim(sub_and_aud, "client_id"), c.reason);
        EXPECT_EQ(claim(sub_and_aud, "organization_id"), c.reason);
    }
}

TEST(ReadClaims, OnlySpacesSeparateScopes) {
    const struct {
        const char* scope;
        Strings scopes;
    } cases[]{
        {R"("")", {}},
        {R"("   ")", {}},
        {R"("a")", {"a"}},
        {R"("  a   b ")", {"a", "b"}},
        {R"("a a")", {"a", "a"}},
        {R"("a\tb")", {"a\tb"}},
        {R"("a\nb")", {"a\nb"}},
        {R"("a,b")", {"a,b"}},
        {R"("a\u00a0b")",
         {"a\xc2\xa0"
          "b"}},
        {R"("read\u0000")", {std::string("read\0", 5)}},
        {R"("\"read\"")", {"\"read\""}},
        {R"([])", {}},
        {R"(["a","b"])", {"a", "b"}},
        {R"(["a b"])", {"a b"}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.scope);
        const Sample sample(with(sub_and_aud + std::string(R"("scope":)") + c.scope + ","));
        EXPECT_EQ(read_claims(sample.token, {}).value().scopes, c.scopes);
    }
}

TEST(ReadClaims, GoByTheIssuersNames) {
    const ClaimNames names{.scope = {"scp"}, .organization = {"/tenant/id"}, .client = {"azp"}};
    const Sample sample(with(R"("sub":"s","aud":"a","scp":["x"],"tenant":{"id":"t"},"azp":"c",)"
                             R"("scope":7,"organization_id":7,"client_id":7,)"));
    const auto claims = read_claims(sample.token, names);
    ASSERT_TRUE(claims.has_value());
    EXPECT_EQ(claims->scopes, Strings{"x"});
    EXPECT_EQ(claims->organization, "t");
    EXPECT_EQ(claims->client, "c");
}

}  // namespace
