// A key keeper that turns to another configuration: who keeps keys, and who answers what was asked.
#include "keeping.hpp"
#include "support/gate.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace bearergate::gateway {

namespace {

using namespace keeping;

TEST(KeyKeeperReload, AnotherConfigurationKeepsTheKeysOfIssuersThatStay) {
    ScriptedIssuer one;
    ScriptedIssuer two;
    ScriptedIssuer three;
    Control control({by_discovery(one, "one"), by_discovery(two, "two")});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 3; }));
    const auto fetches = two.requests().size();

    control.keeper->reconfigure({by_discovery(three, "three"), by_discovery(two, "two")}, 2);
    ASSERT_EQ(control.published, 4);
    ASSERT_EQ(control.ring->size(), 2u);
    EXPECT_TRUE(control.ring->at(0).first_fetch_pending);
    EXPECT_TRUE(control.holds(1, two.key_id()));
    ASSERT_TRUE(control.run_until([&] { return control.published == 5; }));
    EXPECT_TRUE(control.holds(0, three.key_id()));
    EXPECT_TRUE(control.holds(1, two.key_id()));
    EXPECT_EQ(two.requests().size(), fetches);
    EXPECT_EQ(control.keeper->figures().at(0).name, "three");
}

TEST(KeyKeeperReload, AnIssuerThatStaysIsAskedUnderItsNewNumber) {
    ScriptedIssuer one;
    ScriptedIssuer two;
    Control control({by_discovery(one, "one"), by_discovery(two, "two")});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 3; }));
    control.keeper->reconfigure({by_discovery(two, "two")}, 2);
    control.keeper->ask({.issuer = 0, .generation = 2});
    ASSERT_TRUE(control.run_until([&] { return !control.answers.empty(); }));
    EXPECT_EQ(control.answers.front().first.issuer, 0u);
    EXPECT_EQ(control.answers.front().first.generation, 2u);
    EXPECT_TRUE(control.holds(0, two.key_id()));
}

TEST(KeyKeeperReload, AQuestionOfAnotherConfigurationIsAnsweredToWhoAskedIt) {
    ScriptedIssuer one;
    ScriptedIssuer two;
    one.play_keys(ScriptedIssuer::hang());
    Control control({by_discovery(two, "two"), by_discovery(one, "one")});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return one.key_fetches() == 1; }));
    // Under number 0 there is now an issuer whose fetch is under way.
    control.keeper->reconfigure({by_discovery(one, "one")}, 2);
    EXPECT_EQ(control.generation, 2u);
    control.keeper->ask({.issuer = 0, .generation = 1});
    ASSERT_TRUE(control.run_until([&] { return !control.answers.empty(); }));
    EXPECT_EQ(control.answers.front().first.generation, 1u);
    EXPECT_FALSE(control.keeper->is_asked()) << "nobody has asked for the new one's keys";
    control.keeper->ask({.issuer = 7, .generation = 2});  // of nobody
    ASSERT_TRUE(control.run_until([&] { return control.answers.size() == 2; }));
    EXPECT_EQ(control.answers.back().first.issuer, 7u);
}

// Both of which outlive whoever asks.
void hold_keys_back(ScriptedIssuer& issuer, test::Gate& gate) {
    issuer.play_keys([&](test::UpstreamPeer& peer) {
        gate.wait();
        ScriptedIssuer::answer(200, issuer.jwks())(peer);
    });
}

TEST(KeyKeeperReload, AQuestionFromBeforeAReloadGetsItsAnswerWhereItsIssuerHasStayed) {
    ScriptedIssuer one;
    ScriptedIssuer two;
    test::Gate gate;
    hold_keys_back(two, gate);
    Control control({by_discovery(one, "one"), by_discovery(two, "two")});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 2; }));
    control.keeper->reconfigure({by_discovery(two, "two")}, 2);
    control.keeper->ask({.issuer = 1, .generation = 1});
    ASSERT_TRUE(control.run_until([&] { return control.keeper->is_asked(); }));
    EXPECT_TRUE(control.answers.empty()) << "no refusal while its keys are being fetched";
    gate.open();
    ASSERT_TRUE(control.run_until([&] { return control.answers.size() == 2; }));
    EXPECT_EQ(control.answers[0].first.generation, 1U);
    EXPECT_EQ(control.answers[0].first.issuer, 1U);
    EXPECT_TRUE(control.rings.at(1)->at(1).set) << "and the keys by which it is judged";
    EXPECT_TRUE(control.rings.at(2)->at(0).set);
}

