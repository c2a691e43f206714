// Checks 8 to 13a from a token's text to what it proves: their order, and whose settings apply.
#include "support/authenticate.hpp"

#include <bearergate/core/authorize.hpp>

#include "support/test_issuer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace bearergate;
using core::Algorithm;
using test::at;
using test::authenticate;
using test::Issuer;
using test::outcome;

constexpr double now = Issuer::issued_at + 60;

// Two issuers that differ in everything a check may look at.
class Authenticate : public testing::Test {
protected:
    Authenticate() {
        policy.issuers.push_back({.name = "first",
                                  .issuer = first().issuer(),
                                  .algorithms = {Algorithm::es256, Algorithm::rs256}});
        policy.issuers.push_back({.name = "second",
                                  .issuer = second().issuer(),
                                  .algorithms = {Algorithm::eddsa},
                                  .token_type = std::nullopt});
        policy.identity = core::default_identity_headers();
        keys = {test::keys_of(first().jwks()), test::keys_of(second().jwks())};
    }

    static const Issuer& first() {
        static const Issuer issuer("https://first.example", Algorithm::es256, "k1");
        return issuer;
    }
    static const Issuer& second() {
        static const Issuer issuer("https://second.example", Algorithm::eddsa, "k1");
        return issuer;
    }

    std::string result(std::string_view token, double when = now) const {
        return outcome(authenticate(token, policy, keys, at(when)));
    }

    core::Policy policy;
    core::KeyRing keys;
};

