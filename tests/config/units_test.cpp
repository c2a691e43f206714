#include <bearergate/config/units.hpp>

#include <gtest/gtest.h>

#include <array>

namespace bearergate::config {
namespace {

using std::chrono::milliseconds;

TEST(Units, WholeNumbers) {
    EXPECT_EQ(parse_whole_number("0"), 0U);
    EXPECT_EQ(parse_whole_number("7"), 7U);
    EXPECT_EQ(parse_whole_number("10000"), 10'000U);
    EXPECT_EQ(parse_whole_number("18446744073709551615"), ~std::uint64_t{0});
    for (const char* text :
         {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "1_000", "1,000", "a", "\u0661", "00",
          "01", "010", "18446744073709551616", "99999999999999999999999"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_whole_number(text));
    }
    EXPECT_EQ(parse_whole_number("010").error(), "looks octal: write it without leading zeros");
    EXPECT_EQ(parse_whole_number("18446744073709551616").error(), "is too large a number");
}

TEST(Units, Durations) {
    EXPECT_EQ(parse_duration("0s"), milliseconds(0));
    EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
    EXPECT_EQ(parse_duration("30s"), milliseconds(30'000));
    EXPECT_EQ(parse_duration("10m"), milliseconds(600'000));
    EXPECT_EQ(parse_duration("24h"), milliseconds(86'400'000));
    EXPECT_EQ(parse_duration("1000000h"), milliseconds(3'600'000'000'000));
    for (const char* text : {"", "s", "30", "30 s", "30S", "30sec", "1.5s", "-1s", "+1s", "1h30m",
                             "1d", "030s", "30s ", "1000001h", "3600000000001ms",
                             "18446744073709551615h", "99999999999999999999ms"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_duration(text));
    }
}

TEST(Units, Sizes) {
    EXPECT_EQ(parse_size("0B"), 0U);
    EXPECT_EQ(parse_size("512B"), 512U);
    EXPECT_EQ(parse_size("16KiB"), 16U * 1024U);
    EXPECT_EQ(parse_size("10MiB"), 10U * 1024U * 1024U);
    EXPECT_EQ(parse_size("1GiB"), 1024U * 1024U * 1024U);
    EXPECT_EQ(parse_size("18446744073709551615B"), ~std::uint64_t{0});
    EXPECT_EQ(parse_size("17179869183GiB"), 17179869183ULL << 30U);
    for (const char* text :
         {"", "B", "16", "16K", "16KB", "16kib", "16 KiB", "1.5MiB", "-1B", "016B", "1TiB",
          "17179869184GiB", "18014398509481984KiB", "18446744073709551616B"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_size(text));
    }
}

TEST(Units, AreWrittenInTheLargestThatFits) {
    EXPECT_EQ(duration_text(milliseconds(0)), "0s");
    EXPECT_EQ(duration_text(milliseconds(1)), "1ms");
    EXPECT_EQ(duration_text(milliseconds(1'500)), "1500ms");
    EXPECT_EQ(duration_text(milliseconds(90'000)), "90s");
    EXPECT_EQ(duration_text(milliseconds(600'000)), "10m");
    EXPECT_EQ(duration_text(milliseconds(86'400'000)), "24h");
    EXPECT_EQ(size_text(0), "0B");
    EXPECT_EQ(size_text(1'000), "1000B");
    EXPECT_EQ(size_text(1'024), "1KiB");
    EXPECT_EQ(size_text(1'536), "1536B");
    EXPECT_EQ(size_text(1U << 20U), "1MiB");
    EXPECT_EQ(size_text(3U << 30U), "3GiB");
}

TEST(Units, WhatAScalarWithoutQuotesIs) {
    const struct {
        PlainKind kind;
        std::initializer_list<const char*> texts;
    } cases[] = {
        {PlainKind::boolean, {"true", "false"}},
        {PlainKind::number, {"0", "-0", "1", "-12", "1.5", "1e3", "1E+3", "-1.5e-3"}},
        {PlainKind::lookalike,
         {"",   "~",    "null",  "Null", "NULL", "yes",   "No",   "ON",   "off",  "y",
          "N",  "True", "FALSE", "010",  "00",   "-01",   "0x1F", "0o17", "0b11", "1_000",
          "+1", "1.",   ".5",    "-.5",  ".inf", "-.INF", ".NaN", "+0x1", "0_1"}},
        {PlainKind::text,
         {"a", "read:items", "1a", "1.2.3", "10.0.0.0/8", "30s", "16KiB", "e3", "-", ".", "--1",
          "0x", "0xg", "1e", "yess", "nulls", "\u0661"}},
    };
    for (const auto& c : cases) {
        for (const char* text : c.texts) {
            SCOPED_TRACE(text);
            EXPECT_EQ(plain_kind(text), c.kind);
        }
    }
}

TEST(Units, TheNearestWord) {
    constexpr std::array<std::string_view, 5> words{"scopes", "any_scope", "organization", "token",
                                                    "url"};
    const struct {
        const char* word;
        const char* found;
    } cases[] = {
        {"scope", "scopes"},
        {"SCOPES", "scopes"},
        {"scoeps", "scopes"},
        {"organisation", "organization"},
        {"org", ""},
        {"tokne", "token"},
        {"urls", "url"},
        {"ulr", "url"},
        {"uri", "url"},
        {"x", ""},
        {"", ""},
        {"completely-else", ""},
        {"anyscope", "any_scope"},
        {"u", ""},
        {"toke", "token"},
        {"tukeen", "token"},
        {"tonek", "token"},
        {"tike", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.word);
        EXPECT_EQ(nearest(c.word, words), c.found);
    }
    EXPECT_EQ(nearest(std::string(65, 'a'), words), "");
    EXPECT_EQ(nearest("scope", {}), "");
    const std::string longest(65, 'a');
    const std::string_view long_word = longest;
    EXPECT_EQ(nearest(std::string(64, 'a'), std::span(&long_word, 1)), "");
}

}  // namespace
}  // namespace bearergate::config
