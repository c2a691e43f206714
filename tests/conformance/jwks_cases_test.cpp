// Every hostile key set of the catalogue, fetched by the gateway as it fetches all: what its keys
// are good for, that one which holds none leaves the keys of before in force, and that fetching it
// leads nowhere else.
#include <bearergate/config/load.hpp>

#include "fixture.hpp"
#include "oracle.hpp"
#include "outbound.hpp"
#include "support/authenticate.hpp"
#include "support/vectors.hpp"
#include "token_house.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace bearergate;
using nlohmann::json;
using test::Reply;
using test::TokenHouse;

std::string key_set(const json& c) {
    return test::read_file(
        test::vectors_path("jwt/jwks/" + c["jwks"].get<std::string>() + ".json"));
}

// What the case's token comes to under its key set alone. Of those that are not named the set has
// no usable key, which counts as a failed fetch: 503, and not the 401 that the cases speak of,
// since nothing is wrong with the request.
const std::map<std::string, std::string> fates{
    {"JK-09", "ok"}, {"JK-10", "alg_not_allowed"},
    {"JK-11", "ok"}, {"JK-19", "alg_not_allowed"},
    {"JK-21", "ok"}, {"JK-22", "ok"},
    {"JK-41", "ok"}, {"JK-53", "ok"},
    {"JK-57", "ok"},
};
// Key sets that hold a usable key, of whichever algorithm.
const std::set<std::string> usable{"JK-09", "JK-10", "JK-11", "JK-19", "JK-21", "JK-22",
                                   "JK-27", "JK-41", "JK-53", "JK-54", "JK-57"};

std::string outcome(const Reply& reply) {
    const std::string reason = test::outcome_of(reply);
    if (reply.status != 200) {
        test::expect_refusal(reply, "");
        EXPECT_EQ(reply.status, reason == "keys_unavailable" ? 503 : 401);
    }
    return reason;
}

class JwksCases : public testing::Test {
protected:
    void SetUp() override {
        if (!test::has_vectors("jwt")) GTEST_SKIP() << test::no_vectors;
        cases_ = test::read_vectors("jwt/jwks_cases.json")["cases"];
        ASSERT_GE(cases_.size(), 40U);
        test::take_outbound();
    }
    static void expect_outbound(const std::set<std::string>& allowed) {
        for (const std::string& destination : test::take_outbound()) {
            EXPECT_TRUE(allowed.contains(destination)) << destination << " was contacted";
        }
    }
    json cases_{};
};

TEST_F(JwksCases, AloneItIsGoodForItsSoundKeysOnly) {
    const test::Issuer b(test::Fixture::issuer_b);
    const std::string token_of_b =
        b.token(R"({"aud":"api://gateway","scope":"read","exp":1760000000,"client_id":null})");
    std::set<std::string> allowed;
    for (const json& c : cases_) {
        SCOPED_TRACE(c["id"].get<std::string>() + " " + c["desc"].get<std::string>() + ": " +
                     c["expect"].get<std::string>());
        TokenHouse house(key_set(c), b.jwks());
        house.serve();
        allowed.merge(house.destinations());
        const auto fate = fates.find(c["id"]);
        const std::string token = c["token"].is_string() ? c["token"] : "";
        if (!token.empty()) {
            EXPECT_EQ(outcome(house.get("/api/echo", token)),
                      fate == fates.end() ? "keys_unavailable" : fate->second);
        }
        EXPECT_EQ(outcome(house.get("/api/echo", token_of_b)), "ok") << "the other issuer suffers";
        const bool is_usable = usable.contains(c["id"]);
        const std::string line =
            house.log().wait_for({is_usable ? "new keys" : "could not be fetched", "\"a\""});
        EXPECT_NE(line, "");
        for (const char byte : line) EXPECT_GE(static_cast<unsigned char>(byte), 0x20U) << line;
    }
    expect_outbound(allowed);
}

// Serves each issuer's good key set first, and then its hostile one.
class Turncoat {
public:
    Turncoat(std::vector<std::string> good, std::vector<std::string> bad)
        : good_(std::move(good)),
          bad_(std::move(bad)),
          fetches_(good_.size()),
          server_([this](test::UpstreamPeer& peer) { serve(peer); }) {}

    std::string url(std::size_t issuer) const {
        return server_.url() + "/" + std::to_string(issuer);
    }
    std::uint16_t port() const { return server_.port(); }
    void turn() {
        const std::lock_guard lock(mutex_);
        turned_ = true;
    }
    // Whether each issuer's hostile set was fetched, and then fetched again: the first has been
    // dealt with by then.
    bool wait_until_all_were_fetched() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(30), [&] {
            return std::ranges::all_of(fetches_, [](int count) { return count >= 2; });
        });
    }

