#include "desk.hpp"
#include "support/gate.hpp"
#include "support/starvation.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace bearergate::gateway {

namespace {

using namespace desk;
using core::Algorithm;
using test::at;

TEST(Authenticator, ProvesACheapSignatureAtOnceAndRemembersIt) {
    for (const Algorithm algorithm :
         {Algorithm::rs256, Algorithm::ps512, Algorithm::es256, Algorithm::eddsa}) {
        SCOPED_TRACE(core::name_of(algorithm));
        Desk d(algorithm);
        d.use_issuers_keys();
        const std::string token = d.issuer.token();
        Client first;
        ASSERT_EQ(d.begin(first, token), "ok");
        EXPECT_EQ((**first.known)->claims.subject, "ada");
        EXPECT_EQ(d.authenticator->figures().misses, 1u);
        Client second;
        ASSERT_EQ(d.begin(second, token), "ok");
        EXPECT_EQ(d.authenticator->figures().hits, 1u);
        EXPECT_EQ(*second.known, *first.known);
    }
}

TEST(Authenticator, RefusesWhatIsSpoiledAndRemembersNoneOfIt) {
    Desk d;
    d.use_issuers_keys();
    const std::string good = d.issuer.token();
    const test::Issuer stranger("https://stranger.example");
    const struct {
        const char* what;
        std::string token;
        const char* reason;
    } cases[] = {
        {"nothing", "", "token_malformed"},
        {"opaque", "3f9a", "token_opaque"},
        {"huge", std::string(9000, 'a'), "token_too_large"},
        {"one bit", test::with_flipped_signature(good, 77), "signature_invalid"},
        {"empty signature", test::with_signature(good, ""), "signature_invalid"},
        {"zero signature", test::with_signature(good, std::string(64, '\0')), "signature_invalid"},
        {"another payload", test::with_payload(good, d.issuer.payload(R"({"sub":"eve"})")),
         "signature_invalid"},
        {"alg none", test::unsigned_token(d.issuer.payload()), "alg_not_allowed"},
        {"padding", good + "=", "token_malformed"},
        {"five parts", good + ".a.b", "token_encrypted"},
        {"expired", d.issuer.token(R"({"exp":1600000000})"), "token_expired"},
        {"not yet", d.issuer.token(R"({"nbf":1800000000})"), "token_not_yet_valid"},
        {"of nobody", stranger.token(), "issuer_unknown"},
        {"no subject", d.issuer.token(R"({"sub":null})"), "claim_invalid"},
        {"bound to a key", d.issuer.token(R"({"cnf":{"jkt":"x"}})"), "sender_constrained"},
        {"crit", d.issuer.token_with_header(R"({"crit":["exp"]})"), "crit_unsupported"},
        {"an id token", d.issuer.token_with_header(R"({"typ":"JWT"})"), "typ_not_allowed"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(d.outcome(c.token), c.reason);
    }
    EXPECT_EQ(d.authenticator->figures().entries, 0u);
    EXPECT_EQ(d.authenticator->figures().hits, 0u);
    EXPECT_TRUE(d.asked.empty());
}

TEST(Authenticator, AHitIsHeldToTheClock) {
    Desk d;
    d.use_issuers_keys();
    const std::string token = d.issuer.token(R"({"nbf":1700000000})");
    ASSERT_EQ(d.outcome(token), "ok");
    const struct {
        double now;
        const char* outcome;
    } cases[] = {
        {test::Issuer::expires_at + 29, "ok"},
        {test::Issuer::expires_at + 31, "token_expired"},
        {test::Issuer::issued_at - 29, "ok"},
        {test::Issuer::issued_at - 31, "token_not_yet_valid"},
        {test::Issuer::issued_at + 60, "ok"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.now);
        d.now = at(c.now);
        EXPECT_EQ(d.outcome(token), c.outcome);
    }
    EXPECT_EQ(d.authenticator->figures().hits, 5u);
}

TEST(Authenticator, AHitIsHeldToTheKeysOfNow) {
    Desk d;
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    ASSERT_EQ(d.outcome(token), "ok");

    test::Issuer impostor("https://issuer.example/oidc", Algorithm::es256, d.issuer.key().id());
    d.use(test::keys_of(impostor.jwks()));
    EXPECT_EQ(d.outcome(token), "signature_invalid") << "the same kid, other key material";
    EXPECT_EQ(d.authenticator->figures().entries, 0u);

    d.use_issuers_keys();
    ASSERT_EQ(d.outcome(token), "ok");
    const test::Issuer next("https://issuer.example/oidc");
    d.use(test::keys_of(next.jwks()));
    EXPECT_EQ(d.outcome(token, false), "key_unknown") << "its key was taken out";

    d.use_issuers_keys();
    ASSERT_EQ(d.outcome(token), "ok");
    d.use({});
    EXPECT_EQ(d.outcome(token), "keys_unavailable") << "none any more";
    d.use_issuers_keys();
    EXPECT_EQ(d.outcome(token), "ok");
}

// What another worker, or this one after a restart, would say of the same bytes.
TEST(Authenticator, AHitIsHeldToWhatItsKeyIsGoodForNow) {
    Desk d(Algorithm::rs256);
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    const std::string jwks = d.issuer.jwks();
    const std::string id = d.issuer.key().id();
    const auto with = [&](const std::string& what, const std::string& now) {
        std::string text = jwks;
        text.replace(text.find(what), what.size(), now);
        return text;
    };
    for (const std::string& other :
         {with("\"alg\":\"RS256\"", "\"alg\":\"PS256\""), with(id, "renamed")}) {
        SCOPED_TRACE(other);
        d.use_issuers_keys();
        ASSERT_EQ(d.outcome(token), "ok");
        d.use(test::keys_of(other));
        EXPECT_EQ(d.outcome(token, false), "key_unknown");
        EXPECT_EQ(d.authenticator->figures().entries, 0u);
    }
}

TEST(Authenticator, AHitIsOfThePolicyThatItWasVerifiedUnder) {
    Desk d;
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    ASSERT_EQ(d.outcome(token), "ok");
    core::Policy stricter;
    stricter.issuers.push_back({.name = "main",
                                .issuer = d.issuer.issuer(),
                                .algorithms = core::AlgorithmSet{Algorithm::rs256}});
    d.snapshot = make_snapshot_of(std::move(stricter), 2);
    d.use(test::keys_of(d.issuer.jwks()), 2);
    EXPECT_EQ(d.outcome(token), "alg_not_allowed");
}

TEST(Authenticator, TokensThatDifferOnlyInScopeAreTwoTokens) {
    Desk d;
    d.use_issuers_keys();
    Client reader;
    Client writer;
    ASSERT_EQ(d.begin(reader, d.issuer.token(R"({"scope":"read"})")), "ok");
    ASSERT_EQ(d.begin(writer, d.issuer.token(R"({"scope":"read write"})")), "ok");
    EXPECT_EQ((**reader.known)->claims.scopes, std::vector<std::string>{"read"});
    EXPECT_EQ((**writer.known)->claims.scopes, (std::vector<std::string>{"read", "write"}));
    EXPECT_EQ(d.authenticator->figures().entries, 2u);
}

TEST(Authenticator, TheCacheIsBounded) {
    Desk d(Algorithm::es256, 1, 64, 10);
    d.use_issuers_keys();
    for (int i = 0; i < 50; ++i) ASSERT_EQ(d.outcome(d.token(i)), "ok");
    EXPECT_EQ(d.authenticator->figures().entries, 10u);
    EXPECT_EQ(d.authenticator->figures().evictions, 40u);

    Desk off(Algorithm::es256, 1, 64, 0);
    off.use_issuers_keys();
    const std::string token = off.issuer.token();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(off.outcome(token), "ok");
    EXPECT_EQ(off.authenticator->figures().entries, 0u);
    EXPECT_EQ(off.authenticator->figures().hits, 0u);
}

TEST(Authenticator, KeepsAPayloadOnlyForRoutesThatLookIntoIt) {
    for (const bool looks : {false, true}) {
        SCOPED_TRACE(looks);
        Desk d;
        core::Policy policy;
        policy.issuers.push_back({.name = "main", .issuer = d.issuer.issuer()});
        policy.routes.resize(2);
        if (looks) policy.routes[1].rule.claims.push_back({.claim = {"role"}});
        d.snapshot = make_snapshot_of(std::move(policy), 1);
        d.use_issuers_keys();
        Client client;
        ASSERT_EQ(d.begin(client, d.issuer.token(R"({"role":"admin"})")), "ok");
        EXPECT_EQ((**client.known)->claims.all.is_object(), looks);
    }
}

TEST(Authenticator, AnExpensiveSignatureIsProvedElsewhere) {
    for (const Algorithm algorithm : {Algorithm::es384, Algorithm::es512}) {
        SCOPED_TRACE(core::name_of(algorithm));
        Desk d(algorithm);
        d.use_issuers_keys();
        const std::string token = d.issuer.token();
        Client client;
        EXPECT_EQ(d.begin(client, token), "waits");
        EXPECT_EQ(d.authenticator->figures().waiting, 1u);
        ASSERT_TRUE(d.collect());
        EXPECT_EQ(client.signal.raised(), 1u);
        EXPECT_EQ(client.outcome(), "ok");
        EXPECT_EQ(d.outcome(token), "ok") << "and then a hit";
        EXPECT_EQ(d.authenticator->figures().hits, 1u);
        EXPECT_EQ(d.authenticator->figures().waiting, 0u);
    }
}

TEST(Authenticator, AnExpensiveSignatureThatIsWrongIsRefused) {
    Desk d(Algorithm::es384);
    d.use_issuers_keys();
    Client client;
    ASSERT_EQ(d.begin(client, test::with_flipped_signature(d.issuer.token(), 5)), "waits");
    ASSERT_TRUE(d.collect());
    EXPECT_EQ(client.outcome(), "signature_invalid");
    EXPECT_EQ(d.authenticator->figures().entries, 0u);
}

TEST(Authenticator, ASignatureThatThereWasNoMemoryToLookAtIsNotCalledWrong) {
    Desk d(Algorithm::es384);
    d.use_issuers_keys();
    test::Gate gate;
    const auto holder = std::make_shared<VerifierPool::Tray>([&gate]() noexcept { gate.wait(); });
    ASSERT_TRUE(
        d.pool.submit({.tray = holder,
                       .key = core::parse_key_set(d.issuer.jwks()).value().set.keys().front(),
                       .algorithm = Algorithm::es384}));
    const std::string token = d.issuer.token();
    Client client;
    ASSERT_EQ(d.begin(client, token), "waits");
    {
        const test::Starvation starvation(1);
        gate.open();
        ASSERT_TRUE(d.bell.wait());
    }
    d.authenticator->collect();
    EXPECT_EQ(client.outcome(), "overloaded");
    Client again;
    ASSERT_EQ(d.begin(again, token), "waits");
    ASSERT_TRUE(d.collect());
    EXPECT_EQ(again.outcome(), "ok");
}

TEST(Authenticator, AProofHoldsForItsTokenOnly) {
    Desk d(Algorithm::es384);
    d.use_issuers_keys();
    Client good;
    Client bad;
    const std::string token = d.issuer.token();
    ASSERT_EQ(d.begin(good, token), "waits");
    ASSERT_EQ(d.begin(bad, test::with_payload(token, d.issuer.payload(R"({"sub":"eve"})"))),
              "waits");
    ASSERT_TRUE(d.collect_all());
    EXPECT_EQ(good.outcome(), "ok");
    EXPECT_EQ(bad.outcome(), "signature_invalid");
}

TEST(Authenticator, TheSameTokenInFlightIsVerifiedOnce) {
    Desk d(Algorithm::es384, 0);
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    std::deque<Client> clients(100);
    for (Client& client : clients) EXPECT_EQ(d.begin(client, token), "waits");
    EXPECT_EQ(d.pool.queued(), 1u);
    d.begin(clients.emplace_back(), d.issuer.token());
    EXPECT_EQ(d.pool.queued(), 2u);

    Desk real(Algorithm::es384, 1);
    real.use_issuers_keys();
    const std::string other = real.issuer.token();
    std::deque<Client> many(100);
    for (Client& client : many) ASSERT_EQ(real.begin(client, other), "waits");
    ASSERT_TRUE(real.collect());
    for (Client& client : many) EXPECT_EQ(client.outcome(), "ok");
}

TEST(Authenticator, AJoinerIsHeldToItsOwnClock) {
    Desk d(Algorithm::es384, 0);
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    Client first;
    ASSERT_EQ(d.begin(first, token), "waits");
    d.now = at(test::Issuer::expires_at + 31);
    EXPECT_EQ(d.outcome(token), "token_expired");
}

TEST(Authenticator, AFullQueueRefusesInsteadOfPilingUp) {
    Desk d(Algorithm::es384, 0, 3);
    d.use_issuers_keys();
    std::deque<Client> clients(5);
    std::vector<std::string> outcomes;
    for (std::size_t i = 0; i < clients.size(); ++i) {
        outcomes.push_back(d.begin(clients[i], d.token(static_cast<int>(i))));
    }
    EXPECT_EQ(outcomes,
              (std::vector<std::string>{"waits", "waits", "waits", "overloaded", "overloaded"}));
}

TEST(Authenticator, NobodyWaitsForTheQueueLongerThanItsPatience) {
    Desk d(Algorithm::es384, 0);
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    Client client;
    ASSERT_EQ(d.begin(client, token), "waits");
    d.authenticator->sweep(d.steady + 1999ms);
    EXPECT_EQ(client.outcome(), "waits");
    d.authenticator->sweep(d.steady + 2s);
    EXPECT_EQ(client.outcome(), "overloaded");
    d.steady += 3s;
    Client next;
    EXPECT_EQ(d.begin(next, token), "waits");
    EXPECT_EQ(d.pool.queued(), 1u) << "the one that is queued already will do";
    d.authenticator->sweep(d.steady + 1999ms);
    EXPECT_EQ(next.outcome(), "waits") << "with a patience of its own";
    d.authenticator->sweep(d.steady + 2s);
    EXPECT_EQ(next.outcome(), "overloaded");
}

TEST(Authenticator, WhatAVanishedClientLeftIsNotLost) {
    Desk d(Algorithm::es384);
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    EXPECT_EQ(d.outcome(token), "waits");  // and the client is gone
    EXPECT_EQ(d.authenticator->figures().waiting, 0u);
    ASSERT_TRUE(d.collect());
    EXPECT_EQ(d.outcome(token), "ok");
    EXPECT_EQ(d.authenticator->figures().hits, 1u);
}

TEST(Authenticator, OneOfManyMayVanish) {
    Desk d(Algorithm::es384);
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    Client first;
    auto second = std::make_unique<Client>();
    Client third;
    ASSERT_EQ(d.begin(first, token), "waits");
    ASSERT_EQ(d.begin(*second, token), "waits");
    ASSERT_EQ(d.begin(third, token), "waits");
    second.reset();
    ASSERT_TRUE(d.collect());
    EXPECT_EQ(first.outcome(), "ok");
    EXPECT_EQ(third.outcome(), "ok");
}

TEST(Authenticator, KeysThatChangeDuringAVerificationAreTheOnesThatCount) {
    Desk d(Algorithm::es384);
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    const test::Issuer next("https://issuer.example/oidc", Algorithm::es384);
    const test::Issuer same_id("https://issuer.example/oidc", Algorithm::es384,
                               d.issuer.key().id());
    Client removed;
    ASSERT_EQ(d.begin(removed, token), "waits");
    d.use(test::keys_of(next.jwks()));
    ASSERT_TRUE(d.collect());
    EXPECT_EQ(removed.outcome(), "key_unknown");

    d.use_issuers_keys();
    Client replaced;
    ASSERT_EQ(d.begin(replaced, token), "waits");
    d.use(test::keys_of(same_id.jwks()));
    ASSERT_TRUE(d.collect());
    EXPECT_EQ(replaced.outcome(), "waits") << "proved, but with a key that is out: again";
    ASSERT_TRUE(d.collect());
    EXPECT_EQ(replaced.outcome(), "signature_invalid");
    EXPECT_EQ(d.authenticator->figures().entries, 0u);
}

TEST(Authenticator, MayGoWhileVerificationsAreUnderWay) {
    for (int i = 0; i < 20; ++i) {
        Desk d(Algorithm::es384, 2);
        d.use_issuers_keys();
        std::deque<Client> clients(4);
        for (std::size_t n = 0; n < clients.size(); ++n) {
            ASSERT_EQ(d.begin(clients[n], d.token(static_cast<int>(n))), "waits");
        }
        if (i % 2 == 0) d.collect();
        d.authenticator.reset();
        for (Client& client : clients) EXPECT_NE(client.outcome(), "signature_invalid");
    }
}

}  // namespace

}  // namespace bearergate::gateway