TEST(KeyKeeperReload, AQuestionThatIsOpenAtAReloadGetsItsAnswerWhereItsIssuerStays) {
    ScriptedIssuer one;
    ScriptedIssuer two;
    test::Gate gate;
    hold_keys_back(two, gate);
    Control control({by_discovery(one, "one"), by_discovery(two, "two")});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 2; }));
    control.keeper->ask({.issuer = 1, .generation = 1});
    ASSERT_TRUE(control.run_until([&] { return control.keeper->is_asked(); }));
    control.keeper->reconfigure({by_discovery(two, "two")}, 2);
    EXPECT_TRUE(control.answers.empty()) << "its keys are still being fetched";
    gate.open();
    ASSERT_TRUE(control.run_until([&] { return control.answers.size() == 2; }));
    EXPECT_EQ(control.answers[0].first.generation, 1U);
    EXPECT_EQ(control.answers[0].first.issuer, 1U);
    EXPECT_TRUE(control.rings.at(1)->at(1).set) << "and the keys by which it is judged";
}

TEST(KeyKeeperReload, AQuestionThatNobodyWillAnswerAfterAReloadIsAnsweredAtOnce) {
    ScriptedIssuer stays;
    ScriptedIssuer goes;
    stays.play_keys(ScriptedIssuer::hang());
    goes.play_keys(ScriptedIssuer::hang());
    Control control({by_discovery(goes, "goes"), by_discovery(stays, "stays")});
    control.keeper->start();
    control.keeper->ask({.issuer = 0, .generation = 1});
    control.keeper->ask({.issuer = 1, .generation = 1});
    ASSERT_TRUE(control.run_until([&] { return stays.key_fetches() + goes.key_fetches() == 2; }));
    ASSERT_TRUE(control.answers.empty());
    control.keeper->reconfigure({by_discovery(stays, "stays")}, 2);
    ASSERT_EQ(control.answers.size(), 1U) << "its issuer has gone";
    EXPECT_EQ(control.answers[0].first.issuer, 0U);
    EXPECT_EQ(control.answers[0].first.generation, 1U);
    control.keeper->reconfigure({by_discovery(stays, "stays")}, 3);
    ASSERT_EQ(control.answers.size(), 2U) << "its configuration is two back";
    EXPECT_EQ(control.answers[1].first.issuer, 1U);
    EXPECT_EQ(control.answers[1].first.generation, 1U);
}

TEST(KeyKeeperReload, WhatIsFetchedForAFormerConfigurationIsThrownAway) {
    ScriptedIssuer former;
    former.play_keys(ScriptedIssuer::hang());
    ScriptedIssuer now;
    Control control({by_discovery(former, "main")});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return former.key_fetches() == 1; }));
    control.keeper->reconfigure({by_discovery(now, "main")}, 2);
    former.play_keys({});
    ASSERT_TRUE(control.run_until([&] { return control.holds(0, now.key_id()); }));
    EXPECT_EQ(control.published, 3);  // what was asked of the former one, and of the new one, twice
}

// A count that falls says that the process has begun anew.
TEST(KeyKeeperReload, AnIssuersCountsGoOnWhenItsSettingsChange) {
    ScriptedIssuer one;
    Control control({by_discovery(one, "main")});
    const auto store = [&] { return control.keeper->figures().at(0).store; };
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return store().refreshes == 1; }));
    config::KeySource changed = by_discovery(one, "main");
    for (std::uint64_t generation = 2; generation < 4; ++generation) {
        changed.refresh += 1s;
        control.keeper->reconfigure({changed}, generation);
        EXPECT_EQ(store().refreshes, generation - 1);
        EXPECT_TRUE(store().usable) << "and so do its keys";
        ASSERT_TRUE(control.run_until([&] { return store().refreshes == generation; }));
    }
    ScriptedIssuer two;
    control.keeper->reconfigure({by_discovery(two, "another")}, 4);
    EXPECT_EQ(store().refreshes, 0U);
}

