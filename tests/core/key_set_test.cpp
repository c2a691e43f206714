// Key sets: what is skipped, what is ambiguous, and which key a token gets.
#include <bearergate/cli/signing_key.hpp>
#include <bearergate/core/key_set.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using namespace bearergate::core;
using bearergate::cli::SigningKey;
using Members = nlohmann::json;

std::string fault_name(KeySetFault fault) {
    switch (fault) {
        case KeySetFault::too_large: return "too_large";
        case KeySetFault::not_json: return "not_json";
        case KeySetFault::no_keys_array: return "no_keys_array";
        case KeySetFault::too_many_keys: return "too_many_keys";
        case KeySetFault::no_usable_key: return "no_usable_key";
    }
    return "?";
}

std::string outcome(const std::string& text) {
    const auto document = parse_key_set(text);
    return document ? "ok" : fault_name(document.error());
}

// A public key under a name, null for none, with an alg, null for none.
Members key(const SigningKey& key, const Members& kid, const Members& alg) {
    Members jwk = Members::parse(key.public_jwk());
    jwk.merge_patch({{"kid", kid}, {"alg", alg}});
    return jwk;
}

const SigningKey& ec() {
    static const SigningKey key = SigningKey::generate(Algorithm::es256);
    return key;
}
const SigningKey& other_ec() {
    static const SigningKey key = SigningKey::generate(Algorithm::es256);
    return key;
}
const SigningKey& rsa() {
    static const SigningKey key = SigningKey::generate(Algorithm::rs256);
    return key;
}
const SigningKey& other_rsa() {
    static const SigningKey key = SigningKey::generate(Algorithm::rs256);
    return key;
}

KeySetDocument parse(const std::vector<Members>& keys) {
    return parse_key_set(Members{{"keys", keys}}.dump()).value();
}

Thumbprint print_of(const SigningKey& signing_key) {
    return import_key(Json::parse(signing_key.public_jwk(), 8).value()).value().thumbprint;
}

// Whether `set` answers with this key.
bool gives(const KeySet& set, std::optional<std::string_view> id, Algorithm algorithm,
           const SigningKey& expected) {
    const PublicKey* found = set.find(id, algorithm);
    return found && found->thumbprint == print_of(expected);
}

