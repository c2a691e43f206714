// An issuer that is down, slow, lying or changing its mind, seen by those who send requests.

#include "faults/trusting.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using test::ScriptedIssuer;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

class IssuerOutage : public test::Trusting {
protected:
    // The issuer is asked again at least twice, and every request is answered meanwhile.
    void expect_untouched(const std::string& token) {
        const std::size_t before = issuer_.requests().size();
        const auto end = Clock::now() + 20s;
        while (issuer_.requests().size() < before + 2) {
            ASSERT_EQ(get(token).status, 200);
            ASSERT_LT(Clock::now(), end) << "it is not asked again";
        }
        EXPECT_EQ(get(token).status, 200);
        EXPECT_EQ(readiness().status, 200);
    }
};

TEST_F(IssuerOutage, KnownKeysSurviveEveryKindOfBadAnswer) {
    start("refresh: 1s");
    const std::string token = good_token();
    ASSERT_EQ(get(token).status, 200);
    const std::string huge(300 * 1024, ' ');
    const std::vector<std::pair<const char*, ScriptedIssuer::Manner>> manners = {
        {"an error", ScriptedIssuer::answer(500, "no")},
        {"told to wait for a day", ScriptedIssuer::answer(503, "", "Retry-After: 86400\r\n")},
        {"a redirect", ScriptedIssuer::answer(302, "", "Location: http://127.0.0.1:1/keys\r\n")},
        {"no key", ScriptedIssuer::answer(200, R"({"keys":[]})")},
        {"no JSON", ScriptedIssuer::answer(200, "<html></html>")},
        {"the same keys twice", ScriptedIssuer::answer(200, R"({"keys":[],"keys":[]})")},
        {"huge", ScriptedIssuer::answer(200, issuer_.jwks() + huge)},
        {"endless", ScriptedIssuer::endless("HTTP/1.1 200 OK\r\n\r\n", std::string(4096, ' '))},
        {"garbage", ScriptedIssuer::raw("SSH-2.0-OpenSSH\r\n")},
        {"a cut", ScriptedIssuer::raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"keys\"")},
        {"gone", [](test::UpstreamPeer& peer) { peer.reset(); }},
    };
    for (const auto& [name, manner] : manners) {
        SCOPED_TRACE(name);
        issuer_.play_keys(manner);
        expect_untouched(token);
        issuer_.play_keys({});
    }
}

TEST_F(IssuerOutage, ARedirectIsNotFollowed) {
    const test::RecordingUpstream elsewhere;
    issuer_.play_keys(
        ScriptedIssuer::answer(302, "", "Location: " + elsewhere.url() + "/keys\r\n"));
    start("refresh: 1s");
    EXPECT_EQ(get(good_token()).status, 503);
    ASSERT_TRUE(issuer_.wait_for_key_fetches(2));
    EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST_F(IssuerOutage, WithoutKeysTheAnswerIs503AndNeverA401) {
    issuer_.play_keys(ScriptedIssuer::answer(500, "no"));
    start();
    const test::Reply reply = get(good_token());
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.header("Retry-After"), "");
    EXPECT_THAT(reply.body, HasSubstr("keys_unavailable"));
    EXPECT_EQ(readiness().status, 503);
    EXPECT_THAT(readiness().body, HasSubstr("main"));
    EXPECT_TRUE(upstream_.requests().empty());
    // What needs no token is served.
    EXPECT_EQ(test::ask(server_->ports().front(), {.target = "/open"}).status, 200);
    // And the rest, as soon as there are keys.
    issuer_.play_keys({});
    EXPECT_TRUE(wait_for(200, good_token()));
    EXPECT_EQ(readiness().status, 200);
}

TEST_F(IssuerOutage, AHangingIssuerKeepsNobodyLongerThanItsPatience) {
    issuer_.play_keys(ScriptedIssuer::hang());
    start();
    const auto began = Clock::now();
    EXPECT_EQ(get(good_token()).status, 503);
    EXPECT_LT(Clock::now() - began, 8s) << "two seconds, and no more than the machine takes";
}

