// Which JSON Web Keys are fit for verifying, and why the others are not.
#include <bearergate/core/base64url.hpp>
#include <bearergate/core/jwk.hpp>

#include "core/jwk_members.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/evp.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace bearergate::core;
using namespace bearergate::core::jwks;

// The bytes of a number given in hexadecimal.
std::string number(const std::string& hex) {
    BIGNUM* raw = nullptr;
    BN_hex2bn(&raw, hex.c_str());
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
    BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(raw);
    return encode_base64url(bytes);
}

Members rsa_with(const std::string& n_hex, const std::string& e_hex) {
    return {{"kty", "RSA"}, {"n", number(n_hex)}, {"e", number(e_hex)}};
}

// An odd modulus of so many bits: 1, zeros, and the tail.
std::string modulus(int bits, const std::string& tail = "D") {
    const std::string first(1, "1248"[(bits - 1) % 4]);
    return first + std::string(static_cast<std::size_t>((bits - 1) / 4) - tail.size(), '0') + tail;
}

TEST(ImportKey, TellsTypeSizeAndAlgorithms) {
    const auto key = import_text(rsa().dump()).value();
    EXPECT_EQ(key.type, KeyType::rsa);
    EXPECT_EQ(key.bits, 2048);
    EXPECT_EQ(key.algorithms, (AlgorithmSet{Algorithm::rs256, Algorithm::rs384, Algorithm::rs512,
                                            Algorithm::ps256, Algorithm::ps384, Algorithm::ps512}));
    EXPECT_EQ(key.id, rsa()["kid"].get<std::string>());
    const struct {
        Algorithm algorithm;
        KeyType type;
        int bits;
    } curves[]{{Algorithm::es256, KeyType::p256, 256},
               {Algorithm::es384, KeyType::p384, 384},
               {Algorithm::es512, KeyType::p521, 521},
               {Algorithm::eddsa, KeyType::ed25519, 255}};
    for (const auto& c : curves) {
        const auto other =
            import_text(with(public_jwk(c.algorithm), {{"alg", nullptr}}).dump()).value();
        EXPECT_EQ(other.type, c.type);
        EXPECT_EQ(other.bits, c.bits);
        EXPECT_EQ(other.algorithms, AlgorithmSet{c.algorithm});
    }
    const auto ed448 = import_text(SigningKey::generate_ed448().public_jwk()).value();
    EXPECT_EQ(ed448.type, KeyType::ed448);
    EXPECT_EQ(ed448.algorithms, AlgorithmSet{Algorithm::eddsa});
}

TEST(ImportKey, AnAlgBindsAnRsaKeyToOneAlgorithm) {
    for (const char* alg : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
        const auto key = import_text(with(rsa(), {{"alg", alg}}).dump()).value();
        EXPECT_EQ(key.algorithms, AlgorithmSet{*parse_algorithm(alg)});
    }
}

TEST(ImportKey, NamesMaterialAsRfc7638Says) {
    // RFC 7638 section 3.1 and RFC 8037 appendix A.3.
    const struct {
        const char* jwk;
        const char* thumbprint;
    } cases[]{
        {R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cb)"
         R"(bfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5)"
         R"(JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqz)"
         R"(s8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6)"
         R"(WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw)"
         R"(","e":"AQAB","alg":"RS256","kid":"2011-04-29"})",
         "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
        {R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
         "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
    };
    for (const auto& c : cases) {
        const auto key = import_text(c.jwk);
        ASSERT_TRUE(key.has_value()) << fault_name(key.error());
        const auto& print = key->thumbprint;
        EXPECT_EQ(encode_base64url({reinterpret_cast<const char*>(print.data()), print.size()}),
                  c.thumbprint);
    }
}

TEST(ImportKey, TheThumbprintIsOfTheMaterialAlone) {
    for (const Members& jwk : {ec(), rsa(), ed()}) {
        const auto key = import_text(jwk.dump()).value();
        const auto renamed =
            import_text(with(jwk, {{"kid", "other"}, {"use", nullptr}, {"x5t", "AAAA"}}).dump())
                .value();
        EXPECT_EQ(key.thumbprint, renamed.thumbprint);
        EXPECT_NE(key.thumbprint,
                  import_text(public_jwk(Algorithm::es256).dump()).value().thumbprint);
    }
}