// Changed in the middle of an outage, of all times: to bear it for longer.
TEST(KeyKeeperReload, KeysOutliveOtherSettingsOfTheirIssuer) {
    ScriptedIssuer issuer;
    Control control({by_discovery(issuer)});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 2; }));
    issuer.play_keys(ScriptedIssuer::answer(500, ""));
    config::KeySource source = by_discovery(issuer);
    const std::vector<std::pair<const char*, std::function<void()>>> changes{
        {"name", [&] { source.name = "other"; }},
        {"refresh", [&] { source.refresh = 5min; }},
        {"max_stale", [&] { source.max_stale = 48h; }},
        {"ca", [&] { source.ca = "ca.pem"; }},
    };
    std::uint64_t generation = 1;
    for (const auto& [what, change] : changes) {
        SCOPED_TRACE(what);
        change();
        const auto failures = control.keeper->figures().at(0).store.failures;
        control.keeper->reconfigure({source}, ++generation);
        EXPECT_TRUE(control.holds(0, issuer.key_id()));
        EXPECT_FALSE(control.ring->at(0).first_fetch_pending);
        EXPECT_EQ(control.keeper->figures().at(0).name, source.name);
        ASSERT_TRUE(control.run_until([&] {
            return control.keeper->figures().at(0).store.failures > failures;
        })) << "they are fetched anew at once";
        EXPECT_TRUE(control.holds(0, issuer.key_id()));
    }
    issuer.play_keys({});
    source.refresh = 6min;
    const auto refreshes = control.keeper->figures().at(0).store.refreshes;
    control.keeper->reconfigure({source}, ++generation);
    ASSERT_TRUE(control.run_until(
        [&] { return control.keeper->figures().at(0).store.refreshes > refreshes; }));
    EXPECT_TRUE(control.holds(0, issuer.key_id()));
}

TEST(KeyKeeperReload, KeysFromAnotherPlaceOrByAnotherRightReplaceThoseOfBefore) {
    ScriptedIssuer issuer;
    issuer.play_keys(ScriptedIssuer::hang());
    const config::KeySource source = by_discovery(issuer);
    const std::vector<std::pair<const char*, std::function<void(config::KeySource&)>>> changes{
        {"issuer", [&](auto& other) { other.issuer += "x"; }},
        {"discovery", [&](auto& other) { other.discovery->path += "x"; }},
        {"jwks_uri",
         [&](auto& other) { other.jwks_uri = std::exchange(other.discovery, std::nullopt); }},
        {"jwks_file",
         [&](auto& other) {
             other.discovery.reset();
             other.jwks_file = "/nonexistent";
         }},
        {"discovery_is_configured", [&](auto& other) { other.discovery_is_configured ^= true; }},
        {"insecure_http", [&](auto& other) { other.insecure_http ^= true; }},
    };
    for (const auto& [what, change] : changes) {
        SCOPED_TRACE(what);
        issuer.play_keys({});
        Control control({source});
        control.keeper->start();
        ASSERT_TRUE(control.run_until([&] { return control.holds(0, issuer.key_id()); }));
        issuer.play_keys(ScriptedIssuer::hang());
        config::KeySource other = source;
        change(other);
        control.keeper->reconfigure({other}, 2);
        EXPECT_FALSE(control.ring->at(0).set);
        EXPECT_TRUE(control.ring->at(0).first_fetch_pending);
    }
}

TEST(KeyKeeperReload, AConfigurationWithAnUnusableCaChangesNothing) {
    ScriptedIssuer one;
    Control control({by_discovery(one, "one")});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 2; }));
    config::KeySource broken{.name = "two", .issuer = "https://two.example"};
    broken.jwks_uri = config::parse_fetched_url("https://two.example/jwks").value();
    broken.ca = "/nonexistent/ca.pem";
    EXPECT_THROW(control.keeper->reconfigure({broken}, 2), std::runtime_error);
    EXPECT_EQ(control.published, 2);
    EXPECT_EQ(control.keeper->figures().at(0).name, "one");
    EXPECT_TRUE(control.holds(0, one.key_id()));
}

}  // namespace

}  // namespace bearergate::gateway
