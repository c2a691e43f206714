// The examples of RFC 7515, 7520, 7638, 7797 and 8037.
#include "support/authenticate.hpp"
#include "support/compact_jws.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

namespace {

using namespace bearergate;
using nlohmann::json;

json public_half(json jwk) {
    if (!jwk.is_object()) return jwk;  // alg none has no key
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi"}) jwk.erase(member);
    return jwk;
}

core::KeySet set_of(const json& jwk) {
    const auto document = core::parse_key_set(json{{"keys", {public_half(jwk)}}}.dump());
    return document ? document->set : core::KeySet();
}

TEST(JoseExamples, Rfc7515And7638And8037) {
    if (!test::has_vectors("rfc")) GTEST_SKIP() << test::no_vectors;
    std::map<std::string, bool> good;
    for (const json& c : test::read_cases("rfc/rfc_examples.json")) {
        const auto id = c["id"].get<std::string>();
        SCOPED_TRACE(id);
        if (c.contains("jws")) {
            good[id] = test::jws_is_good(c["jws"].get<std::string>(), set_of(c["jwk"]));
            continue;
        }
        const auto print =
            core::import_key(core::Json::parse(c["jwk"].dump(), 8).value()).value().thumbprint;
        EXPECT_EQ(
            core::encode_base64url({reinterpret_cast<const char*>(print.data()), print.size()}),
            c["thumbprint_sha256"].get<std::string>());
    }
    const std::map<std::string, bool> expected{
        {"RFC7515-A.1", false}, {"RFC7515-A.2", true}, {"RFC7515-A.3", true}, {"RFC7515-A.4", true},
        {"RFC7515-A.5", false}, {"RFC7515-E", false},  {"RFC8037-A.4", true}};
    EXPECT_EQ(good, expected);
}

// A.2 and A.3 are signed well and expired in 2011.
TEST(JoseExamples, Rfc7515TokensAreExpired) {
    if (!test::has_vectors("rfc")) GTEST_SKIP() << test::no_vectors;
    const core::Policy policy{.issuers = {{.issuer = "joe", .token_type = std::nullopt}}};
    for (const json& c : test::read_cases("rfc/rfc_examples.json")) {
        if (c["id"] != "RFC7515-A.2" && c["id"] != "RFC7515-A.3") continue;
        const core::KeyRing keys{test::keys_of(json{{"keys", {c["jwk"]}}}.dump())};
        const auto result = [&](double now) {
            return test::outcome(
                test::authenticate(c["jws"].get<std::string>(), policy, keys, test::at(now)));
        };
        EXPECT_EQ(result(1'700'000'000), "token_expired");
        EXPECT_EQ(result(1'300'819'379), "claim_invalid");  // in time, but of nobody for nobody
    }
}

TEST(JoseExamples, Rfc7520Signatures) {
    if (!test::has_vectors("jose-cookbook")) GTEST_SKIP() << test::no_vectors;
    const std::map<std::string, bool> expected{{"4_1.rsa_v15_signature.json", true},
                                               {"4_2.rsa-pss_signature.json", true},
                                               {"4_3.ecdsa_signature.json", true},
                                               {"4_4.hmac-sha2_integrity_protection.json", false}};
    for (const auto& [file, good] : expected) {
        SCOPED_TRACE(file);
        const json c = test::read_vectors("jose-cookbook/jws/" + file);
        EXPECT_EQ(
            test::jws_is_good(c["output"]["compact"].get<std::string>(), set_of(c["input"]["key"])),
            good);
    }
    const json ed = test::read_vectors("jose-cookbook/curve25519/jws.json");
    EXPECT_TRUE(
        test::jws_is_good(ed["output"]["compact"].get<std::string>(), set_of(ed["input"]["key"])));
}

TEST(JoseExamples, Rfc7520Keys) {
    if (!test::has_vectors("jose-cookbook")) GTEST_SKIP() << test::no_vectors;
    const std::map<std::string, bool> expected{{"3_1.ec_public_key.json", true},
                                               {"3_2.ec_private_key.json", true},
                                               {"3_3.rsa_public_key.json", true},
                                               {"3_4.rsa_private_key.json", true},
                                               {"3_5.symmetric_key_mac_computation.json", false},
                                               {"3_6.symmetric_key_encryption.json", false}};
    for (const auto& [file, good] : expected) {
        const json jwk = test::read_vectors("jose-cookbook/jwk/" + file);
        EXPECT_EQ(core::import_key(core::Json::parse(jwk.dump(), 8).value()).has_value(), good)
            << file;
    }
}

// Encrypted, detached, unencoded, nested, and in JSON form: no other shape of JOSE is a token.
TEST(JoseExamples, NoOtherShapeIsAToken) {
    if (!test::has_vectors("jose-cookbook")) GTEST_SKIP() << test::no_vectors;
    std::size_t seen = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(test::vectors_path("jose-cookbook"))) {
        if (entry.path().extension() != ".json") continue;
        const json c = json::parse(test::read_file(entry.path()));
        if (!c.contains("output")) continue;
        SCOPED_TRACE(entry.path().filename());
        for (const auto& [form, output] : c["output"].items()) {
            const std::string text = output.is_string() ? output.get<std::string>() : output.dump();
            EXPECT_FALSE(core::UnverifiedToken::parse(text).has_value()) << form;
            ++seen;
        }
    }
    EXPECT_GE(seen, 40U);
}

}  // namespace