TEST(ImportKey, RefusesWhatIsNoKeyOfOurs) {
    for (const char* text : {"null", "7", "[]", R"("EC")", "true"}) {
        EXPECT_EQ(outcome(Members::parse(text)), "not_an_object") << text;
    }
    const std::vector<std::pair<Members, const char*>> cases{
        {Members::object(), "type_unknown"},
        {with(ec(), {{"kty", nullptr}}), "type_unknown"},
        {with(ec(), {{"kty", "ec"}}), "type_unknown"},
        {with(ec(), {{"kty", 1}}), "type_unknown"},
        {with(ec(), {{"kty", "OKP"}}), "type_unknown"},
        {with(ec(), {{"kty", "RSA"}, {"alg", nullptr}}), "member_invalid"},
        {with(ec(), {{"crv", nullptr}}), "type_unknown"},
        {with(ec(), {{"crv", "secp256k1"}}), "type_unknown"},
        {with(ec(), {{"crv", "P-224"}}), "type_unknown"},
        {with(ec(), {{"crv", "Ed25519"}}), "type_unknown"},
        {with(ed(), {{"crv", "X25519"}}), "type_unknown"},
        {with(ed(), {{"crv", "P-256"}}), "type_unknown"},
        {{{"kty", "oct"}, {"k", "AAAA"}}, "type_unknown"},
        {{{"kty", "RSA"}, {"alg", "HS256"}, {"k", "AAAA"}}, "algorithm_mismatch"},
        {{{"kty", "EC"}, {"crv", "P-256"}, {"x5c", {"AAAA"}}}, "member_invalid"},
        {{{"kty", "RSA"}, {"x5c", {"AAAA"}}}, "member_invalid"},
    };
    for (const auto& [jwk, fault] : cases) {
        SCOPED_TRACE(jwk.dump());
        EXPECT_EQ(outcome(jwk), fault);
    }
}

TEST(ImportKey, RefusesKeysForAnythingButVerifying) {
    const std::vector<std::pair<Members, const char*>> cases{
        {{{"use", "enc"}}, "not_for_verification"},
        {{{"use", "SIG"}}, "not_for_verification"},
        {{{"use", ""}}, "not_for_verification"},
        {{{"use", 1}}, "member_invalid"},
        {{{"use", {"sig"}}}, "member_invalid"},
        {{{"key_ops", {"verify"}}}, "ok"},
        {{{"key_ops", {"sign", "verify"}}}, "ok"},
        {{{"key_ops", {"sign"}}}, "not_for_verification"},
        {{{"key_ops", Members::array()}}, "not_for_verification"},
        {{{"key_ops", {"Verify"}}}, "not_for_verification"},
        {{{"key_ops", {"verify", "verify"}}}, "member_invalid"},
        {{{"key_ops", {"verify", "sign", "sign"}}}, "member_invalid"},
        {{{"key_ops", {"verify", 1}}}, "member_invalid"},
        {{{"key_ops", "verify"}}, "member_invalid"},
        {{{"key_ops", {{"verify", true}}}}, "member_invalid"},
        {{{"key_ops", {"sign"}}, {"use", "sig"}}, "not_for_verification"},
        {{{"key_ops", {"verify"}}, {"use", "enc"}}, "not_for_verification"},
    };
    for (const auto& [changes, result] : cases) {
        SCOPED_TRACE(changes.dump());
        EXPECT_EQ(outcome(with(ec(), changes)), result);
    }
    // null is there, and no string.
    std::string text = ec().dump();
    text.replace(text.find(R"("use":"sig")"), 11, R"("use":null)");
    EXPECT_EQ(fault_name(import_text(text).error()), "member_invalid");
}

