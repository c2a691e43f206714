// Project Wycheproof's signature vectors, each through a Verifier of an imported key, as the
// signature of a token would be.
#include <bearergate/core/base64url.hpp>
#include <bearergate/core/verifier.hpp>

#include "support/vectors.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace {

using namespace bearergate;
using core::Algorithm;
using nlohmann::json;

std::string hex_text(const json& hex) {
    return core::encode_base64url(test::from_hex(hex.get<std::string>()));
}

json ec_jwk(const json& group, const char* curve) {
    const std::string point = test::from_hex(group["publicKey"]["uncompressed"].get<std::string>());
    const std::size_t half = point.size() / 2;
    return {{"kty", "EC"},
            {"crv", curve},
            {"x", core::encode_base64url(point.substr(1, half))},
            {"y", core::encode_base64url(point.substr(1 + half))}};
}
json rsa_jwk(const json& group) {
    return {{"kty", "RSA"},
            {"n", hex_text(group["publicKey"]["modulus"])},
            {"e", hex_text(group["publicKey"]["publicExponent"])}};
}
json edwards_jwk(const json& group, const char* curve) {
    return {{"kty", "OKP"}, {"crv", curve}, {"x", hex_text(group["publicKey"]["pk"])}};
}

core::Result<core::PublicKey, core::KeyFault> import(const json& jwk) {
    return core::import_key(core::Json::parse(jwk.dump(), 8).value());
}

struct Tally {
    std::size_t seen = 0;
    std::size_t accepted = 0;
};

// Verifies every test of a file. `jwk` and `algorithm` come from the test's group, `expected` from
// group and test; a group whose key is refused expects nothing to be accepted.
Tally run(const std::string& file, const std::function<json(const json&)>& jwk,
          const std::function<std::optional<Algorithm>(const json&)>& algorithm,
          const std::function<bool(const json&, const json&)>& expected) {
    const json document = test::read_vectors("wycheproof/" + file);
    Tally tally;
    for (const json& group : document["testGroups"]) {
        const auto key = import(jwk(group));
        const auto alg = algorithm(group);
        for (const json& c : group["tests"]) {
            SCOPED_TRACE(file + " tcId " + c["tcId"].dump() + " " + c["comment"].dump());
            ++tally.seen;
            if (!key || !alg) continue;
            core::Verifier verifier(*key, *alg);
            const bool valid = verifier.verify(test::from_hex(c["msg"].get<std::string>()),
                                               test::from_hex(c["sig"].get<std::string>()));
            tally.accepted += valid ? 1 : 0;
            EXPECT_EQ(valid, expected(group, c));
        }
    }
    EXPECT_EQ(tally.seen, document["numberOfTests"].get<std::size_t>());
    return tally;
}

bool is_valid(const json& /*group*/, const json& c) {
    return c["result"] == "valid";
}
bool never(const json& /*group*/, const json& /*c*/) {
    return false;
}
std::function<std::optional<Algorithm>(const json&)> always(Algorithm algorithm) {
    return [=](const json&) { return algorithm; };
}

struct EcFile {
    const char* name;
    const char* curve;
    Algorithm algorithm;
    std::size_t accepted;
};

TEST(Wycheproof, EcdsaAsRAndSSideBySide) {
    if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
    for (const EcFile& file :
         {EcFile{"ecdsa_secp256r1_sha256_p1363_test.json", "P-256", Algorithm::es256, 173},
          EcFile{"ecdsa_secp384r1_sha384_p1363_test.json", "P-384", Algorithm::es384, 193},
          EcFile{"ecdsa_secp521r1_sha512_p1363_test.json", "P-521", Algorithm::es512, 231}}) {
        const auto tally = run(
            file.name, [&](const json& group) { return ec_jwk(group, file.curve); },
            always(file.algorithm), is_valid);
        EXPECT_EQ(tally.accepted, file.accepted);
    }
}

// JWS fixes the digest by the curve, so these files' good signatures are none for us.
TEST(Wycheproof, EcdsaWithAnotherDigestOrCurve) {
    if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
    for (const EcFile& file :
         {EcFile{"ecdsa_secp256r1_sha512_p1363_test.json", "P-256", Algorithm::es256, 0},
          EcFile{"ecdsa_secp384r1_sha512_p1363_test.json", "P-384", Algorithm::es384, 0}}) {
        run(
            file.name, [&](const json& group) { return ec_jwk(group, file.curve); },
            always(file.algorithm), never);
    }
    for (const json& group :
         test::read_cases("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json", "testGroups")) {
        EXPECT_FALSE(import(ec_jwk(group, "secp256k1")).has_value());
        EXPECT_FALSE(import(ec_jwk(group, "P-256")).has_value());
    }
}

