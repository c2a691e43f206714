// Tokens of our own, of every class of attack on their form: each registered member given every
// kind of value, each part respelled and each JSON text bent, signed by the trusted key so that
// only the check under test can refuse them.
#include <bearergate/core/base64url.hpp>

#include "fixture.hpp"
#include "oracle.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bearergate;
using namespace std::string_view_literals;
using test::Fixture;

class TokenFamily : public testing::Test {
protected:
    std::string header() const { return fixture_.issuer().key().header(); }
    static std::string payload(const std::string& more = "") {
        return R"({"iss":"https://issuer.example","sub":"user-1","aud":"api://gateway",)"
               R"("exp":1700003600,"iat":1700000000,"scope":"read")" +
               more + "}";
    }
    std::string signed_as(std::string_view head, std::string_view body) const {
        return fixture_.issuer().key().sign(head, body);
    }
    // `member` of the good claims has this JSON instead.
    static std::string with_claim(const std::string& member, const std::string& value) {
        auto text = payload();
        const auto at = text.find("\"" + member + "\":");
        if (at == text.npos) return payload(",\"" + member + "\":" + value);
        const auto begin = at + member.size() + 3;
        const auto end = text.find_first_of(",}", begin);
        return text.replace(begin, end - begin, value);
    }
    void expect(const std::string& token, const std::set<std::string>& outcomes) {
        const std::string outcome = fixture_.outcome("/api/echo", token);
        EXPECT_TRUE(outcomes.contains(outcome)) << outcome;
        accepted_ += outcome == "ok" ? 1U : 0U;
        EXPECT_EQ(fixture_.witness().whole_requests(), accepted_);
    }

    Fixture fixture_{};
    std::size_t accepted_ = 0;
};

const std::vector<std::string> every_kind = {
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e400",
    "1.5",
    "9223372036854775808",
    "18446744073709551616",
    "\"\"",
    "\" \"",
    "\"x\"",
    "\"\\u0000\"",
    "\"\\r\\nX: y\"",
    "\"\\u202e\"",
    "[]",
    "[null]",
    "[\"x\"]",
    "[[\"x\"]]",
    "{}",
    "{\"x\":1}",
};

TEST_F(TokenFamily, TheGoodOneIsGood) {
    expect(signed_as(header(), payload()), {"ok"});
}

TEST_F(TokenFamily, ARegisteredClaimOfTheWrongKindIsRefused) {
    const std::set<std::string> refusals{
        "claim_invalid",       "token_malformed", "issuer_unknown",   "token_expired",
        "token_not_yet_valid", "scope_missing",   "audience_mismatch"};
    for (const char* claim : {"iss", "sub", "aud", "exp", "scope"}) {
        for (const std::string& value : every_kind) {
            SCOPED_TRACE(std::string(claim) + " = " + value);
            // A name may be any printable text.
            const bool is_name = std::string_view(claim) == "sub" && value == "\"x\"";
            expect(signed_as(header(), with_claim(claim, value)),
                   is_name ? std::set<std::string>{"ok"} : refusals);
        }
    }
    for (const char* claim : {"nbf", "iat"}) {
        for (const std::string& value : every_kind) {
            SCOPED_TRACE(std::string(claim) + " = " + value);
            const bool is_past = value == "0" || value == "1.5";
            expect(signed_as(header(), with_claim(claim, value)),
                   is_past ? std::set<std::string>{"ok"} : refusals);
        }
    }
    for (const char* claim : {"client_id", "org"}) {
        for (const std::string& value : every_kind) {
            SCOPED_TRACE(std::string(claim) + " = " + value);
            const bool is_name = value == "\"x\"" || value == "\"\"";
            expect(signed_as(header(), with_claim(claim, value)),
                   is_name ? std::set<std::string>{"ok"} : refusals);
        }
    }
    for (const std::string& value : every_kind) {
        SCOPED_TRACE("cnf = " + value);
        expect(signed_as(header(), with_claim("cnf", value)),
               {"sender_constrained", "token_malformed"});
    }
}