TEST(ImportKey, RefusesAnAlgThatDoesNotFitTheKey) {
    for (const char* alg : {"ES384", "RS256", "EdDSA", "HS256", "none", "", "es256", "ECDH-ES"}) {
        EXPECT_EQ(outcome(with(ec(), {{"alg", alg}})), "algorithm_mismatch") << alg;
    }
    for (const char* alg : {"ES256", "HS256", "none", "RSA-OAEP", "RS257", "EdDSA"}) {
        EXPECT_EQ(outcome(with(rsa(), {{"alg", alg}})), "algorithm_mismatch") << alg;
    }
    EXPECT_EQ(outcome(with(ed(), {{"alg", "ES256"}})), "algorithm_mismatch");
    EXPECT_EQ(outcome(with(ec(), {{"alg", 256}})), "member_invalid");
    EXPECT_EQ(outcome(with(ec(), {{"alg", {"ES256"}}})), "member_invalid");
}

// RFC 7517 section 4: it is the same key with and without them.
TEST(ImportKey, TakesThePublicHalfOfAKeyThatWasLost) {
    for (const Algorithm algorithm : {Algorithm::es256, Algorithm::rs256, Algorithm::eddsa}) {
        const SigningKey key = SigningKey::generate(algorithm);
        const auto lost = import_text(key.private_jwk());
        ASSERT_TRUE(lost);
        EXPECT_EQ(lost->thumbprint, import_text(key.public_jwk())->thumbprint);
        EXPECT_EQ(EVP_PKEY_get_bn_param(lost->handle.get(), "d", nullptr), 0);
        EXPECT_TRUE(has_private_members(Json::parse(key.private_jwk(), 8).value()));
        EXPECT_FALSE(has_private_members(Json::parse(key.public_jwk(), 8).value()));
    }
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
        const Members lost = with(rsa(), {{member, 1}});
        EXPECT_EQ(outcome(lost), "ok") << member;
        EXPECT_TRUE(has_private_members(Json::parse(lost.dump(), 8).value())) << member;
    }
}

TEST(ImportKey, RefusesIdsThatAreNotFitForALog) {
    for (const Members& kid :
         {Members(1), Members(true), Members::array({"k"}), Members::object({{"a", 1}}),
          Members(""), Members("a\r\nb"), Members("a\x1b[31m"), Members("\x7f"),
          Members(std::string("a\0", 2)), Members(std::string(1025, 'k'))}) {
        EXPECT_EQ(outcome(with(ec(), {{"kid", kid}})), "member_invalid") << kid;
    }
    EXPECT_EQ(outcome(with(ec(), {{"kid", std::string(1024, 'k')}})), "ok");
    EXPECT_EQ(outcome(with(ec(), {{"kid", "https://issuer.example/keys/1#\xc3\xbc"}})), "ok");
    EXPECT_FALSE(import_text(with(ec(), {{"kid", nullptr}}).dump()).value().id.has_value());
}

TEST(ImportKey, RefusesRsaModuliOutsideTheSizes) {
    for (const auto& [bits, result] : {std::pair{512, "rsa_size"},
                                       {1024, "rsa_size"},
                                       {2040, "rsa_size"},
                                       {2047, "rsa_size"},
                                       {2048, "ok"},
                                       {2049, "ok"},
                                       {4096, "ok"},
                                       {8192, "ok"},
                                       {8193, "rsa_size"},
                                       {16384, "rsa_size"}}) {
        EXPECT_EQ(outcome(rsa_with(modulus(bits), "10001")), result) << bits;
    }
}

TEST(ImportKey, RefusesRsaNumbersThatMakeForgingEasyOrVerifyingSlow) {
    for (const auto& [e, result] : {std::pair{"0", "member_invalid"},
                                    {"1", "rsa_number"},
                                    {"2", "rsa_number"},
                                    {"3", "rsa_number"},
                                    {"11", "rsa_number"},
                                    {"FFFF", "rsa_number"},
                                    {"10000", "rsa_number"},
                                    {"10001", "ok"},
                                    {"10002", "rsa_number"},
                                    {"10003", "ok"},
                                    {"FFFFFFFF", "ok"},
                                    {"100000001", "rsa_number"},
                                    {"10000000000000001", "rsa_number"}}) {
        EXPECT_EQ(outcome(rsa_with(modulus(2048), e)), result) << e;
    }
    EXPECT_EQ(outcome(rsa_with(modulus(2048), modulus(2047))), "rsa_number");
    EXPECT_EQ(outcome(rsa_with(modulus(2048, "C"), "10001")), "rsa_number");
    EXPECT_EQ(outcome(with(rsa(), {{"e", "AAAAAAAA"}})), "rsa_number");
}

