// Checks 6 to 9: the credentials of a request, the shape of a token, and its header.
#include <bearergate/core/base64url.hpp>
#include <bearergate/core/token.hpp>

#include "support/authenticate.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bearergate::core;
using namespace std::string_view_literals;
using bearergate::test::outcome;

std::string compact(std::string_view header, std::string_view payload,
                    std::string_view signature = "sig") {
    return encode_base64url(header) + "." + encode_base64url(payload) + "." +
           encode_base64url(signature);
}

constexpr std::string_view good_header = R"({"alg":"ES256","typ":"at+jwt"})";

TEST(BearerToken, IsTheSecondOfTwoWords) {
    for (const std::string_view value : {"Bearer abc"sv, "bearer abc"sv, "BEARER abc"sv,
                                         "Bearer   abc"sv, " Bearer abc "sv, "\tBearer abc\t"sv}) {
        SCOPED_TRACE(value);
        const auto token = bearer_token({&value, 1});
        ASSERT_TRUE(token.has_value());
        EXPECT_EQ(*token, "abc");
    }
}

TEST(BearerToken, IsRefusedForWhatTheRequestSays) {
    const struct {
        std::vector<std::string_view> fields;
        const char* reason;
    } cases[]{
        {{}, "token_missing"},
        {{"Bearer a", "Bearer a"}, "credentials_ambiguous"},
        {{"Bearer a", "Basic a"}, "credentials_ambiguous"},
        {{"", "Bearer a"}, "credentials_ambiguous"},
        {{""}, "credentials_malformed"},
        {{"   "}, "credentials_malformed"},
        {{"Bearer"}, "credentials_malformed"},
        {{"Bearer "}, "credentials_malformed"},
        {{"Basic"}, "credentials_malformed"},
        {{"Bearer a b"}, "credentials_malformed"},
        {{"Bearer Bearer a"}, "credentials_malformed"},
        {{"Bearer\ta"}, "credentials_malformed"},
        {{"Bearer \ta"}, "credentials_malformed"},
        {{"Bearer a\tb"}, "credentials_malformed"},
        {{"Bearer\xc2\xa0"
          "a"},
         "credentials_malformed"},
        {{"Bearer\xc2\xa0 a"}, "credentials_malformed"},
        {{"Bearer a\xc2\xa0"}, "credentials_malformed"},
        {{"Bearer a\0b"sv}, "credentials_malformed"},
        {{"Bearer: a"}, "credentials_malformed"},
        {{"\"Bearer\" a"}, "credentials_malformed"},
        {{"Digest username=\"x\", realm=\"y\""}, "credentials_malformed"},
        {{"Bearer, a"}, "credentials_malformed"},
        {{"Basic eDp5"}, "scheme_unsupported"},
        {{"DPoP a.b.c"}, "scheme_unsupported"},
        {{"BearerX a"}, "scheme_unsupported"},
        {{"Bear a"}, "scheme_unsupported"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(testing::PrintToString(c.fields));
        EXPECT_EQ(outcome(bearer_token(c.fields)), c.reason);
    }
}

TEST(UnverifiedToken, ShowsItsPartsAndItsIssuer) {
    const std::string text = compact(good_header, R"({"iss":"i","sub":"s"})", "\x01\x02");
    const auto token = UnverifiedToken::parse(text);
    ASSERT_TRUE(token.has_value());
    EXPECT_EQ(token->signed_text(), text.substr(0, text.rfind('.')));
    EXPECT_EQ(token->signature(), "\x01\x02");
    EXPECT_EQ(token->header().at("alg").string(), "ES256");
    EXPECT_EQ(token->issuer(), "i");
    EXPECT_EQ(UnverifiedPayload::of(*token).at("sub").string(), "s");
}

TEST(UnverifiedToken, HasNoIssuerUnlessItIsAString) {
    for (const char* payload : {"{}", R"({"iss":null})", R"({"iss":["i"]})", R"({"iss":1})"}) {
        SCOPED_TRACE(payload);
        const std::string text = compact(good_header, payload);
        EXPECT_FALSE(UnverifiedToken::parse(text).value().issuer().has_value());
    }
}

TEST(UnverifiedToken, SaysWhatKindOfTokenItIsNot) {
    const std::string h = encode_base64url(good_header);
    const std::string p = encode_base64url("{}");
    const struct {
        std::string text;
        const char* reason;
    } cases[]{
        {"", "token_malformed"},
        {"QAiDObQK1CSLQQsM-jgt3mjCD9rZufk5M_wDQxhzpPD", "token_opaque"},
        {"mF_9+B5/f-4~1JqM==", "token_opaque"},
        {"a b", "token_malformed"},
        {"a=b", "token_malformed"},
        {"===", "token_malformed"},
        {"token=" + h + "." + p + ".", "token_malformed"},
        {".", "token_malformed"},
        {"..", "token_malformed"},
        {"...", "token_malformed"},
        {"....", "token_encrypted"},
        {"a.b.c.d.e=", "token_encrypted"},
        {"a.b.c=.d.e", "token_malformed"},
        {"a.b.c.d. e", "token_malformed"},
        {h + "..a.b." + p, "token_encrypted"},
        {".....", "token_malformed"},
        {h + "." + p, "token_malformed"},
        {h + "." + p + "..", "token_malformed"},
        {"." + h + "." + p + ".", "token_malformed"},
        {h + ".." + p, "token_malformed"},
        {h + "." + p + ".AA" + h + "." + p + ".AA", "token_encrypted"},
        {std::string(8000, '.'), "token_malformed"},
        {R"({"payload":"x","protected":"y","signature":"z"})", "token_malformed"},
        {h + "." + p + ".\xc3\xa9", "token_malformed"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text.substr(0, 100));
        EXPECT_EQ(outcome(UnverifiedToken::parse(c.text)), c.reason);
    }
}

TEST(UnverifiedToken, LooksAtEveryCharacterWhereverItStands) {
    constexpr std::string_view fitting =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~+/";
    for (int byte = 0; byte < 256; ++byte) {
        const char odd = static_cast<char>(byte);
        if (odd == '.') continue;
        const bool fits = fitting.contains(odd);
        for (std::size_t place = 0; place < 70; ++place) {
            std::string text(70, 'x');
            text[place] = odd;
            // Padding is a token's end.
            const bool may_be = fits || (odd == '=' && place == text.size() - 1);
            ASSERT_EQ(outcome(UnverifiedToken::parse(text)),
                      may_be ? "token_opaque" : "token_malformed")
                << byte << " at " << place;
        }
    }
}

TEST(UnverifiedToken, RefusesEveryOtherSpellingOfItsParts) {
    const std::string h = encode_base64url(good_header);
    const std::string p = encode_base64url(R"({"a":1})");
    ASSERT_EQ(outcome(UnverifiedToken::parse(h + "." + p + ".")), "ok");
    ASSERT_EQ(outcome(UnverifiedToken::parse(h + "." + p + ".AA")), "ok");
    for (const std::string& text :
         {h + "=." + p + ".AA", h + "." + p + "=.AA", h + "." + p + ".AA==", h + "." + p + ".AB",
          h + "." + p + ".A", h + "." + p + ".A+", h + "." + p + ".A/AA", h + "." + p + ".~~~~",
          h + "." + p.substr(0, p.size() - 1) + "B.AA", h + "." + p + ".AA="}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(outcome(UnverifiedToken::parse(text)), "token_malformed");
    }
}

TEST(UnverifiedToken, WantsStrictJsonObjectsInBothParts) {
    std::string deep = "1";
    for (int i = 0; i < 15; ++i) deep = "[" + deep + "]";
    ASSERT_EQ(outcome(UnverifiedToken::parse(compact(good_header, R"({"a":)" + deep + "}"))), "ok");
    for (const std::string& part :
         {std::string(), std::string("[]"), std::string("null"), std::string("\"{}\""),
          std::string("1"), std::string("{}{}"), std::string("{}x"), std::string("{}\0", 3),
          std::string("{}\0{}", 5), std::string("\xef\xbb\xbf{}"), std::string(R"({"a":1,"a":1})"),
          std::string(R"({"a":1,"\u0061":1})"), std::string(R"({"a":"\ud800"})"),
          std::string("{\"a\":\"\xff\"}"), std::string(R"({"a":1e400})"), R"({"a":[)" + deep + "]}",
          std::string(3000, '['), std::string("{'a':1}")}) {
        SCOPED_TRACE(part.substr(0, 100));
        EXPECT_EQ(outcome(UnverifiedToken::parse(compact(part, "{}"))), "token_malformed");
        EXPECT_EQ(outcome(UnverifiedToken::parse(compact(good_header, part))), "token_malformed");
    }
}

class CheckHeader : public testing::Test {
protected:
    std::string check(std::string_view header) const {
        const std::string text = compact(header, "{}");
        return outcome(check_header(UnverifiedToken::parse(text).value(), rules));
    }

    HeaderRules rules{.algorithms = {Algorithm::es256, Algorithm::rs256}, .token_type = "at+jwt"};
};

TEST_F(CheckHeader, TellsAlgorithmAndKey) {
    const std::string text =
        compact(R"({"typ":"at+jwt","\u0061lg":"\u0045S256","kid":"k","x5t":1})", "{}");
    const auto token = UnverifiedToken::parse(text).value();
    const auto facts = check_header(token, rules);
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->algorithm, Algorithm::es256);
    EXPECT_EQ(facts->key_id, "k");
    const auto without = UnverifiedToken::parse(compact(good_header, "{}"));
    EXPECT_FALSE(check_header(without.value(), rules).value().key_id.has_value());
}

