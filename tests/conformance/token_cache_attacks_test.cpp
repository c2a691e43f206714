// Attacks on the memory of verified tokens, through requests: nothing that was once proved proves
// anything else, or longer than it should.
#include <bearergate/gateway/worker.hpp>

#include "fixture.hpp"
#include "support/authenticate.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

namespace {

using namespace bearergate;
using test::Fixture;
using Figures = gateway::Authenticator::Figures;

Figures figures_of(test::Gateway& gateway) {
    std::promise<Figures> promise;
    gateway.worker().gather(
        [&](const gateway::Worker::Figures& all) { promise.set_value(all.tokens); });
    return promise.get_future().get();
}

// TC-1
TEST(TokenCacheAttacks, TokensAlikeInAllButTheirScopeAreNotOne) {
    Fixture fixture;
    const std::string reader = fixture.token(R"({"jti":"same","scope":"read"})");
    const std::string admin = fixture.token(R"({"jti":"same","scope":"read admin"})");
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(fixture.outcome("/api/admin/x", admin), "ok");
        EXPECT_EQ(fixture.outcome("/api/admin/x", reader), "scope_missing");
        EXPECT_EQ(fixture.outcome("/api/echo", reader), "ok");
    }
}

// TC-2
TEST(TokenCacheAttacks, EveryRouteAsksForItsOwnAgain) {
    test::Witness witness;
    const test::Issuer issuer(Fixture::issuer_a);
    const test::Issuer other(Fixture::issuer_b);
    test::Gateway gateway(
        "issuers:\n  a: { issuer: \"" + issuer.issuer() + "\" }\n  b: { issuer: \"" +
            other.issuer() + "\" }\naudience: https://x.example\nupstream: " + witness.url() +
            "\nroutes:\n  GET /x: authenticated\n"
            "  GET /y: { audience: \"https://y.example\" }\n"
            "  GET /b: { issuer: b }\n"
            "  GET /s: { scopes: [write] }\n"
            "  GET /c: { claims: { role: admin } }\n"
            "  \"GET /o/{org}\": { organization: \"{org}\" }\n",
        {.keys = {{issuer.issuer(), issuer.jwks()}, {other.issuer(), other.jwks()}},
         .now = test::at(Fixture::now)});
    const std::string token = issuer.token(R"({"aud":"https://x.example","role":"user"})");
    const auto outcome = [&](const std::string& path) {
        return outcome_of(test::ask(
            gateway.port(), {.target = path, .headers = {{"Authorization", "Bearer " + token}}}));
    };
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(outcome("/x"), "ok");
        EXPECT_EQ(outcome("/y"), "audience_mismatch");
        EXPECT_EQ(outcome("/b"), "issuer_not_accepted");
        EXPECT_EQ(outcome("/s"), "scope_missing");
        EXPECT_EQ(outcome("/c"), "claim_mismatch");
        EXPECT_EQ(outcome("/o/acme"), "organization_missing");
    }
    EXPECT_EQ(figures_of(gateway).entries, 1U);
    EXPECT_GE(figures_of(gateway).hits, 10U);
}

// TC-3
TEST(TokenCacheAttacks, AHitIsHeldToTheClockTheKeysAndTheConfigurationOfNow) {
    Fixture fixture;
    const std::string token = fixture.token();
    const auto outcome = [&] { return fixture.outcome("/api/echo", token); };
    EXPECT_EQ(outcome(), "ok");
    EXPECT_EQ(outcome(), "ok");
    EXPECT_EQ(figures_of(fixture.gateway()).hits, 1U);

    const test::Issuer stranger(Fixture::issuer_a);
    fixture.gateway().use_keys({{Fixture::issuer_a, stranger.jwks()}});
    EXPECT_EQ(outcome(), "key_unknown");
    // The name alone is not the key: another one under it proves nothing.
    test::Issuer impostor(Fixture::issuer_a);
    impostor.key().use_id(fixture.issuer().key().id());
    fixture.gateway().use_keys({{Fixture::issuer_a, impostor.jwks()}});
    EXPECT_EQ(outcome(), "signature_invalid");
    fixture.gateway().use_keys({});
    EXPECT_EQ(outcome(), "keys_unavailable");
    fixture.gateway().use_keys({{Fixture::issuer_a, fixture.issuer().jwks()}});
    EXPECT_EQ(outcome(), "ok");

    std::string text = Fixture::configuration({.upstream = fixture.witness().url(), .server = ""});
    const std::string from = "ES256, RS256";
    text.replace(text.find(from), from.size(), "RS256");
    fixture.gateway().reload(text);
    EXPECT_EQ(outcome(), "alg_not_allowed");
}

// TC-4, TC-5
TEST(TokenCacheAttacks, NeitherGarbageNorManyGoodTokensDriveOutOrPileUp) {
    test::Witness witness;
    const test::Issuer issuer(Fixture::issuer_a);
    constexpr std::size_t places = 8;
    test::Gateway gateway(
        Fixture::configuration({.upstream = witness.url(), .server = "cache: 8"}),
        {.keys = {{issuer.issuer(), issuer.jwks()}}, .now = test::at(Fixture::now)});
    const auto token = [&](int number) {
        return issuer.token(R"({"aud":"api://gateway","scope":"read","client_id":null,"jti":")" +
                            std::to_string(number) + "\"}");
    };
    const auto outcome = [&](const std::string& text) {
        return outcome_of(
            test::ask(gateway.port(),
                      {.target = "/api/echo", .headers = {{"Authorization", "Bearer " + text}}}));
    };
    const std::string good = token(0);
    EXPECT_EQ(outcome(good), "ok");
    for (int i = 1; i <= 50; ++i) {
        EXPECT_EQ(outcome(test::with_flipped_signature(token(i), 9)), "signature_invalid");
    }
    EXPECT_EQ(figures_of(gateway).entries, 1U);
    EXPECT_EQ(outcome(good), "ok");
    EXPECT_EQ(figures_of(gateway).hits, 1U) << "driven out by what was refused";
    for (int i = 1; i <= 200; ++i) EXPECT_EQ(outcome(token(i)), "ok");
    EXPECT_LE(figures_of(gateway).entries, places);
}

// TC-6
TEST(TokenCacheAttacks, AnotherSpellingOfARememberedTokenIsRefused) {
    Fixture fixture;
    const std::string token = fixture.token();
    EXPECT_EQ(fixture.outcome("/api/echo", token), "ok");
    // Of the last of 86 characters four bits are to spare.
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string twin = token;
    twin.back() = alphabet[alphabet.find(twin.back()) | 1U];
    ASSERT_NE(twin, token);
    for (const std::string& text : {twin, token + "=", token + "==", token + ".", "." + token}) {
        EXPECT_EQ(fixture.outcome("/api/echo", text), "token_malformed") << text;
    }
    EXPECT_EQ(figures_of(fixture.gateway()).hits, 0U);
    EXPECT_EQ(figures_of(fixture.gateway()).entries, 1U);
}

}  // namespace