TEST_F(TokenFamily, AHeaderMemberOfTheWrongKindIsRefused) {
    const std::string key_id = fixture_.issuer().key().id();
    const auto head = [&](const std::string& alg, const std::string& typ, const std::string& kid,
                          const std::string& more = "") {
        return "{\"alg\":" + alg + ",\"typ\":" + typ + ",\"kid\":" + kid + more + "}";
    };
    const std::string good_kid = "\"" + key_id + "\"";
    for (const std::string& value : every_kind) {
        SCOPED_TRACE(value);
        expect(signed_as(head(value, "\"at+jwt\"", good_kid), payload()),
               {"alg_not_allowed", "token_malformed"});
        expect(signed_as(head("\"ES256\"", value, good_kid), payload()),
               {"typ_not_allowed", "token_malformed"});
        expect(signed_as(head("\"ES256\"", "\"at+jwt\"", value), payload()),
               {"key_unknown", "token_malformed"});
        expect(
            signed_as(head("\"ES256\"", "\"at+jwt\"", good_kid, ",\"crit\":" + value), payload()),
            {"crit_unsupported", "token_malformed"});
        if (value == "true") continue;  // of `b64`: what holds anyway
        expect(signed_as(head("\"ES256\"", "\"at+jwt\"", good_kid, ",\"b64\":" + value), payload()),
               {"crit_unsupported", "token_malformed"});
    }
    for (const char* algorithm : {"none",
                                  "None",
                                  "NONE",
                                  "nOnE",
                                  " none",
                                  "none ",
                                  "",
                                  "null",
                                  "HS256",
                                  "HS384",
                                  "HS512",
                                  "hs256",
                                  "es256",
                                  "Es256",
                                  " ES256",
                                  "ES256 ",
                                  "ES256\\u0000",
                                  "ES256K",
                                  "ES384",
                                  "ES521",
                                  "RS1",
                                  "RSA-OAEP",
                                  "A256KW",
                                  "dir",
                                  "ECDH-ES",
                                  "PBES2-HS256+A128KW",
                                  "ESP256",
                                  "Ed25519",
                                  "RS256",
                                  "PS256",
                                  "EdDSA",
                                  "\\u212aS256"}) {
        SCOPED_TRACE(algorithm);
        const std::string token = signed_as(
            head("\"" + std::string(algorithm) + "\"", "\"at+jwt\"", good_kid), payload());
        expect(token, {"alg_not_allowed", "key_unknown"});
        expect(test::with_signature(token, ""), {"alg_not_allowed", "key_unknown"});
    }
    expect(signed_as(head("\"\\u0045S256\"", "\"application/AT+jwt\"", good_kid), payload()),
           {"ok"});
}

TEST_F(TokenFamily, TextThatIsNotStrictJsonIsRefused) {
    const std::string good = payload();
    const std::string inner = good.substr(1, good.size() - 2);
    const auto nested = [](int depth) {
        return ",\"x\":" + std::string(static_cast<std::size_t>(depth), '[') +
               std::string(static_cast<std::size_t>(depth), ']');
    };
    std::vector<std::string> bad = {
        "",
        "null",
        "true",
        "0",
        "\"x\"",
        "[]",
        "[" + good + "]",
        good + good,
        good + ",",
        good + "}",
        good + "x",
        good + std::string("\0", 1),
        good + std::string("\0{}", 3),
        "\xef\xbb\xbf" + good,
        "\xff\xfe" + good,
        "{" + inner + ",}",
        "{," + inner + "}",
        "{" + inner,
        inner + "}",
        "{" + inner + ",\"sub\":\"admin\"}",
        "{" + inner + ",\"s\\u0075b\":\"admin\"}",
        "{" + inner + ",\"scope\":\"admin\"}",
        "{" + inner + ",\"x\":{\"a\":1,\"a\":2}}",
        "{" + inner + ",\"x\":[{\"a\":1,\"\\u0061\":2}]}",
        "{" + inner + ",'x':1}",
        "{" + inner + ",x:1}",
        "{" + inner + ",\"x\":NaN}",
        "{" + inner + ",\"x\":Infinity}",
        "{" + inner + ",\"x\":01}",
        "{" + inner + ",\"x\":+1}",
        "{" + inner + ",\"x\":.5}",
        "{" + inner + ",\"x\":1.}",
        "{" + inner + ",\"x\":0x1}",
        "{" + inner + ",\"x\":1e999}",
        "{" + inner + ",\"x\":\"\t\"}",
        "{" + inner + ",\"x\":\"\\x41\"}",
        "{" + inner + ",\"x\":\"\\ud800\"}",
        "{" + inner + ",\"x\":\"\\udc00\\ud800\"}",
        "{" + inner + ",\"x\":\"\xc0\xaf\"}",
        "{" + inner + ",\"x\":\"\xed\xa0\x80\"}",
        "{" + inner + ",\"x\":\"\xf4\x90\x80\x80\"}",
        "{" + inner + ",\"x\":\"\xff\"}",
        "{" + inner + ",\"x\":\"\xe2\x82\"}",
        "{/**/" + inner + "}",
        "{" + inner + "}//",
        "{" + inner + nested(16) + "}",
        "{" + inner + nested(1000) + "}",
        "\x0b" + good,
        "\xc2\xa0" + good,
        good + "\xe2\x80\xa8",
    };
    for (const std::string& text : bad) {
        SCOPED_TRACE(testing::PrintToString(text));
        expect(signed_as(header(), text), {"token_malformed"});
    }
    for (const std::string& text :
         {" " + good + "\r\n\t ", "{" + inner + nested(15) + "}", "{" + inner + ",\"SUB\":\"x\"}",
          "{" + inner + ",\"x\":\"\\ud83d\\ude00\"}", "{" + inner + ",\"x\":1e-999}"}) {
        SCOPED_TRACE(testing::PrintToString(text));
        expect(signed_as(header(), text), {"ok"});
    }
}