TEST_F(CheckHeader, AllowsOnlyTheAlgorithmsOfTheIssuer) {
    for (const char* alg : {R"("none")",
                            R"("None")",
                            R"("NONE")",
                            R"("nOnE")",
                            R"(" none")",
                            R"("none ")",
                            R"("none\u0000")",
                            R"("")",
                            "null",
                            "256",
                            "true",
                            R"(["ES256"])",
                            R"({"a":"ES256"})",
                            R"("es256")",
                            R"("ES256 ")",
                            R"("ES256\u0000")",
                            R"("ES384")",
                            R"("PS256")",
                            R"("EdDSA")",
                            R"("HS256")",
                            R"("HS512")",
                            R"("ES256K")",
                            R"("RSA1_5")",
                            R"("RS256,ES256")"}) {
        SCOPED_TRACE(alg);
        EXPECT_EQ(check(std::string(R"({"typ":"at+jwt","alg":)") + alg + "}"), "alg_not_allowed");
    }
    EXPECT_EQ(check(R"({"typ":"at+jwt"})"), "alg_not_allowed");
    EXPECT_EQ(check(R"({"typ":"at+jwt","ALG":"ES256"})"), "alg_not_allowed");
    rules.algorithms = {};
    EXPECT_EQ(check(good_header), "alg_not_allowed");
}

