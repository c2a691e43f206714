#include "keeping.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace bearergate::gateway {

namespace {

using namespace keeping;

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

}  // namespace

}  // namespace bearergate::gateway
