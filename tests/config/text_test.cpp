#include <bearergate/config/text.hpp>

#include <gtest/gtest.h>

namespace bearergate::config {
namespace {

TEST(Text, WellFormedUtf8ByItsFirstByte) {
    const struct {
        const char* text;
        std::size_t length;
    } cases[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\x80", 0},              // continues nothing
        {"\xc0\x80", 0},          // overlong
        {"\xc1\xbf", 0},          // overlong
        {"\xe0\x9f\xbf", 0},      // overlong
        {"\xf0\x8f\xbf\xbf", 0},  // overlong
        {"\xed\xa0\x80", 0},      // a surrogate
        {"\xed\xbf\xbf", 0},      // a surrogate
        {"\xf4\x90\x80\x80", 0},  // past U+10FFFF
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"\xc2", 0},          // cut short
        {"\xe2\x82", 0},      // cut short
        {"\xf0\x9f\x98", 0},  // cut short
        {"\xc2\x41", 0},
        {"\xe2\x82\x41", 0},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(testing::PrintToString(c.text));
        EXPECT_EQ(utf8_length(c.text, 0), c.length);
    }
    EXPECT_EQ(utf8_length("a\u00fc", 1), 2U);
}

TEST(Text, CharactersAndTheirBytes) {
    EXPECT_EQ(characters(""), 0U);
    EXPECT_EQ(characters("a\u00fc\u20ac\U0001f600"), 4U);
    EXPECT_EQ(byte_of("a\u00fc\u20acb", 0), 0U);
    EXPECT_EQ(byte_of("a\u00fc\u20acb", 1), 1U);
    EXPECT_EQ(byte_of("a\u00fc\u20acb", 2), 3U);
    EXPECT_EQ(byte_of("a\u00fc\u20acb", 3), 6U);
    EXPECT_EQ(byte_of("a\u00fc\u20acb", 9), 7U);
}

TEST(Text, ControlsAndBrokenBytesAreQuestionMarks) {
    EXPECT_EQ(printable("a\tb\u00a0\u00fc"), "a b\u00a0\u00fc");
    EXPECT_EQ(printable("\x1b[31m\r\n\x7f"), "?[31m???");
    EXPECT_EQ(printable("\u0080\u009b\u009f"), "???");
    EXPECT_EQ(printable("\xff\xc0"), "??");
    EXPECT_EQ(printable("\u202ea\u2069\u061c\u200f\u2028\ufeff"), "?a?????");
    EXPECT_EQ(printable("\u202f\u2065\u206a\u061b\u0600\U0001f600"),
              "\u202f\u2065\u206a\u061b\u0600\U0001f600");
}

TEST(Text, APieceOfTheFileIsQuotedAndShortened) {
    EXPECT_EQ(shown("a"), "'a'");
    EXPECT_EQ(shown(""), "''");
    EXPECT_EQ(shown("a\nb"), "'a?b'");
    const std::string sixty(60, 'x');
    EXPECT_EQ(shown(sixty), "'" + sixty + "'");
    EXPECT_EQ(shown(sixty + "y"), "'" + sixty + "...'");
    std::string umlauts;
    for (int i = 0; i < 61; ++i) umlauts += "\u00fc";
    EXPECT_EQ(shown(umlauts), "'" + umlauts.substr(0, 120) + "...'");
}

}  // namespace
}  // namespace bearergate::config