TEST(ParseKeySet, RefusesDocumentsThatAreNone) {
    const std::string good = key(ec(), "k", nullptr).dump();
    const struct {
        std::string text;
        const char* fault;
    } cases[]{
        {"", "not_json"},
        {"<html></html>", "not_json"},
        {R"({"keys":[)" + good, "not_json"},
        {R"({"keys":[)" + good + "]}x", "not_json"},
        {R"({"keys":[)" + good + "]}" + std::string(1, '\0') + R"({"keys":[]})", "not_json"},
        {R"({"keys":[],"keys":[)" + good + "]}", "not_json"},
        {R"({"keys":[)" + good + R"(],"x":"\xff"})", "not_json"},
        {R"({"keys":[)" + good + R"(],"x":[[[[[[[[1]]]]]]]]})", "not_json"},
        {R"({"keys":)" + std::string(100'000, '['), "not_json"},
        {"[" + good + "]", "no_keys_array"},
        {good, "no_keys_array"},
        {"null", "no_keys_array"},
        {"{}", "no_keys_array"},
        {R"({"keys":null})", "no_keys_array"},
        {R"({"keys":"[]"})", "no_keys_array"},
        {R"({"keys":{"0":)" + good + "}}", "no_keys_array"},
        {R"({"Keys":[)" + good + "]}", "no_keys_array"},
        {R"({"keys":[]})", "no_usable_key"},
        {R"({"keys":[null,7,[],"x",{}]})", "no_usable_key"},
        {R"({"keys":[{"kty":"oct","k":"AAAA"}]})", "no_usable_key"},
        {R"({"keys":[)" + good + R"(],"x":[[[[[[1]]]]]]})", "ok"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text.substr(0, 80));
        EXPECT_EQ(outcome(c.text), c.fault);
    }
}

TEST(ParseKeySet, IsBoundedInBytesAndKeys) {
    const std::string good = key(ec(), "k", nullptr).dump();
    std::string text = R"({"keys":[)" + good + "]}";
    text.insert(text.size() - 1, max_key_set_bytes - text.size(), ' ');
    EXPECT_EQ(outcome(text), "ok");
    EXPECT_EQ(outcome(text + " "), "too_large");

    std::string entries = good;
    for (std::size_t i = 1; i < max_key_set_keys; ++i) entries += ",null";
    EXPECT_EQ(outcome(R"({"keys":[)" + entries + "]}"), "ok");
    EXPECT_EQ(outcome(R"({"keys":[)" + entries + ",null]}"), "too_many_keys");
}

TEST(ParseKeySet, SkipsABadKeyAndSaysWhy) {
    Members unusable = key(other_ec(), "bad\r\n\x1b" + std::string(100, 'x'), nullptr);
    Members encryption = key(rsa(), "enc", nullptr);
    encryption["use"] = "enc";
    const auto document = parse({unusable, encryption, nullptr, key(ec(), "k", nullptr)});
    EXPECT_EQ(document.set.keys().size(), 1U);
    EXPECT_TRUE(gives(document.set, "k", Algorithm::es256, ec()));
    ASSERT_EQ(document.skipped.size(), 3U);
    EXPECT_EQ(document.skipped[0].id, "bad???" + std::string(58, 'x'));
    EXPECT_EQ(document.skipped[1].id, "enc");
    EXPECT_EQ(document.skipped[1].why, describe(KeyFault::not_for_verification));
    EXPECT_EQ(document.skipped[2].id, "");
    EXPECT_EQ(document.skipped[2].why, describe(KeyFault::not_an_object));
}

TEST(ParseKeySet, TwoKeysThatShareANameAreBothUnusable) {
    const auto document =
        parse({key(ec(), "k", "ES256"), key(other_ec(), "k", nullptr), key(rsa(), "r", nullptr)});
    EXPECT_EQ(document.set.keys().size(), 1U);
    EXPECT_EQ(document.set.find("k", Algorithm::es256), nullptr);
    EXPECT_EQ(document.set.find(std::nullopt, Algorithm::es256), nullptr);
    ASSERT_EQ(document.skipped.size(), 2U);
    EXPECT_EQ(document.skipped[0].id, "k");
    EXPECT_EQ(
        outcome(Members{{"keys", {key(ec(), "k", nullptr), key(other_ec(), "k", nullptr)}}}.dump()),
        "no_usable_key");
    // One key for all RSA algorithms, another for one of them.
    EXPECT_EQ(
        outcome(
            Members{{"keys", {key(rsa(), "k", nullptr), key(other_rsa(), "k", "PS512")}}}.dump()),
        "no_usable_key");
}

TEST(ParseKeySet, KeysMayShareANameWhenNoTokenCouldMeanBoth) {
    const auto document =
        parse({key(rsa(), "k", "RS256"), key(ec(), "k", "ES256"), key(other_rsa(), "k", "PS256")});
    EXPECT_TRUE(document.skipped.empty());
    EXPECT_TRUE(gives(document.set, "k", Algorithm::rs256, rsa()));
    EXPECT_TRUE(gives(document.set, "k", Algorithm::es256, ec()));
    EXPECT_TRUE(gives(document.set, "k", Algorithm::ps256, other_rsa()));
    EXPECT_EQ(document.set.find("k", Algorithm::rs512), nullptr);
}

TEST(ParseKeySet, IdenticalCopiesCountOnce) {
    const auto document = parse({key(ec(), "k", "ES256"), key(ec(), "k", "ES256"),
                                 key(ec(), "k", nullptr), key(ec(), "other", nullptr)});
    EXPECT_EQ(document.set.keys().size(), 2U);
    EXPECT_TRUE(document.skipped.empty());
    EXPECT_TRUE(gives(document.set, "k", Algorithm::es256, ec()));
    EXPECT_TRUE(gives(document.set, "other", Algorithm::es256, ec()));
}

TEST(ParseKeySet, AnUnusableKeyTakesNobodysName) {
    Members encryption = key(other_ec(), "k", nullptr);
    encryption["use"] = "enc";
    const auto document = parse({encryption, key(ec(), "k", nullptr)});
    EXPECT_TRUE(gives(document.set, "k", Algorithm::es256, ec()));
}

TEST(KeySet, GivesAKeyOnlyByItsExactNameAndAlgorithm) {
    const KeySet set = parse({key(ec(), "k", nullptr), key(rsa(), "r", "RS256")}).set;
    EXPECT_TRUE(gives(set, "k", Algorithm::es256, ec()));
    EXPECT_TRUE(gives(set, "r", Algorithm::rs256, rsa()));
    for (const Algorithm algorithm : {Algorithm::rs384, Algorithm::ps256, Algorithm::es256}) {
        EXPECT_EQ(set.find("r", algorithm), nullptr);
    }
    for (const Algorithm algorithm : {Algorithm::es384, Algorithm::rs256, Algorithm::eddsa}) {
        EXPECT_EQ(set.find("k", algorithm), nullptr);
    }
    for (const std::string_view id : {"K", "k ", " k", "", "kk", "../k"}) {
        EXPECT_EQ(set.find(id, Algorithm::es256), nullptr) << id;
    }
}

TEST(KeySet, ANamelessTokenGetsAKeyOnlyIfItCanBeNoOther) {
    const KeySet two =
        parse({key(ec(), "a", nullptr), key(other_ec(), "b", nullptr), key(rsa(), "r", nullptr)})
            .set;
    EXPECT_EQ(two.find(std::nullopt, Algorithm::es256), nullptr);
    EXPECT_TRUE(gives(two, std::nullopt, Algorithm::rs256, rsa()));
    EXPECT_TRUE(gives(two, std::nullopt, Algorithm::ps512, rsa()));
    EXPECT_EQ(two.find(std::nullopt, Algorithm::eddsa), nullptr);

    const KeySet nameless =
        parse({key(ec(), nullptr, nullptr), key(other_ec(), nullptr, nullptr)}).set;
    EXPECT_EQ(nameless.keys().size(), 2U);
    EXPECT_EQ(nameless.find(std::nullopt, Algorithm::es256), nullptr);

    const KeySet twice = parse({key(ec(), "a", nullptr), key(ec(), "b", nullptr)}).set;
    EXPECT_TRUE(gives(twice, std::nullopt, Algorithm::es256, ec()));
}

TEST(KeySet, ANamedTokenNeverGetsANamelessKey) {
    const KeySet set = parse({key(ec(), nullptr, nullptr)}).set;
    EXPECT_EQ(set.find("k", Algorithm::es256), nullptr);
    EXPECT_EQ(set.find("", Algorithm::es256), nullptr);
    EXPECT_TRUE(gives(set, std::nullopt, Algorithm::es256, ec()));
}

TEST(KeySet, OfNothingHasNoKey) {
    EXPECT_TRUE(KeySet().empty());
    EXPECT_EQ(KeySet().find(std::nullopt, Algorithm::es256), nullptr);
}

TEST(ParseKeySet, NamesKeysWhosePrivateHalfIsPublishedAndUsesThePublicOne) {
    Members lost = Members::parse(ec().private_jwk());
    lost["kid"] = "lost\r\n";
    EXPECT_EQ(outcome(Members{{"keys", {lost}}}.dump()), "no_usable_key") << "for its name";
    lost["kid"] = "lost";
    const auto document = parse({lost, key(rsa(), "sound", nullptr), lost});
    EXPECT_EQ(document.lost, (std::vector<std::string>{"lost", "lost"}));
    EXPECT_TRUE(document.skipped.empty());
    EXPECT_TRUE(gives(document.set, "lost", Algorithm::es256, ec()));
    EXPECT_TRUE(parse({key(ec(), "a", nullptr)}).lost.empty());
}

TEST(DescribeKeySetFault, HasAPhraseForEach) {
    for (const KeySetFault fault :
         {KeySetFault::too_large, KeySetFault::not_json, KeySetFault::no_keys_array,
          KeySetFault::too_many_keys, KeySetFault::no_usable_key}) {
        EXPECT_NE(describe(fault), "cannot be used");
    }
}

}  // namespace