TEST_F(Authenticate, AGoodTokenTellsWhoIsAsking) {
    const auto token = authenticate(first().token(R"({"scope":"a b","organization_id":"o1"})"),
                                    policy, keys, at(now));
    ASSERT_TRUE(token.has_value());
    EXPECT_EQ(token->issuer, 0U);
    EXPECT_EQ(token->claims.subject, "ada");
    EXPECT_EQ(token->claims.issuer, "https://first.example");
    EXPECT_EQ(token->claims.scopes, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(token->key, keys[0].set->keys().front().thumbprint);
    EXPECT_EQ(token->identity,
              core::IdentityLines(
                  core::default_identity_headers(),
                  {"ada", "app", "o1", "a b", "https://api.example", "https://first.example"}));
}

TEST_F(Authenticate, EachIssuerHasItsOwnSettings) {
    EXPECT_EQ(result(second().token()), "ok");
    EXPECT_EQ(result(second().token_with_header(R"({"typ":"JWT"})")), "ok");
    EXPECT_EQ(result(first().token_with_header(R"({"typ":"JWT"})")), "typ_not_allowed");
    // What the other issuer allows is not allowed here.
    const auto own_algorithm = second().token(R"({"iss":"https://first.example"})");
    EXPECT_EQ(result(own_algorithm), "alg_not_allowed");
}

TEST_F(Authenticate, AnIssuersKeySpeaksForNobodyElse) {
    policy.issuers[1].algorithms = core::AlgorithmSet::all();
    const auto foreign = first().token(R"({"iss":"https://second.example"})");
    EXPECT_EQ(result(foreign), "key_unknown");  // same kid, but no key of that type
    keys[1] = test::keys_of(Issuer("x", Algorithm::es256, "k1").jwks());
    EXPECT_EQ(result(foreign), "signature_invalid");
}

TEST_F(Authenticate, RefusesInTheOrderOfTheChecks) {
    // Each token has every fault that comes after the one it is refused for.
    const std::string rest = R"("sub":7,"cnf":{}})";
    const struct {
        const char* reason;
        std::string token;
    } cases[]{
        {"token_malformed", "a.b.c"},
        {"alg_not_allowed",
         first().token_with_header(R"({"alg":"none","crit":["x"],"typ":"JWT","kid":"?"})",
                                   R"({"iss":"https://nobody.example","exp":"x",)" + rest)},
        {"crit_unsupported",
         first().token_with_header(R"({"crit":["x"],"typ":"JWT","kid":"?"})",
                                   R"({"iss":"https://nobody.example","exp":"x",)" + rest)},
        {"typ_not_allowed",
         first().token_with_header(R"({"typ":"JWT","kid":"?"})", R"({"exp":"x",)" + rest)},
        {"issuer_unknown",
         first().token_with_header(R"({"kid":"?"})",
                                   R"({"iss":"https://nobody.example","exp":"x",)" + rest)},
        {"claim_invalid", first().token_with_header(R"({"kid":"?"})", R"({"exp":"x",)" + rest)},
        {"token_expired", first().token_with_header(R"({"kid":"?"})", R"({"exp":1,)" + rest)},
        {"key_unknown", first().token_with_header(R"({"kid":"?"})", "{" + rest)},
        {"signature_invalid", test::with_flipped_signature(first().token("{" + rest), 0)},
        {"claim_invalid", first().token("{" + rest)},
        {"sender_constrained", first().token(R"({"cnf":{}})")},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.token);
        EXPECT_EQ(result(c.token), c.reason);
    }
}

TEST_F(Authenticate, AnUnknownIssuersTokenIsHeldToWhatSomeIssuerAllows) {
    const Issuer nobody("https://nobody.example", Algorithm::es384);
    EXPECT_EQ(result(nobody.token()), "alg_not_allowed");
    EXPECT_EQ(result(test::unsigned_token(nobody.payload())), "alg_not_allowed");
    const Issuer allowed("https://nobody.example", Algorithm::eddsa);
    EXPECT_EQ(result(allowed.token()), "issuer_unknown");
    EXPECT_EQ(result(allowed.token_with_header(R"({"typ":"JWT"})")), "issuer_unknown");
}

TEST_F(Authenticate, TheIssuerIsComparedByteForByte) {
    for (const char* iss :
         {R"({"iss":null})", R"({"iss":""})", R"({"iss":"https://first.example/"})",
          R"({"iss":"HTTPS://first.example"})", R"({"iss":"https://first.example\u0000"})",
          R"({"iss":["https://first.example"]})", R"({"iss":7})", R"({"iss":"https://first"})"}) {
        SCOPED_TRACE(iss);
        EXPECT_EQ(result(first().token(iss)), "issuer_unknown");
    }
}

TEST_F(Authenticate, SizeIsCheckedBeforeAnythingElse) {
    const std::string token = first().token();
    policy.token_bytes = token.size();
    EXPECT_EQ(result(token), "ok");
    policy.token_bytes = token.size() - 1;
    EXPECT_EQ(result(token), "token_too_large");
    EXPECT_EQ(result(std::string(token.size(), '.')), "token_too_large");
}

TEST_F(Authenticate, TellsMissingKeysFromUnknownOnes) {
    const std::string token = first().token();
    keys[0].set = nullptr;
    EXPECT_EQ(result(token), "keys_unavailable");
    keys.clear();
    EXPECT_EQ(result(token), "keys_unavailable");
}

TEST_F(Authenticate, ATokenExpiresAndBeginsWithinTheSkew) {
    const double skew = 30;
    const std::string token = first().token();
    EXPECT_EQ(result(token, Issuer::expires_at + skew - 1), "ok");
    EXPECT_EQ(result(token, Issuer::expires_at + skew), "token_expired");
    EXPECT_EQ(result(token, Issuer::issued_at - skew), "ok");
    EXPECT_EQ(result(token, Issuer::issued_at - skew - 1), "token_not_yet_valid");
}

TEST_F(Authenticate, NoSpoiltTokenPasses) {
    const std::string token = first().token();
    for (std::size_t bit = 0; bit < 512; ++bit) {
        ASSERT_EQ(result(test::with_flipped_signature(token, bit)), "signature_invalid") << bit;
    }
    EXPECT_EQ(result(test::with_payload(token, first().payload(R"({"sub":"eve"})"))),
              "signature_invalid");
    EXPECT_EQ(result(test::with_signature(token, "")), "signature_invalid");
    EXPECT_EQ(result(test::with_signature(token, std::string(64, '\0'))), "signature_invalid");
    EXPECT_EQ(result(test::unsigned_token(first().payload())), "alg_not_allowed");
    EXPECT_EQ(result(Issuer(first().issuer(), Algorithm::es256, "k1").token()),
              "signature_invalid");
}

TEST_F(Authenticate, KeysInTheHeaderAreNeverLookedAt) {
    const Issuer attacker(first().issuer(), Algorithm::es256, "k1");
    const std::string embedded = R"({"jwk":)" + attacker.key().public_jwk() + "}";
    EXPECT_EQ(result(attacker.token_with_header(embedded)), "signature_invalid");
    EXPECT_EQ(result(first().token_with_header(embedded)), "ok");
    EXPECT_EQ(result(first().token_with_header(R"({"jku":"https://evil.example/","x5u":1,)"
                                               R"("x5c":["AAAA"]})")),
              "ok");
}

TEST_F(Authenticate, FactsOutliveTheMoveOfTheToken) {
    const std::string token = first().token();
    auto examined = core::examine(token, policy, at(now));
    ASSERT_TRUE(examined.has_value());
    const core::Examined moved = std::move(*examined);
    EXPECT_EQ(moved.header.key_id, "k1");
    EXPECT_EQ(moved.issuer, 0U);
    EXPECT_EQ(moved.times.expires_at, at(Issuer::expires_at));
}

}  // namespace
