// JSON that means one thing: what is refused, and that numbers and equality are exact.
#include <bearergate/core/strict_json.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::string_view_literals;
using bearergate::core::Json;
using bearergate::core::JsonFault;

constexpr int depth = 16;

Json json(std::string_view text) {
    return Json::parse(text, depth).value();
}

std::string fault_of(std::string_view text, int max_depth = depth) {
    const auto result = Json::parse(text, max_depth);
    if (result) return "none";
    switch (result.error()) {
        case JsonFault::syntax: return "syntax";
        case JsonFault::duplicate_name: return "duplicate_name";
        case JsonFault::too_deep: return "too_deep";
        case JsonFault::encoding: return "encoding";
    }
    return "?";
}

TEST(StrictJson, RefusesDuplicateNamesAtEveryLevel) {
    for (const char* text : {R"({"a":1,"a":1})", R"({"sub":"a","\u0073ub":"b"})",
                             R"({"x":{"a":1,"b":2,"a":3}})", R"([{"a":[{"":0,"":1}]}])",
                             R"({"a":{},"b":[],"a":{}})", R"({"\ud83d\ude00":1,"😀":2})"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(fault_of(text), "duplicate_name");
    }
    EXPECT_EQ(fault_of(R"({"a":{"a":{"a":1}},"A":2,"a ":3})"), "none");
}

TEST(StrictJson, RefusesWhatIsNotCleanUtf8) {
    for (const std::string_view text : {"\xef\xbb\xbf{}"sv,
                                        "{}\0"sv,
                                        "{}\0{}"sv,
                                        "\0"sv,
                                        "{\"a\":\"\0\"}"sv,
                                        "\"\x80\""sv,
                                        "\"\xc0\xaf\""sv,
                                        "\"\xc1\xbf\""sv,
                                        "\"\xe0\x80\xaf\""sv,
                                        "\"\xed\xa0\x80\""sv,
                                        "\"\xf0\x80\x80\xaf\""sv,
                                        "\"\xf4\x90\x80\x80\""sv,
                                        "\"\xf5\x80\x80\x80\""sv,
                                        "\"\xff\""sv,
                                        "\"\xc3\""sv,
                                        "\"\xe2\x82\""sv,
                                        "\xe2\x82"sv,
                                        "\"\xc3\xc3\xa9\""sv,
                                        "{\0}\0"sv,
                                        "\xff\xfe{\0}\0"sv}) {
        SCOPED_TRACE(testing::PrintToString(text));
        EXPECT_EQ(fault_of(text), "encoding");
    }
    EXPECT_EQ(json("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"").string(),
              "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST(StrictJson, LooksAtEveryByteOfALongText) {
    for (std::size_t place = 1; place < 40; ++place) {
        SCOPED_TRACE(place);
        std::string text = '"' + std::string(40, 'x') + '"';
        text[place] = '\x7f';
        EXPECT_EQ(fault_of(text), "none");
        for (const char bad : {'\0', '\x80', '\xbf', '\xc3', '\xff'}) {
            text[place] = bad;
            EXPECT_EQ(fault_of(text), "encoding") << static_cast<int>(bad);
        }
        text.replace(place, 2, "\xc3\xa9");
        EXPECT_EQ(fault_of(text), "none");
    }
}

TEST(StrictJson, FindsADuplicateNameAmongFewAndAmongMany) {
    const auto object_of = [](const std::vector<int>& names) {
        std::string text;
        for (const int name : names) text += ",\"n" + std::to_string(name) + "\":0";
        text[0] = '{';
        return text + "}";
    };
    for (const std::size_t count : {2U, 3U, 15U, 16U, 17U, 40U}) {
        SCOPED_TRACE(count);
        std::vector<int> names(count);
        std::iota(names.begin(), names.end(), 0);
        EXPECT_EQ(fault_of(object_of(names)), "none");
        for (std::size_t one = 0; one < count; ++one) {
            for (std::size_t other = one + 1; other < count; ++other) {
                std::vector<int> twice = names;
                twice[other] = twice[one];
                ASSERT_EQ(fault_of(object_of(twice)), "duplicate_name") << one << ", " << other;
            }
        }
    }
}

TEST(StrictJson, RefusesWhatRfc8259DoesNotKnow) {
    for (const char* text : {"",
                             " ",
                             "{",
                             "}",
                             "{}x",
                             "{}{}",
                             "{} {}",
                             "[1,]",
                             "[,1]",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{'a':1}",
                             "{\"a\" 1}",
                             "//x\n{}",
                             "/**/{}",
                             "NaN",
                             "Infinity",
                             "-Infinity",
                             "+1",
                             "01",
                             "1.",
                             ".5",
                             "1e",
                             "0x1",
                             "-",
                             "tru",
                             "True",
                             "\"a",
                             "\"\t\"",
                             "\"\\x\"",
                             "\"\\u12\"",
                             "\"\\ud800\"",
                             "\"\\udc00\"",
                             "\"\\ud800\\u0041\"",
                             "\"\\ud800\\ud800\""}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(fault_of(text), "syntax");
    }
}

TEST(StrictJson, RefusesNumbersBeyondADouble) {
    for (const char* text : {"1e400", "-1e400", "1e1000000000", "[1e309]"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(fault_of(text), "syntax");
    }
    EXPECT_EQ(json("1e-400000").number(), 0);
    EXPECT_EQ(json("1e308").number(), 1e308);
}

TEST(StrictJson, CountsDepthFromTheOutermostContainer) {
    EXPECT_EQ(fault_of("1", 0), "none");
    EXPECT_EQ(fault_of("{}", 0), "too_deep");
    EXPECT_EQ(fault_of("{}", 1), "none");
    EXPECT_EQ(fault_of(R"({"a":[1]})", 2), "none");
    EXPECT_EQ(fault_of(R"({"a":[[]]})", 2), "too_deep");
    EXPECT_EQ(fault_of(R"([[],[],{}])", 2), "none");
    EXPECT_EQ(fault_of("{}", -1), "too_deep");
}

TEST(StrictJson, IsNotImpressedByAMillionBrackets) {
    EXPECT_EQ(fault_of(std::string(1'000'000, '[')), "too_deep");
    std::string objects;
    for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
    EXPECT_EQ(fault_of(objects), "too_deep");
}

TEST(StrictJson, ReadsAnObjectOfManyMembersWithoutComparingEachWithEach) {
    std::string text = "{";
    for (int i = 0; i < 200'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(fault_of(text + "\"x\":0}"), "none");
    EXPECT_EQ(fault_of(text + "\"7\":0}"), "duplicate_name");
    // Each with each would be 4 * 10^10 comparisons.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(StrictJson, TellsTypesApart) {
    EXPECT_EQ(json("null").type(), Json::Type::null);
    EXPECT_EQ(json("true").type(), Json::Type::boolean);
    EXPECT_EQ(json("-0").type(), Json::Type::number);
    EXPECT_EQ(json("\"\"").type(), Json::Type::string);
    EXPECT_EQ(json("[]").type(), Json::Type::array);
    EXPECT_EQ(json("{}").type(), Json::Type::object);
    EXPECT_TRUE(json(" {\t}\r\n").is_object());
    EXPECT_EQ(json("false").boolean(), false);
    EXPECT_FALSE(json("1").boolean().has_value());
    EXPECT_FALSE(json("true").number().has_value());
    EXPECT_FALSE(json("\"1\"").number().has_value());
    EXPECT_FALSE(json("1").string().has_value());
}

TEST(StrictJson, NumbersKeepTheirSign) {
    EXPECT_EQ(json("9223372036854775808").number(), 0x1p63);
    EXPECT_EQ(json("-9223372036854775808").number(), -0x1p63);
    EXPECT_EQ(json("18446744073709551615").number(), 0x1p64);
    EXPECT_EQ(json("18446744073709551616").number(), 0x1p64);
    EXPECT_EQ(json("99999999999999999999999999").number(), 1e26);
    EXPECT_EQ(json("4.1e9").number(), 4.1e9);
}

TEST(StrictJson, LookupsThatFindNothingAnswerNo) {
    const Json object = json(R"({"a":[10,{"b":null}],"":1})");
    EXPECT_EQ(object.at("a").at(0).number(), 10);
    EXPECT_EQ(object.at("a").at(1).at("b").type(), Json::Type::null);
    EXPECT_EQ(object.at("").number(), 1);
    for (const Json& nothing :
         {Json(), object.at("x"), object.at("A"), object.at(std::size_t{0}), object.at("a").at(2),
          object.at("a").at("0"), object.at("x").at("y").at(3), object.at("").at("a")}) {
        EXPECT_EQ(nothing.type(), Json::Type::invalid);
        EXPECT_FALSE(nothing.is_object());
        EXPECT_FALSE(nothing.boolean() || nothing.number() || nothing.string());
        EXPECT_EQ(nothing.size(), 0U);
        EXPECT_TRUE(nothing.names().empty());
        EXPECT_EQ(nothing.dump(), "");
        EXPECT_FALSE(nothing == nothing);
        EXPECT_FALSE(nothing == json("null"));
    }
}

TEST(StrictJson, FollowsPointers) {
    const Json object = json(R"({"a/b":{"m~n":[1,[2]]},"":{"":3},"0":4,"~1":5})");
    EXPECT_EQ(object.pointer(""), object);
    EXPECT_EQ(object.pointer("/a~1b/m~0n/0").number(), 1);
    EXPECT_EQ(object.pointer("/a~1b/m~0n/1/0").number(), 2);
    EXPECT_EQ(object.pointer("//").number(), 3);
    EXPECT_EQ(object.pointer("/0").number(), 4);
    EXPECT_EQ(object.pointer("/~01").number(), 5);
    for (const char* pointer :
         {"a", "/a", "/a/b", "/a~1b/m~0n/2", "/a~1b/m~0n/-", "/a~1b/m~0n/00", "/a~1b/m~0n/01",
          "/a~1b/m~0n/+0", "/a~1b/m~0n/-1", "/a~1b/m~0n/", "/a~1b/m~0n/1e0", "/a~1b/m~", "/~2",
          "/a~1b/m~0n/18446744073709551616", "/0/0", "/ 0"}) {
        SCOPED_TRACE(pointer);
        EXPECT_EQ(object.pointer(pointer).type(), Json::Type::invalid);
    }
}

TEST(StrictJson, EqualityIsByTypeAndExactValue) {
    const struct {
        const char* a;
        const char* b;
        bool equal;
    } cases[]{
        {"1", "1.0", true},
        {"1", "\"1\"", false},
        {"1", "true", false},
        {"0", "false", false},
        {"0", "null", false},
        {"0", "-0", true},
        {"0", "-0.0", true},
        {"10", "1e1", true},
        {"1", "1.5", false},
        {"-1", "18446744073709551615", false},
        {"9007199254740992", "9007199254740993", false},
        {"9007199254740993", "9007199254740992.0", false},
        {"9223372036854775807", "9223372036854775808.0", false},
        {"9223372036854775808", "9223372036854775808.0", true},
        {"18446744073709551615", "18446744073709551616", false},
        {"-9223372036854775808", "-9223372036854775808.0", true},
        {"[1,2]", "[1,2]", true},
        {"[1,2]", "[2,1]", false},
        {"[1]", "[1,1]", false},
        {R"({"a":1,"b":[{}]})", R"({"b":[{}],"a":1.0})", true},
        {R"({"a":1})", R"({"a":1,"b":2})", false},
        {R"({"a":1,"c":2})", R"({"a":1,"b":2})", false},
        {"[]", "{}", false},
        {R"("\u0041")", R"("A")", true},
        {R"("a\u0000")", R"("a")", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.a) + " and " + c.b);
        EXPECT_EQ(json(c.a) == json(c.b), c.equal);
        EXPECT_EQ(json(c.b) == json(c.a), c.equal);
    }
}

TEST(StrictJson, DumpIsCompactAndReadsBackAsTheSame) {
    const struct {
        const char* text;
        const char* dumped;
    } cases[]{
        {" { \"b\" : [ 1 , -2 , 2.5 , null , true , false , \"x\" ] , \"a\" : { } , \"c\" : [ ] } ",
         R"({"b":[1,-2,2.5,null,true,false,"x"],"a":{},"c":[]})"},
        {R"("\"\\\/\b\f\n\r\t\u0000\u001f\u00e9")",
         "\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009\\u0000\\u001f\xc3\xa9\""},
        {"18446744073709551615", "18446744073709551615"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1e300", "1e+300"},
        {"0.1", "0.1"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(json(c.text).dump(), c.dumped);
        EXPECT_EQ(json(c.dumped), json(c.text));
    }
}

TEST(StrictJson, NamesComeInOrderOfAppearance) {
    EXPECT_EQ(json(R"({"b":1,"a":2,"\u0000":3})").names(),
              (std::vector<std::string>{"b", "a", std::string(1, '\0')}));
}

TEST(StrictJson, AValueOutlivesTheDocumentItCameFrom) {
    Json value;
    {
        std::string text = R"({"a":{"long":"a string that does not fit into a small buffer"}})";
        value = json(text).at("a");
        text.assign(text.size(), 'x');
    }
    const Json copy = value;
    value = Json();
    EXPECT_EQ(copy.at("long").string(), "a string that does not fit into a small buffer");
}

}  // namespace