TEST_F(CheckHeader, UnderstandsNoExtension) {
    for (const char* member :
         {R"("crit":["exp"])", R"("crit":[])", R"("crit":null)", R"("crit":"b64")",
          R"("crit":["alg"])", R"("crit":{})", R"("crit":["b64"],"b64":true)", R"("b64":false)",
          R"("b64":null)", R"("b64":"false")", R"("b64":0)"}) {
        SCOPED_TRACE(member);
        EXPECT_EQ(check(std::string(R"({"alg":"ES256","typ":"at+jwt",)") + member + "}"),
                  "crit_unsupported");
    }
    EXPECT_EQ(check(R"({"alg":"ES256","typ":"at+jwt","b64":true})"), "ok");
}

TEST_F(CheckHeader, ComparesTypesAsMediaTypes) {
    for (const char* typ : {R"("at+jwt")", R"("AT+JWT")", R"("application/at+jwt")",
                            R"("APPLICATION/at+JWT")", R"("at\u002bjwt")"}) {
        SCOPED_TRACE(typ);
        EXPECT_EQ(check(std::string(R"({"alg":"ES256","typ":)") + typ + "}"), "ok");
    }
    for (const char* typ :
         {R"("JWT")", R"("")", R"("id_token+jwt")", R"("dpop+jwt")", R"("logout+jwt")",
          R"(" at+jwt")", R"("at+jwt ")", R"("at+jwt\u0000")", R"("application/")",
          R"("application/application/at+jwt")", R"("applicationat+jwt")", "null", "1", "true",
          R"(["at+jwt"])", R"({})"}) {
        SCOPED_TRACE(typ);
        EXPECT_EQ(check(std::string(R"({"alg":"ES256","typ":)") + typ + "}"), "typ_not_allowed");
    }
    EXPECT_EQ(check(R"({"alg":"ES256"})"), "typ_not_allowed");
}

TEST_F(CheckHeader, TakesAnyTypeOnlyWhereTheIssuerMay) {
    rules.token_type = std::nullopt;
    EXPECT_EQ(check(R"({"alg":"ES256"})"), "ok");
    EXPECT_EQ(check(R"({"alg":"ES256","typ":"JWT"})"), "ok");
    EXPECT_EQ(check(R"({"alg":"ES256","typ":7})"), "typ_not_allowed");
    rules.token_type = "application/JWT";
    EXPECT_EQ(check(R"({"alg":"ES256","typ":"jwt"})"), "ok");
    EXPECT_EQ(check(R"({"alg":"ES256","typ":"at+jwt"})"), "typ_not_allowed");
}

TEST_F(CheckHeader, WantsAStringForAKeysName) {
    for (const char* kid : {"null", "1", "true", "[]", R"(["k"])", "{}"}) {
        SCOPED_TRACE(kid);
        EXPECT_EQ(check(std::string(R"({"alg":"ES256","typ":"at+jwt","kid":)") + kid + "}"),
                  "token_malformed");
    }
}

TEST_F(CheckHeader, InflatesNothing) {
    EXPECT_EQ(check(R"({"alg":"ES256","typ":"at+jwt","zip":"DEF"})"), "token_malformed");
}

}  // namespace