TEST_F(IssuerOutage, OneThatFlapsCostsNoRequest) {
    start("refresh: 1s");
    const std::string token = good_token();
    ASSERT_EQ(get(token).status, 200);
    for (int i = 0; i < 4; ++i) {
        issuer_.play_keys(i % 2 == 0 ? ScriptedIssuer::answer(503, "") : ScriptedIssuer::Manner{});
        const std::size_t before = issuer_.key_fetches();
        const auto end = Clock::now() + 20s;
        while (issuer_.key_fetches() == before) {
            ASSERT_EQ(get(token).status, 200);
            ASSERT_LT(Clock::now(), end);
        }
    }
}

TEST_F(IssuerOutage, BeyondMaxStaleKeysAreNoLongerBelievedUntilThereAreNewOnes) {
    start("refresh: 1s, max_stale: 2s");
    const std::string token = good_token();
    ASSERT_EQ(get(token).status, 200);
    issuer_.play_keys(ScriptedIssuer::answer(500, "no"));
    EXPECT_TRUE(wait_for(503, token)) << "cached or not";
    EXPECT_EQ(readiness().status, 503);
    issuer_.play_keys({});
    EXPECT_TRUE(wait_for(200, token)) << "without a restart";
    EXPECT_EQ(readiness().status, 200);
}

TEST_F(IssuerOutage, ARemovedKeyTakesItsTokensWithIt) {
    start("refresh: 1s");
    const std::string old = good_token();
    for (int i = 0; i < 8; ++i) ASSERT_EQ(get(old).status, 200);  // in both workers' caches
    issuer_.rotate(false);
    EXPECT_TRUE(wait_for(401, old));
    EXPECT_EQ(get(good_token()).status, 200);
}

TEST_F(IssuerOutage, ANewKeyIsFoundByItsFirstToken) {
    start("refresh: 1h");
    ASSERT_EQ(get(good_token()).status, 200);
    const std::size_t fetches = issuer_.key_fetches();
    issuer_.rotate();
    // Not within ten seconds of the last fetch: until then it is refused, and asks for nothing.
    const std::string token = good_token();
    EXPECT_EQ(get(token).status, 401);
    EXPECT_EQ(issuer_.key_fetches(), fetches);
    EXPECT_TRUE(wait_for(200, token));
    EXPECT_EQ(issuer_.key_fetches(), fetches + 1);
}

TEST_F(IssuerOutage, MadeUpKeyIdsNeitherReachTheIssuerNorHurtAnybody) {
    start("refresh: 1h");
    const std::string token = good_token();
    ASSERT_EQ(get(token).status, 200);
    const std::size_t fetches = issuer_.key_fetches();
    const auto began = Clock::now();
    const test::Issuer forger(issuer_.issuer());
    for (int i = 0; i < 300; ++i) {
        const std::string forged = forger.token_with_header(
            R"({"kid":"made-up-)" + std::to_string(i) + R"("})", R"({"scope":"read"})");
        ASSERT_EQ(get(forged).status, 401);
    }
    EXPECT_EQ(get(token).status, 200);
    const auto windows = (Clock::now() - began) / 10s + 1;
    EXPECT_LE(issuer_.key_fetches(), fetches + static_cast<std::size_t>(windows));
}

TEST_F(IssuerOutage, OneIssuersOutageIsNotAnothers) {
    ScriptedIssuer down;
    down.play_keys(ScriptedIssuer::hang());
    down.play_discovery(ScriptedIssuer::hang());
    start("refresh: 1s", "  down: { issuer: " + down.issuer() + ", refresh: 1s }\n");
    EXPECT_EQ(get(down.token(R"({"scope":"read"})")).status, 503);
    for (int i = 0; i < 20; ++i) ASSERT_EQ(get(good_token()).status, 200);
    EXPECT_EQ(readiness().status, 503);
    EXPECT_THAT(readiness().body, testing::Not(HasSubstr("main")));
    server_.reset();  // before the issuer that it fetches from
}

}  // namespace
}  // namespace bearergate::gateway
