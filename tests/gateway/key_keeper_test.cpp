#include <bearergate/config/urls.hpp>
#include <bearergate/gateway/key_keeper.hpp>

#include "support/gate.hpp"
#include "support/scripted_issuer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <utility>

namespace bearergate::gateway {

namespace {

using namespace std::chrono_literals;
using test::ScriptedIssuer;

config::KeySource by_discovery(const ScriptedIssuer& issuer, std::string name = "main") {
    config::KeySource source{.name = std::move(name), .issuer = issuer.issuer()};
    source.discovery = config::parse_fetched_url(issuer.discovery_url()).value();
    return source;
}

// A keeper on a loop that runs while a test waits for something.
struct Control {
    explicit Control(std::vector<config::KeySource> sources) {
        KeyKeeper::Hooks hooks;
        hooks.publish = [this](std::shared_ptr<const core::KeyRing> next, std::uint64_t of) {
            rings[of] = next;
            ring = std::move(next);
            generation = of;
            ++published;
        };
        hooks.answered = [this](const KeyQuestion& question, net::SteadyTime ask_again) {
            answers.emplace_back(question, ask_again);
        };
        hooks.log = [this](std::string_view level, const std::string& issuer,
                           const std::string& message) {
            log.push_back(std::string(level) + " " + issuer + ": " + message);
        };
        keeper = std::make_unique<KeyKeeper>(io, resolver, sources, 1, std::move(hooks));
    }

    bool run_until(const std::function<bool()>& so) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        io.restart();
        while (!so()) {
            if (std::chrono::steady_clock::now() > end) return false;
            io.run_one_for(20ms);  // what is waited for may happen elsewhere
        }
        return true;
    }
    bool holds(std::size_t issuer, const std::string& key_id) const {
        const auto& set = ring->at(issuer).set;
        return set && set->find(key_id, core::Algorithm::es256);
    }

    boost::asio::io_context io{1};
    net::Resolver resolver{io};
    std::shared_ptr<const core::KeyRing> ring{};                            // the last one
    std::map<std::uint64_t, std::shared_ptr<const core::KeyRing>> rings{};  // by generation
    int published = 0;
    std::uint64_t generation = 0;
    std::vector<std::pair<KeyQuestion, net::SteadyTime>> answers{};
    std::vector<std::string> log{};
    std::unique_ptr<KeyKeeper> keeper{};
};

TEST(KeyKeeper, HandsOutAllIssuersKeysByIndex) {
    ScriptedIssuer one;
    ScriptedIssuer two;
    Control control({by_discovery(one, "one"), by_discovery(two, "two")});
    control.keeper->start();
    ASSERT_EQ(control.published, 1);
    ASSERT_EQ(control.ring->size(), 2u);
    for (const core::IssuerKeys& keys : *control.ring) {
        EXPECT_FALSE(keys.set);
        EXPECT_TRUE(keys.first_fetch_pending);
    }
    ASSERT_TRUE(control.run_until([&] { return control.published == 3; }));
    EXPECT_TRUE(control.holds(0, one.key_id()));
    EXPECT_TRUE(control.holds(1, two.key_id()));
    EXPECT_FALSE(control.holds(1, one.key_id()));
    EXPECT_EQ(control.keeper->ring(), control.ring);
    const auto figures = control.keeper->figures();
    ASSERT_EQ(figures.size(), 2u);
    EXPECT_EQ(figures[1].name, "two");
    EXPECT_TRUE(figures[1].store.usable);
    EXPECT_EQ(figures[1].key_ids, std::vector<std::string>{two.key_id()});
}

TEST(KeyKeeper, OneIssuersTroublesAreNotAnothers) {
    ScriptedIssuer bad;
    ScriptedIssuer good;
    bad.play_discovery(ScriptedIssuer::answer(500, ""));
    Control control({by_discovery(bad, "bad"), by_discovery(good, "good")});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 3; }));
    EXPECT_FALSE(control.ring->at(0).set);
    EXPECT_FALSE(control.ring->at(0).first_fetch_pending);
    EXPECT_TRUE(control.holds(1, good.key_id()));
    ASSERT_FALSE(control.log.empty());
    EXPECT_TRUE(std::ranges::any_of(control.log, [](const std::string& line) {
        return line.starts_with("warning bad: ") && line.find("500") != std::string::npos;
    }));

    // It comes back by itself within the first back-off.
    bad.play_discovery({});
    ASSERT_TRUE(control.run_until([&] { return control.holds(0, bad.key_id()); }));
    EXPECT_TRUE(control.holds(1, good.key_id()));
}

