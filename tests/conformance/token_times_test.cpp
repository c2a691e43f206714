// What time does to a token, on the running gateway: at the edges of the leeway, while it is
// remembered, while its response still streams, between two requests of one connection, and when
// the clock itself jumps.
#include "fixture.hpp"
#include "support/authenticate.hpp"
#include "support/gate.hpp"
#include "token_house.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace bearergate;
using test::Connection;
using test::Fixture;
using test::UpstreamPeer;

constexpr double now = Fixture::now;
constexpr double leeway = 60;

std::string at_time(const char* claim, double seconds) {
    return std::string("{\"") + claim + "\":" + std::to_string(seconds) + "}";
}

TEST(TokenTimes, HoldToTheSecondAtTheEdgesOfTheLeeway) {
    Fixture fixture;
    const struct {
        const char* claim;
        double offset;
        const char* outcome;
    } cases[] = {
        {"exp", -leeway - 1, "token_expired"},
        {"exp", -leeway, "token_expired"},
        {"exp", -leeway + 1, "ok"},
        {"exp", 1, "ok"},
        {"nbf", leeway + 1, "token_not_yet_valid"},
        {"nbf", leeway, "ok"},
        {"nbf", leeway - 1, "ok"},
        {"iat", leeway + 1, "token_not_yet_valid"},
        {"iat", leeway - 1, "ok"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.claim) + " = now " + std::to_string(c.offset));
        const std::string token = fixture.token(at_time(c.claim, now + c.offset));
        EXPECT_EQ(fixture.outcome("/api/echo", token), c.outcome);
        EXPECT_EQ(fixture.outcome("/api/echo", token), c.outcome) << "the second time";
    }
}

TEST(TokenTimes, ARememberedTokenExpiresAllTheSame) {
    Fixture fixture;
    const std::string token = fixture.token(at_time("exp", now + 1));
    EXPECT_EQ(fixture.outcome("/api/echo", token), "ok");
    EXPECT_EQ(fixture.outcome("/api/echo", token), "ok");
    fixture.set_now(now + leeway + 3);
    EXPECT_EQ(fixture.outcome("/api/echo", token), "token_expired");
}

// The wall clock decides, forwards and backwards; nothing is remembered that it could contradict.
TEST(TokenTimes, AJumpOfTheClockRefusesAndRecovers) {
    Fixture fixture;
    const std::string early = fixture.token();
    const std::string late = fixture.token(at_time("nbf", now - 1));
    EXPECT_EQ(fixture.outcome("/api/echo", early), "ok");
    EXPECT_EQ(fixture.outcome("/api/echo", late), "ok");
    fixture.set_now(now + 7200);
    EXPECT_EQ(fixture.outcome("/api/echo", early), "token_expired");
    fixture.set_now(now - 7200);
    EXPECT_EQ(fixture.outcome("/api/echo", late), "token_not_yet_valid");
    fixture.set_now(now);
    EXPECT_EQ(fixture.outcome("/api/echo", early), "ok");
    EXPECT_EQ(fixture.outcome("/api/echo", late), "ok");
}

std::string request(const std::string& path, const std::string& token) {
    return "GET " + path + " HTTP/1.1\r\nHost: gw.test\r\nAuthorization: Bearer " + token +
           "\r\n\r\n";
}

// A gateway in front of a script of the test's own.
struct Scripted {
    explicit Scripted(test::RecordingUpstream::Script script)
        : upstream(std::move(script)),
          gateway(Fixture::configuration({.upstream = upstream.url(),
                                          .server = "timeouts: { header: 60s, idle: 60s }"}),
                  {.keys = {{Fixture::issuer_a, issuer.jwks()}}, .now = test::at(now)}) {}

    std::string token(double expires_at) const {
        return issuer.token(R"({"aud":"api://gateway","scope":"read","client_id":null,"exp":)" +
                            std::to_string(expires_at) + "}");
    }

    test::Issuer issuer{Fixture::issuer_a};
    test::RecordingUpstream upstream;
    test::Gateway gateway;
};

TEST(TokenTimes, AResponseThatHasBegunGoesOnAndTheNextRequestIsRefused) {
    test::Gate expired;
    Scripted scripted([&](UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
        expired.wait();
        peer.send("after");
    });
    const std::string token = scripted.token(now + 1);
    Connection client(scripted.gateway.port());
    client.send(request("/api/echo", token));
    client.read_until("first");
    scripted.gateway.set_now(test::at(now + leeway + 2));
    expired.open();
    EXPECT_EQ(client.read_bytes(5), "after");
    client.send(request("/api/echo", token));
    EXPECT_EQ(outcome_of(client.read_reply()), "token_expired");
}

TEST(TokenTimes, APipelinedRequestIsHeldToTheTimeOfItsTurn) {
    test::Gate expired;
    Scripted scripted([&](UpstreamPeer& peer) {
        while (peer.read_request()) {
            expired.wait();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    const std::string token = scripted.token(now + 1);
    Connection client(scripted.gateway.port());
    client.send(request("/api/a", token) + request("/api/b", token));
    ASSERT_TRUE(scripted.upstream.wait_for_requests(1));
    scripted.gateway.set_now(test::at(now + leeway + 2));
    expired.open();
    EXPECT_EQ(client.read_reply().status, 200);
    EXPECT_EQ(outcome_of(client.read_reply()), "token_expired");
    EXPECT_EQ(scripted.upstream.requests().size(), 1U);
}

TEST(TwoTokens, OnOneConnectionAreTwoCallers) {
    Fixture fixture;
    const std::string reader = fixture.token();
    const std::string admin = fixture.token(R"({"scope":"read admin"})");
    Connection client(fixture.gateway().port());
    std::vector<std::string> outcomes;
    for (const std::string& token : {reader, admin, reader, std::string("a.b.c"), admin}) {
        client.send(request("/api/admin/x", token));
        outcomes.push_back(outcome_of(client.read_reply()));
    }
    EXPECT_EQ(outcomes, (std::vector<std::string>{"scope_missing", "ok", "scope_missing",
                                                  "token_malformed", "ok"}));
    client.send("GET /api/admin/x HTTP/1.1\r\nHost: gw.test\r\n\r\n");
    EXPECT_EQ(outcome_of(client.read_reply()), "token_missing");
}

TEST(ManyClients, WithOneFreshTokenGetOneVerdictFromOneFetch) {
    const test::Issuer issuer(Fixture::issuer_a);
    test::TokenHouse house(issuer.jwks());
    house.set_now(now);
    house.serve();
    const std::string token =
        issuer.token(R"({"aud":"api://gateway","scope":"read","client_id":null})");
    std::vector<std::string> outcomes(64);
    std::vector<std::thread> clients;
    for (std::string& outcome : outcomes) {
        clients.emplace_back([&] { outcome = outcome_of(house.get("/api/echo", token)); });
    }
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(std::set(outcomes.begin(), outcomes.end()), std::set<std::string>{"ok"});
    EXPECT_EQ(house.a().key_fetches(), 1U);
}

}  // namespace