// r and s as JWS has them, `size` bytes each.
std::string side_by_side(const std::string& der, std::size_t size) {
    const auto* in = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
        d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())), ECDSA_SIG_free);
    if (!pair) return "";
    std::string out(2 * size, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(out.data());
    const bool fits =
        BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes, static_cast<int>(size)) >= 0 &&
        BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes + size, static_cast<int>(size)) >= 0;
    return fits ? out : "";
}

TEST(Wycheproof, EcdsaInDerIsRefusedAndItsNumbersAreNot) {
    if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
    for (const EcFile& file :
         {EcFile{"ecdsa_secp256r1_sha256_test.json", "P-256", Algorithm::es256, 0},
          EcFile{"ecdsa_secp384r1_sha384_test.json", "P-384", Algorithm::es384, 0},
          EcFile{"ecdsa_secp521r1_sha512_test.json", "P-521", Algorithm::es512, 0}}) {
        run(
            file.name, [&](const json& group) { return ec_jwk(group, file.curve); },
            always(file.algorithm), never);
        for (const json& group :
             test::read_cases(std::string("wycheproof/") + file.name, "testGroups")) {
            const auto key = import(ec_jwk(group, file.curve)).value();
            core::Verifier verifier(key, file.algorithm);
            const auto size = static_cast<std::size_t>(key.bits + 7) / 8;
            for (const json& c : group["tests"]) {
                if (c["result"] != "valid") continue;
                SCOPED_TRACE(std::string(file.name) + " tcId " + c["tcId"].dump());
                EXPECT_TRUE(verifier.verify(
                    test::from_hex(c["msg"].get<std::string>()),
                    side_by_side(test::from_hex(c["sig"].get<std::string>()), size)));
            }
        }
    }
}

TEST(Wycheproof, RsaPkcs1) {
    if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
    const std::map<std::string, Algorithm> digests{
        {"sha256", Algorithm::rs256}, {"sha384", Algorithm::rs384}, {"sha512", Algorithm::rs512}};
    std::size_t accepted = 0;
    for (const std::string name :
         {"2048_sha256", "2048_sha384", "2048_sha512", "3072_sha256", "3072_sha384", "3072_sha512",
          "4096_sha256", "4096_sha384", "4096_sha512", "8192_sha256"}) {
        accepted += run("rsa_signature_" + name + "_test.json", rsa_jwk,
                        always(digests.at(name.substr(5))), is_valid)
                        .accepted;
    }
    EXPECT_EQ(accepted, 70U);  // 75 less the five of keys whose exponent is 3
}

// Of PSS, JWS knows one form for each digest: MGF1 with it, and a salt as long as it.
struct PssForm {
    Algorithm algorithm;
    int salt;
};
const std::map<std::string, PssForm> pss_forms{{"SHA-256", {Algorithm::ps256, 32}},
                                               {"SHA-384", {Algorithm::ps384, 48}},
                                               {"SHA-512", {Algorithm::ps512, 64}}};

std::optional<Algorithm> pss_algorithm(const json& group) {
    const auto form = pss_forms.find(group["sha"].get<std::string>());
    return form == pss_forms.end() ? std::nullopt : std::optional(form->second.algorithm);
}

bool is_valid_pss(const json& group, const json& c) {
    const int salt = pss_forms.at(group["sha"].get<std::string>()).salt;
    if (group["mgfSha"] != group["sha"]) return false;
    // Bad for a group of another salt, and just right for JWS.
    if (c["comment"] == "s_len changed to " + std::to_string(salt)) return true;
    return c["result"] == "valid" && group["sLen"] == salt;
}

TEST(Wycheproof, RsaPss) {
    if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
    std::size_t accepted = 0;
    for (const std::string name :
         {"2048_sha256_mgf1_0", "2048_sha256_mgf1_32", "2048_sha256_mgf1sha1_20",
          "2048_sha384_mgf1_48", "3072_sha256_mgf1_32", "4096_sha256_mgf1_32",
          "4096_sha384_mgf1_48", "4096_sha512_mgf1_32", "4096_sha512_mgf1_64", "misc"}) {
        accepted +=
            run("rsa_pss_" + name + "_test.json", rsa_jwk, pss_algorithm, is_valid_pss).accepted;
    }
    EXPECT_EQ(accepted, 515U);
}

TEST(Wycheproof, EdDsa) {
    if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
    const auto ed25519 = run(
        "ed25519_test.json", [](const json& group) { return edwards_jwk(group, "Ed25519"); },
        always(Algorithm::eddsa), is_valid);
    EXPECT_EQ(ed25519.accepted, 88U);
    const auto ed448 = run(
        "ed448_test.json", [](const json& group) { return edwards_jwk(group, "Ed448"); },
        always(Algorithm::eddsa), is_valid);
    EXPECT_EQ(ed448.accepted, 17U);
}

}  // namespace