TEST(KeyKeeper, AQuestionWithinTheIntervalIsAnsweredWithoutAFetch) {
    ScriptedIssuer issuer;
    Control control({by_discovery(issuer)});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 2; }));
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) control.keeper->ask({.issuer = 0, .generation = 1});
    ASSERT_TRUE(control.run_until([&] { return control.answers.size() == 100; }));
    EXPECT_EQ(issuer.key_fetches(), 1u);
    EXPECT_EQ(control.published, 2);
    EXPECT_EQ(control.answers[0].first.issuer, 0u);
    EXPECT_GT(control.answers[0].second, before);
    EXPECT_LE(control.answers[0].second, before + 10s);
}

TEST(KeyKeeper, AQuestionDuringTheFirstFetchIsAnsweredWithItsKeys) {
    ScriptedIssuer issuer;
    Control control({by_discovery(issuer)});
    control.keeper->start();
    control.keeper->ask({.issuer = 0, .generation = 1});
    ASSERT_TRUE(control.run_until([&] { return !control.answers.empty(); }));
    EXPECT_TRUE(control.holds(0, issuer.key_id())) << "published before the answer";
    EXPECT_EQ(issuer.key_fetches(), 1u);
}

TEST(KeyKeeper, FilesAreReadAgainWhenTold) {
    const test::Issuer first;
    const test::Issuer second;
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() /
        ("bearergate-keys-" + first.key().id().substr(0, 16) + ".json");
    const auto write = [&file](const std::string& text) { std::ofstream(file) << text; };
    write(first.jwks());
    Control control({{.name = "file", .issuer = "x", .jwks_file = file.string()}});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 2; }));
    EXPECT_TRUE(control.holds(0, first.key().id()));

    write("half a fi");
    control.keeper->reload_files();
    ASSERT_TRUE(
        control.run_until([&] { return control.keeper->figures()[0].store.failures == 1; }));
    EXPECT_TRUE(control.holds(0, first.key().id())) << "a bad file keeps the old set";

    write(second.jwks());
    control.keeper->reload_files();
    ASSERT_TRUE(control.run_until([&] { return control.published == 3; }));
    EXPECT_TRUE(control.holds(0, second.key().id()));
    EXPECT_FALSE(control.holds(0, first.key().id()));
    std::filesystem::remove(file);
}

TEST(KeyKeeper, MayGoWhileFetchesAreUnderWay) {
    ScriptedIssuer issuer;
    issuer.play_keys(ScriptedIssuer::hang());
    Control control({by_discovery(issuer)});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return issuer.key_fetches() == 1; }));
    control.keeper->ask({.issuer = 0, .generation = 1});
    control.keeper.reset();
    control.io.poll();
    EXPECT_EQ(control.published, 1);
    EXPECT_TRUE(control.answers.empty());
}

TEST(KeyKeeper, AFetchCarriesNothingOfAnyClient) {
    ScriptedIssuer issuer;
    Control control({by_discovery(issuer)});
    control.keeper->start();
    ASSERT_TRUE(control.run_until([&] { return control.published == 2; }));
    EXPECT_EQ(issuer.raw_requests().find("Authorization"), std::string::npos);
    EXPECT_EQ(issuer.raw_requests().find("Cookie"), std::string::npos);
    for (const auto& request : issuer.requests()) EXPECT_EQ(request.method, "GET");
}

TEST(KeyKeeper, AnUnusableCaFileIsTold) {
    ScriptedIssuer issuer;
    config::KeySource source = by_discovery(issuer);
    source.discovery = config::parse_fetched_url("https://localhost/x").value();
    source.ca = "/nonexistent/ca.crt";
    try {
        Control control({source});
        FAIL() << "it must not start";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find(source.ca), std::string::npos) << error.what();
    }
}

// ---- Another configuration

TEST(KeyKeeper, AnotherConfigurationKeepsTheKeysOfIssuersThatStay) {
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

TEST(KeyKeeper, AnIssuerThatStaysIsAskedUnderItsNewNumber) {
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

TEST(KeyKeeper, AQuestionOfAnotherConfigurationIsAnsweredToWhoAskedIt) {
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

TEST(KeyKeeper, AQuestionFromBeforeAReloadGetsItsAnswerWhereItsIssuerHasStayed) {
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

TEST(KeyKeeper, AQuestionThatIsOpenAtAReloadGetsItsAnswerWhereItsIssuerStays) {
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

TEST(KeyKeeper, AQuestionThatNobodyWillAnswerAfterAReloadIsAnsweredAtOnce) {
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

TEST(KeyKeeper, WhatIsFetchedForAFormerConfigurationIsThrownAway) {
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
TEST(KeyKeeper, AnIssuersCountsGoOnWhenItsSettingsChange) {
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
        EXPECT_FALSE(store().usable) << "its keys do not";
        ASSERT_TRUE(control.run_until([&] { return store().refreshes == generation; }));
    }
    ScriptedIssuer two;
    control.keeper->reconfigure({by_discovery(two, "another")}, 4);
    EXPECT_EQ(store().refreshes, 0U);
}

TEST(KeyKeeper, AConfigurationWithAnUnusableCaChangesNothing) {
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