private:
    void serve(test::UpstreamPeer& peer) {
        const auto request = peer.read_request();
        if (!request) return;
        const auto issuer = static_cast<std::size_t>(std::stoul(request->target.substr(1)));
        const std::unique_lock lock(mutex_);
        const std::string& body = (turned_ ? bad_ : good_).at(issuer);
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                  body);
        if (turned_) ++fetches_[issuer];
        changed_.notify_all();
    }

    std::vector<std::string> good_;
    std::vector<std::string> bad_;
    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::vector<int> fetches_;
    bool turned_ = false;
    test::RecordingUpstream server_;  // last: its threads end first
};

TEST_F(JwksCases, AfterAGoodOneItReplacesItOnlyIfItHoldsASoundKey) {
    std::vector<test::Issuer> issuers;
    std::vector<std::string> good;
    std::vector<std::string> bad;
    for (const json& c : cases_) {
        issuers.emplace_back("https://" + std::to_string(issuers.size()) + ".example");
        good.push_back(issuers.back().jwks());
        bad.push_back(key_set(c));
    }
    Turncoat keys(good, bad);
    test::Witness witness;
    std::string text =
        "server: { listen: \"127.0.0.1:0\", workers: 1 }\nadmin: { listen: off }\n"
        "audience: https://api.example\nupstream: " +
        witness.url() + "\nissuers:\n";
    for (std::size_t i = 0; i < issuers.size(); ++i) {
        text += "  i" + std::to_string(i) + ": { issuer: \"" + issuers[i].issuer() +
                "\", jwks_uri: \"" + keys.url(i) + "\", refresh: 1s }\n";
    }
    text += "routes:\n  GET /x: authenticated\n";
    auto loaded = config::load(text, "many.yaml", {});
    ASSERT_TRUE(loaded.loaded);
    gateway::Server server(std::move(*loaded.loaded),
                           {.wall_now = [] { return test::at(test::Issuer::issued_at + 60); },
                            .log_line = [](const std::string&) {}});
    server.start();
    const auto outcome_of = [&](const test::Issuer& issuer) {
        return outcome(test::ask(
            server.ports().front(),
            {.target = "/x", .headers = {{"Authorization", "Bearer " + issuer.token()}}}));
    };
    for (const test::Issuer& issuer : issuers) EXPECT_EQ(outcome_of(issuer), "ok");
    keys.turn();
    ASSERT_TRUE(keys.wait_until_all_were_fetched());
    for (std::size_t i = 0; i < issuers.size(); ++i) {
        SCOPED_TRACE(cases_[i]["id"].get<std::string>() + " " +
                     cases_[i]["expect"].get<std::string>());
        EXPECT_EQ(outcome_of(issuers[i]), usable.contains(cases_[i]["id"]) ? "key_unknown" : "ok");
    }
    expect_outbound({"127.0.0.1:" + std::to_string(keys.port()),
                     "127.0.0.1:" + std::to_string(server.ports().front()),
                     "127.0.0.1:" + std::to_string(witness.upstream().port())});
}

}  // namespace