TEST_F(TokenFamily, EveryOtherSpellingOfAPartIsRefused) {
    const std::string token = signed_as(header(), payload());
    const auto first = token.find('.');
    const auto last = token.rfind('.');
    const std::vector<std::string> parts = {
        token.substr(0, first), token.substr(first + 1, last - first - 1), token.substr(last + 1)};
    const auto joined = [](const std::vector<std::string>& some) {
        std::string text;
        for (const std::string& part : some) text += part + ".";
        text.pop_back();
        return text;
    };
    std::vector<std::string> others;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        for (const std::string_view odd : {"="sv, "=="sv, "+"sv, "/"sv, "~"sv, "A"sv, "%3D"sv,
                                           "!"sv, ","sv, ":"sv, "\\"sv, "\""sv, "{"sv}) {
            auto some = parts;
            some[i] += odd;
            others.push_back(joined(some));
            some = parts;
            some[i].insert(some[i].size() / 2, odd);
            others.push_back(joined(some));
            some = parts;
            some[i].insert(0, odd);
            others.push_back(joined(some));
        }
        auto some = parts;
        some[i].pop_back();
        others.push_back(joined(some));
        some[i] = "";
        others.push_back(joined(some));
        some = parts;
        some.erase(some.begin() + static_cast<std::ptrdiff_t>(i));
        others.push_back(joined(some));
        some = parts;
        some.insert(some.begin() + static_cast<std::ptrdiff_t>(i), "");
        others.push_back(joined(some));
    }
    for (const char* around : {".", "..", "Bearer", "="}) {
        others.push_back(around + token);
        others.push_back(token + around);
    }
    others.push_back(token + "." + token);
    others.push_back(token + token);
    for (const std::string& text : others) {
        SCOPED_TRACE(text);
        expect(text, {"token_malformed", "signature_invalid", "token_encrypted", "key_unknown",
                      "alg_not_allowed"});
    }
}

// One bit at a time, all of the header, the claims and the signature.
TEST_F(TokenFamily, NoBitOfASignedTokenMayChange) {
    const std::string token = signed_as(header(), payload());
    for (std::size_t i = 0; i < token.size(); ++i) {
        for (const unsigned bit : {1U, 2U, 32U}) {
            std::string changed = token;
            changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ bit);
            const auto fits = [](unsigned char c) { return c > 0x20 && c < 0x7F; };
            if (!fits(static_cast<unsigned char>(changed[i]))) continue;
            EXPECT_NE(fixture_.outcome("/api/echo", changed), "ok") << changed;
        }
    }
    EXPECT_EQ(fixture_.witness().upstream().bytes(), 0U);
}

}  // namespace