TEST(ImportKey, TakesRsaNumbersWithASignByteForWhatTheyAre) {
    const auto plain = import_text(rsa().dump()).value();
    const std::string n = decode_base64url(rsa()["n"].get<std::string>()).value();
    const auto padded =
        import_text(with(rsa(), {{"n", encode_base64url(std::string(1, '\0') + n)},
                                 {"e", encode_base64url(std::string("\0\1\0\1", 4))}})
                        .dump());
    ASSERT_TRUE(padded.has_value());
    EXPECT_EQ(padded->thumbprint, plain.thumbprint);
    EXPECT_EQ(padded->bits, 2048);
}

TEST(ImportKey, RefusesModuliWithTheFingerprintOfRoca) {
    // The product of the primes from 3 to 167, shifted: both are 65537^a modulo each of them.
    const std::string product = "49265D3574CEFD04229BFD662A4A46F8611ED0226C655F076EBADE3";
    const std::string zeros(460, '0');
    EXPECT_EQ(outcome(rsa_with(product + zeros + "00001", "10001")), "rsa_weak");
    EXPECT_EQ(outcome(rsa_with(product + zeros + "10001", "10001")), "rsa_weak");
    EXPECT_EQ(outcome(rsa_with(product + zeros + "00003", "10001")), "ok");
}

TEST(ImportKey, RefusesMissingMalformedAndShortNumbers) {
    for (const auto& [jwk, names] :
         {std::pair{ec(), std::vector{"x", "y"}}, {rsa(), {"n", "e"}}, {ed(), {"x"}}}) {
        for (const char* name : names) {
            const std::string good = jwk[name];
            for (const Members& bad :
                 {Members(), Members(7), Members(""), Members(good + "="), Members(good + "=="),
                  Members("+" + good.substr(1)), Members("/" + good.substr(1)),
                  Members(good + "\n"), Members(" " + good), Members(good + "!"),
                  Members::array({good})}) {
                SCOPED_TRACE(std::string(name) + " " + bad.dump());
                EXPECT_EQ(outcome(with(jwk, {{name, bad}})), "member_invalid");
            }
        }
    }
}

TEST(ImportKey, FollowsNothingAndIgnoresWhatItDoesNotKnow) {
    EXPECT_EQ(outcome(with(ec(), {{"x5u", "http://127.0.0.1:1/"},
                                  {"jku", "http://127.0.0.1:1/"},
                                  {"x5c", {"AAAA"}},
                                  {"ext", true}})),
              "ok");
}

// As under FIPS rules, which leave some out; here they leave nothing in.
TEST(ImportKey, RefusesWhatOpensslDoesNotOffer) {
    const Members keys[] = {
        rsa(),
        ec(),
        {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}};
    ASSERT_EQ(EVP_set_default_properties(nullptr, "fips=yes"), 1);
    for (const Members& key : keys) EXPECT_EQ(outcome(key), "not_offered");
    ASSERT_EQ(EVP_set_default_properties(nullptr, ""), 1);
    for (const Members& key : keys) EXPECT_EQ(outcome(key), "ok");
}

TEST(DescribeKeyFault, HasAPhraseForEach) {
    for (const KeyFault fault :
         {KeyFault::not_an_object, KeyFault::type_unknown, KeyFault::member_invalid,
          KeyFault::not_for_verification, KeyFault::algorithm_mismatch, KeyFault::rsa_size,
          KeyFault::rsa_number, KeyFault::rsa_weak, KeyFault::not_offered,
          KeyFault::point_invalid}) {
        EXPECT_NE(describe(fault), "cannot be used");
    }
}

}  // namespace
