// Project Wycheproof's vectors for JSON Web Signature, Key, Encryption and Crypto.
#include "support/compact_jws.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

using namespace bearergate;
using nlohmann::json;

// Some groups have only the private key; a set with private members would be refused for them.
json public_half(json jwk) {
    if (jwk.value("kty", "") == "oct") return jwk;
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi"}) jwk.erase(member);
    return jwk;
}

core::KeySet set_of(const json& group) {
    const json& given = group.contains("public") ? group["public"] : group["private"];
    json keys = json::array();
    if (given.contains("keys")) {
        for (const json& jwk : given["keys"]) keys.push_back(public_half(jwk));
    } else {
        keys.push_back(public_half(given));
    }
    const auto document = core::parse_key_set(json{{"keys", keys}}.dump());
    return document ? document->set : core::KeySet();
}

bool is_symmetric(const json& group) {
    const json& given = group.contains("public") ? group["public"] : group["private"];
    const json& jwk = given.contains("keys") ? given["keys"][0] : given;
    return jwk.value("kty", "") == "oct";
}

std::string text_of(const json& c) {
    const json& form = c.contains("jws") ? c["jws"] : c["jwe"];
    return form.is_string() ? form.get<std::string>() : form.dump();
}

TEST(WycheproofJose, JsonWebSignature) {
    if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
    const json labels =
        test::read_vectors("wycheproof/strict_expectations.json")["json_web_signature_labels"];
    const json document = test::read_vectors("wycheproof/json_web_signature_test.json");
    std::size_t seen = 0;
    std::size_t accepted = 0;
    for (const json& group : document["testGroups"]) {
        const core::KeySet keys = set_of(group);
        for (const json& c : group["tests"]) {
            SCOPED_TRACE("tcId " + c["tcId"].dump() + " " + c["comment"].dump());
            ++seen;
            // A shared secret is no key of ours: good MACs are refused with the bad ones.
            const bool expected =
                !is_symmetric(group) && labels[c["tcId"].dump()]["strict"] == "valid";
            const bool good = test::jws_is_good(text_of(c), keys);
            accepted += good ? 1 : 0;
            EXPECT_EQ(good, expected);
        }
    }
    EXPECT_EQ(seen, document["numberOfTests"].get<std::size_t>());
    EXPECT_EQ(accepted, 32U);
}

TEST(WycheproofJose, JsonWebKey) {
    if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
    const json document = test::read_vectors("wycheproof/json_web_key_test.json");
    std::set<std::string> accepted;
    std::size_t seen = 0;
    for (const json& group : document["testGroups"]) {
        const core::KeySet keys = set_of(group);
        for (const json& c : group["tests"]) {
            ++seen;
            if (test::jws_is_good(text_of(c), keys)) accepted.insert(c["tcId"].dump());
        }
    }
    EXPECT_EQ(seen, document["numberOfTests"].get<std::size_t>());
    EXPECT_EQ(accepted, std::set<std::string>{"5"});  // the other good ones are MACs
}

TEST(WycheproofJose, NothingEncryptedIsAToken) {
    if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
    for (const char* file : {"json_web_encryption_test.json", "json_web_crypto_test.json"}) {
        const json document = test::read_vectors(std::string("wycheproof/") + file);
        std::size_t seen = 0;
        for (const json& group : document["testGroups"]) {
            const core::KeySet keys = set_of(group);
            for (const json& c : group["tests"]) {
                SCOPED_TRACE(std::string(file) + " tcId " + c["tcId"].dump());
                ++seen;
                const std::string text = text_of(c);
                const bool expected =
                    c.contains("jws") && c["result"] == "valid" && !is_symmetric(group);
                EXPECT_EQ(test::jws_is_good(text, keys), expected);
                if (c.contains("jwe")) EXPECT_FALSE(core::UnverifiedToken::parse(text).has_value());
            }
        }
        EXPECT_EQ(seen, document["numberOfTests"].get<std::size_t>());
    }
}

}  // namespace
