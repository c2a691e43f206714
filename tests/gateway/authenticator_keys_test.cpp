#include <bearergate/net/task.hpp>

#include "desk.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <new>

// Tokens whose keys are not there yet: who waits, for how long, and what an issuer hears of it.
namespace bearergate::gateway {

namespace {

using namespace desk;
using core::Algorithm;

const core::IssuerKeys pending{.set = nullptr, .first_fetch_pending = true};
const core::IssuerKeys none{};

TEST(WaitingForKeys, TheFirstFetchIsWaitedForAndNobodyAsks) {
    const struct {
        const char* what;
        bool with_ring;
    } cases[] = {{"no ring has come", false}, {"a ring says pending", true}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        Desk d;
        if (c.with_ring) d.use(pending);
        std::deque<Client> clients(500);
        for (std::size_t i = 0; i < clients.size(); ++i) {
            ASSERT_EQ(d.begin(clients[i], d.token(static_cast<int>(i % 50))), "waits");
        }
        EXPECT_TRUE(d.asked.empty());
        EXPECT_EQ(d.authenticator->figures().waiting, 500u);
        d.use_issuers_keys();
        for (Client& client : clients) EXPECT_EQ(client.outcome(), "ok");
        EXPECT_EQ(d.authenticator->figures().waiting, 0u);
    }
}

TEST(WaitingForKeys, AFirstFetchThatFailsRefusesAllWhoWait) {
    Desk d;
    d.use(pending);
    Client client;
    ASSERT_EQ(d.begin(client, d.issuer.token()), "waits");
    d.use(none);
    EXPECT_EQ(client.outcome(), "keys_unavailable");
    EXPECT_EQ(d.outcome(d.issuer.token()), "keys_unavailable") << "and from then on at once";
}

TEST(WaitingForKeys, AnotherIssuersNewsIsNoAnswer) {
    Desk d;
    d.use(pending);
    Client client;
    ASSERT_EQ(d.begin(client, d.issuer.token()), "waits");
    d.authenticator->keys_answered(d.about(1));
    d.use(pending);
    EXPECT_EQ(client.outcome(), "waits");
    EXPECT_EQ(d.outcome(d.other.token()), "ok") << "one issuer's trouble is not another's";
}

TEST(WaitingForKeys, PatienceEndsWithTheReasonOfTheHour) {
    Desk d;
    d.use(pending);
    Client first;
    ASSERT_EQ(d.begin(first, d.issuer.token()), "waits");
    d.authenticator->sweep(d.steady + 1999ms);
    EXPECT_EQ(first.outcome(), "waits");
    d.authenticator->sweep(d.steady + 2s);
    EXPECT_EQ(first.outcome(), "keys_unavailable");

    d.use_issuers_keys();
    test::Issuer next(d.issuer.issuer());
    Client second;
    ASSERT_EQ(d.begin(second, next.token()), "waits");
    d.authenticator->sweep(d.steady + 2s);
    EXPECT_EQ(second.outcome(), "key_unknown");
}

TEST(WaitingForKeys, AnUnknownKeyIdAsksOnceAndIsProvedWithWhatComes) {
    Desk d;
    d.use_issuers_keys();
    const test::Issuer next(d.issuer.issuer());
    std::deque<Client> clients(100);
    for (Client& client : clients) ASSERT_EQ(d.begin(client, next.token()), "waits");
    EXPECT_EQ(d.asked, std::vector<std::size_t>{0});
    d.use(test::keys_of(next.jwks()));
    for (Client& client : clients) EXPECT_EQ(client.outcome(), "ok");
    d.authenticator->keys_answered(d.about(0), d.steady + 10s);
    EXPECT_EQ(d.outcome(next.token()), "ok");
}

TEST(WaitingForKeys, AnAnswerThatBringsNothingRefusesAtOnce) {
    Desk d;
    d.use_issuers_keys();
    const test::Issuer stranger(d.issuer.issuer());
    Client client;
    ASSERT_EQ(d.begin(client, stranger.token()), "waits");
    d.authenticator->keys_answered(d.about(0), d.steady + 10s);
    EXPECT_EQ(client.outcome(), "key_unknown");
}

TEST(WaitingForKeys, AnAnswerForAnotherConfigurationIsNone) {
    Desk d;
    d.use_issuers_keys();
    const test::Issuer stranger(d.issuer.issuer());
    Client former;
    ASSERT_EQ(d.begin(former, d.issuer.token_with_header(R"({"kid":"x"})")), "waits");
    const KeyQuestion before = d.about(0);

    d.turn_to_generation(2);
    d.use(test::keys_of(d.issuer.jwks()), 2);
    Client client;
    ASSERT_EQ(d.begin(client, stranger.token()), "waits");
    ASSERT_EQ(d.asked.size(), 2u);
    d.authenticator->keys_answered(before, d.steady + 10s);
    EXPECT_EQ(former.outcome(), "key_unknown") << "it was for those who asked";
    EXPECT_EQ(client.outcome(), "waits");
    d.use(test::keys_of(stranger.jwks()), 2);
    EXPECT_EQ(client.outcome(), "ok");
    d.authenticator->keys_answered(d.about(0), d.steady + 10s);
}

TEST(WaitingForKeys, AQuestionThatCouldNotBePutDoesNotStayOpen) {
    Desk d;
    d.use_issuers_keys();
    const test::Issuer stranger(d.issuer.issuer());
    d.cannot_ask = true;
    Client first;
    EXPECT_THROW(d.begin(first, stranger.token(R"({"jti":"1"})")), std::bad_alloc);
    d.cannot_ask = false;
    Client second;
    EXPECT_EQ(d.begin(second, stranger.token(R"({"jti":"2"})")), "waits");
    EXPECT_EQ(d.asked.size(), 1u);
}

TEST(WaitingForKeys, MadeUpKeyIdsDoNotEvenLeaveTheWorker) {
    Desk d;
    d.use_issuers_keys();
    const test::Issuer stranger(d.issuer.issuer());
    const auto made_up = [&](int i) {
        return stranger.token_with_header("{\"kid\":\"k" + std::to_string(i) + "\"}");
    };
    Client client;
    ASSERT_EQ(d.begin(client, made_up(0)), "waits");
    d.authenticator->keys_answered(d.about(0), d.steady + 10s);
    for (int i = 1; i < 200; ++i) {
        ASSERT_EQ(d.outcome(made_up(i)), "key_unknown");
        d.steady += 50ms;
    }
    EXPECT_EQ(d.asked.size(), 1u);
    EXPECT_EQ(d.authenticator->figures().waiting, 0u);
    EXPECT_EQ(d.outcome(d.issuer.token()), "ok");

    d.steady += 50ms;  // ten seconds are over
    EXPECT_EQ(d.outcome(made_up(200)), "waits");
    EXPECT_EQ(d.asked.size(), 2u);
}

TEST(WaitingForKeys, ATokenWithoutKeyIdIsToldAtOnce) {
    Desk d;
    const test::Issuer second(d.issuer.issuer());
    d.use(test::keys_of("{\"keys\":[" + d.issuer.key().public_jwk() + "," +
                        second.key().public_jwk() + "]}"));
    EXPECT_EQ(d.outcome(d.issuer.token_with_header(R"({"kid":null})")), "key_unknown");
    EXPECT_TRUE(d.asked.empty());
    d.use_issuers_keys();
    EXPECT_EQ(d.outcome(d.issuer.token_with_header(R"({"kid":null})")), "ok");
}

TEST(WaitingForKeys, ShadowRoutesDoNotWait) {
    Desk d;
    const std::string token = d.issuer.token();
    EXPECT_EQ(d.outcome(token, false), "keys_unavailable");
    d.use(pending);
    EXPECT_EQ(d.outcome(token, false), "keys_unavailable");
    d.use_issuers_keys();
    const test::Issuer next(d.issuer.issuer());
    EXPECT_EQ(d.outcome(next.token(), false), "key_unknown");
    EXPECT_EQ(d.asked.size(), 1u) << "but a rotation is noticed";
    Client waiting;
    const std::string both = next.token();
    ASSERT_EQ(d.begin(waiting, both), "waits");
    EXPECT_EQ(d.outcome(both, false), "key_unknown") << "nor with somebody else";
    EXPECT_EQ(d.asked.size(), 1u);
}

TEST(WaitingForKeys, KeysThatCouldNotBeHadAreAskedForWithoutWaiting) {
    Desk d;
    d.use(none);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(d.outcome(d.token(i)), "keys_unavailable");
    EXPECT_EQ(d.asked.size(), 1u);
    d.authenticator->keys_answered(d.about(0), d.steady + 10s);
    EXPECT_EQ(d.outcome(d.token(1)), "keys_unavailable");
    EXPECT_EQ(d.asked.size(), 1u);
    d.steady += 10s;
    EXPECT_EQ(d.outcome(d.token(1)), "keys_unavailable");
    EXPECT_EQ(d.asked.size(), 2u);
}

TEST(WaitingForKeys, WhatWaitsIsBoundedInMemory) {
    Desk d;
    d.use(pending);
    const std::string filler(5000, 'x');
    std::deque<Client> clients;
    std::size_t waiting = 0;
    for (int i = 0; i < 700; ++i) {
        const std::string token =
            d.issuer.token("{\"jti\":\"" + std::to_string(i) + filler + "\"}");
        const std::string outcome = d.begin(clients.emplace_back(), token);
        if (outcome == "waits") {
            ++waiting;
        } else {
            ASSERT_EQ(outcome, "keys_unavailable");
        }
    }
    EXPECT_GT(waiting, 400u);
    EXPECT_LT(waiting * 7000, 5u * 1024 * 1024);
    d.use_issuers_keys();
    Client after;
    EXPECT_EQ(d.begin(after, d.issuer.token()), "ok");
    std::size_t answered = 0;
    for (Client& client : clients) answered += client.outcome() == "ok";
    EXPECT_EQ(answered, waiting);
}

TEST(WaitingForKeys, AFullRoomRefusesUnknownKeyIdsButStillAsks) {
    Desk d;
    d.use_issuers_keys();
    const test::Issuer stranger(d.issuer.issuer());
    const std::string filler(5500, 'x');
    std::deque<Client> clients;
    std::string outcome = "waits";
    for (int i = 0; i < 1000 && outcome == "waits"; ++i) {
        outcome = d.begin(clients.emplace_back(),
                          stranger.token("{\"jti\":\"" + std::to_string(i) + filler + "\"}"));
    }
    EXPECT_EQ(outcome, "key_unknown");
    EXPECT_EQ(d.asked.size(), 1u);
}

TEST(WaitingForKeys, AVanishedClientLeavesNothingBehind) {
    Desk d;
    d.use(pending);
    Client stays;
    ASSERT_EQ(d.begin(stays, d.token(1)), "waits");
    for (int i = 2; i < 100; ++i) EXPECT_EQ(d.outcome(d.token(i)), "waits");  // and gone
    EXPECT_EQ(d.authenticator->figures().waiting, 1u);
    d.use_issuers_keys();
    EXPECT_EQ(stays.outcome(), "ok");
}

TEST(WaitingForKeys, ATokenThatWaitedForItsKeyIsProvedElsewhereIfThatIsDear) {
    Desk d(Algorithm::es384);
    d.use(pending);
    Client client;
    ASSERT_EQ(d.begin(client, d.issuer.token()), "waits");
    d.use_issuers_keys();
    EXPECT_EQ(client.outcome(), "waits");
    ASSERT_TRUE(d.collect());
    EXPECT_EQ(client.outcome(), "ok");

    Desk full(Algorithm::es384, 0, 1);
    full.use(pending);
    Client one;
    Client two;
    ASSERT_EQ(full.begin(one, full.token(1)), "waits");
    ASSERT_EQ(full.begin(two, full.token(2)), "waits");
    full.use_issuers_keys();
    EXPECT_NE(one.outcome() == "overloaded", two.outcome() == "overloaded");
}

TEST(WaitingForKeys, TimesAreThoseOfTheArrival) {
    Desk d;
    d.use(pending);
    d.now = test::at(test::Issuer::expires_at + 29);
    Client in_time;
    const std::string token = d.issuer.token();
    ASSERT_EQ(d.begin(in_time, token), "waits");
    d.now = test::at(test::Issuer::expires_at + 31);
    EXPECT_EQ(d.outcome(token), "token_expired") << "who comes later is judged by its own";
    d.use_issuers_keys();
    EXPECT_EQ(in_time.outcome(), "ok");
    EXPECT_EQ(d.outcome(token), "token_expired");
}

// A request that is answered goes on at once, inside the answer: it may come back with another
// token, and it may take other requests away.
net::Task<> goes_on(Desk& d, Client& client, std::unique_ptr<Client>& victim, Client& next,
                    std::string& outcome) {
    co_await client.signal.any(1);
    outcome = client.outcome();
    victim.reset();
    d.begin(next, d.token(99));
    d.authenticator->sweep(d.steady);
}

TEST(WaitingForKeys, AnAnswerMayChangeWhoElseWaits) {
    Desk d;
    d.use(pending);
    const std::string shared = d.token(1);
    Client client;
    auto victim = std::make_unique<Client>();
    auto stranger = std::make_unique<Client>();
    Client next;
    std::string outcome;
    ASSERT_EQ(d.begin(client, shared), "waits");
    ASSERT_EQ(d.begin(*victim, shared), "waits");
    ASSERT_EQ(d.begin(*stranger, d.token(2)), "waits");
    bool ended = false;
    net::spawn(goes_on(d, client, victim, next, outcome),
               [&ended](std::exception_ptr error) { ended = !error; });
    d.use_issuers_keys();
    EXPECT_TRUE(ended);
    EXPECT_EQ(outcome, "ok");
    EXPECT_EQ(next.outcome(), "ok");
    EXPECT_EQ(stranger->outcome(), "ok");
}

TEST(WaitingForKeys, AReloadLeavesThoseOfBeforeTheirOwnKeys) {
    Desk d;
    d.use_issuers_keys();
    const auto before = d.snapshot;
    const std::string token = d.issuer.token();
    const auto after =
        make_snapshot_of(policy_with({"https://other.example", d.issuer.issuer()}), 2);
    core::KeyRing ring{test::keys_of(d.other.jwks()), test::keys_of(d.issuer.jwks())};
    d.authenticator->use_keys(std::make_shared<const core::KeyRing>(std::move(ring)), 2);
    EXPECT_EQ(d.outcome(token), "ok") << "began before";
    d.snapshot = after;
    EXPECT_EQ(d.outcome(token), "ok") << "began after";
    d.snapshot = before;
    const test::Issuer next(d.issuer.issuer());
    EXPECT_EQ(d.outcome(next.token()), "waits") << "its issuer may have stayed";
    EXPECT_EQ(d.asked, std::vector<std::size_t>{0}) << "by its old number";
    d.snapshot = make_snapshot_of(policy_with({"https://nobody.example"}), 3);
    EXPECT_EQ(d.outcome(token), "issuer_unknown");
}

TEST(WaitingForKeys, LateNewsOfAGenerationLongGoneIsIgnored) {
    Desk d;
    const test::Issuer old(d.issuer.issuer());
    for (const std::uint64_t generation : {1U, 2U, 3U}) {
        d.use(test::keys_of(d.issuer.jwks()), generation);
    }
    d.use(test::keys_of(old.jwks()), 1);
    for (const std::uint64_t generation : {2U, 3U}) {
        d.snapshot = make_snapshot_of(policy_with({d.issuer.issuer()}), generation);
        EXPECT_EQ(d.outcome(d.issuer.token()), "ok");
        EXPECT_NE(d.outcome(old.token(), false), "ok");
    }
    d.snapshot = make_snapshot_of(policy_with({d.issuer.issuer()}), 1);
    EXPECT_EQ(d.outcome(old.token(), false), "keys_unavailable");
}

}  // namespace

}  // namespace bearergate::gateway
