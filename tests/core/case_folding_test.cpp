#include <bearergate/core/case_folding.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace bearergate::core {
namespace {

TEST(CaseFolded, LowersAsciiAndWhatSomeFoldingTakesForIt) {
    const struct {
        std::string_view text, folded;
    } cases[] = {
        {"", ""},
        {"AbZ09-_.~", "abz09-_.~"},
        {"\xE2\x84\xAA\xC5\xBF", "ks"},
        {"I\xC4\xB0\xC4\xB1i", "iiii"},
        {"\xC3\x9F\xE1\xBA\x9E", "ssss"},
        {"\xEF\xAC\x80 \xEF\xAC\x81 \xEF\xAC\x82", "ff fi fl"},
        {"\xEF\xAC\x83 \xEF\xAC\x84 \xEF\xAC\x85 \xEF\xAC\x86", "ffi ffl st st"},
        {"\xC3\x9C\xEF\xAC", "\xC3\x9C\xEF\xAC"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(case_folded(c.text), c.folded);
    }
}

TEST(MayHaveCaseBeyondAscii, HoldsForEveryScriptThatHasCases) {
    for (const std::string_view text : {
             "\xC3\x9C",          // U+00DC, Latin
             "\xCE\xA9",          // U+03A9, Greek
             "\xD0\x96",          // U+0416, Cyrillic
             "\xD4\xB1",          // U+0531, Armenian
             "\xD6\x8F",          // U+058F, the last before Hebrew
             "\xE1\x82\xA0",      // U+10A0, Georgian
             "\xE1\x8E\xA0",      // U+13A0, Cherokee
             "\xE2\x84\xAA",      // U+212A, Kelvin
             "\xEA\x99\x80",      // U+A640, Cyrillic extended
             "\xEF\xBC\xA1",      // U+FF21, fullwidth
             "\xF0\x90\x90\x80",  // U+10400, Deseret
             "a\xE3\x81\x82\xC3\xA9",
         }) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(may_have_case_beyond_ascii(text));
    }
    for (const std::string_view text : {
             "", "Ascii",
             "\xD7\x90\xD9\x85",            // U+05D0 U+0645, Hebrew and Arabic
             "\xE0\xA4\x95\xE0\xB8\x81",    // U+0915 U+0E01, Devanagari and Thai
             "\xE1\x84\x80\xEA\xB0\x80",    // U+1100 U+AC00, Hangul
             "\xE3\x81\x82\xE8\xA3\xBD",    // U+3042 U+88FD, kana and Han
             "x\xF0\xA0\x80\x80-\xD6\x90",  // U+20000 and U+0590
         }) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(may_have_case_beyond_ascii(text));
    }
}

// It may be text of another encoding.
TEST(MayHaveCaseBeyondAscii, HoldsForWhatIsNotUtf8) {
    for (const std::string_view text :
         {"\xDC", "\xFF", "\x80", "\xE3\x81", "\xE3\x81x", "\xF5\x80\x80\x80", "\xC1\x90"}) {
        EXPECT_TRUE(may_have_case_beyond_ascii(text));
    }
}

}  // namespace
}  // namespace bearergate::core
