#include <bearergate/config/diagnostics.hpp>

#include <gtest/gtest.h>

#include <string>

namespace bearergate::config {
namespace {

std::string rendered(std::string_view text, Place place, std::string_view message = "m") {
    Diagnostics diagnostics(text);
    diagnostics.error(place, message);
    return render(diagnostics.errors().front(), "f.yaml", "error");
}

TEST(Diagnostics, ShowTheLineWithACaretUnderThePlace) {
    EXPECT_EQ(rendered("a: 1\nbb: 22\n", {2, 5}, "it is wrong"),
              "f.yaml:2:5: error: it is wrong\n"
              "  2 | bb: 22\n"
              "    |     ^\n");
    EXPECT_EQ(rendered("a: 1\n", {}, "about all of it"), "f.yaml: error: about all of it\n");
}

TEST(Diagnostics, TheCaretCountsCharacters) {
    EXPECT_EQ(rendered("\u00fc\u20ac: x\n", {1, 8}),  // 2 + 3 bytes, ": "
              "f.yaml:1:5: error: m\n"
              "  1 | \u00fc\u20ac: x\n"
              "    |     ^\n");
    EXPECT_EQ(rendered("a\t\tb\n", {1, 4}),
              "f.yaml:1:4: error: m\n"
              "  1 | a  b\n"
              "    |    ^\n");
}

TEST(Diagnostics, PlacesBeyondTheTextAreItsEnd) {
    EXPECT_EQ(rendered("ab\n", {1, 99}),
              "f.yaml:1:3: error: m\n"
              "  1 | ab\n"
              "    |   ^\n");
    EXPECT_EQ(rendered("ab\n", {7, 1}),
              "f.yaml:7:1: error: m\n"
              "  7 | \n"
              "    | ^\n");
    EXPECT_EQ(rendered("ab", {1, 0}), "f.yaml:1:1: error: m\n  1 | ab\n    | ^\n");
}

TEST(Diagnostics, LinesMayEndInCarriageReturns) {
    const Diagnostics diagnostics("one\r\ntwo\n\nfour");
    EXPECT_EQ(diagnostics.line(1), "one");
    EXPECT_EQ(diagnostics.line(2), "two");
    EXPECT_EQ(diagnostics.line(3), "");
    EXPECT_EQ(diagnostics.line(4), "four");
    EXPECT_EQ(diagnostics.line(5), "");
    EXPECT_EQ(diagnostics.line(0), "");
}

TEST(Diagnostics, OfALongLineThePartAroundThePlaceIsShown) {
    std::string text = std::string(500, 'a') + "X" + std::string(500, 'b');
    Diagnostics diagnostics(text);
    diagnostics.error({1, 501}, "m");
    const Diagnostic said = diagnostics.errors().front();
    EXPECT_EQ(said.column, 501);
    EXPECT_EQ(said.source_line.size(), 160U);
    EXPECT_EQ(said.source_line[static_cast<std::size_t>(said.caret) - 1], 'X');
}

TEST(Diagnostics, NothingReachesATerminalButCharacters) {
    EXPECT_EQ(rendered("a: \x1b[2J\x9b\u009b\x7f\xff\n", {1, 1}, "bad \x1b]0;x\a\n\u0085"),
              "f.yaml:1:1: error: bad ?]0;x???\n"
              "  1 | a: ?[2J????\n"
              "    | ^\n");
}

TEST(Diagnostics, StandInTheOrderOfTheFileWhateverTheOrderOfTelling) {
    Diagnostics diagnostics("a\nb\nc\n");
    diagnostics.error({3, 1}, "third");
    diagnostics.error({1, 1}, "first");
    diagnostics.error({1, 1}, "second");
    diagnostics.error({}, "whole");
    std::string order;
    for (const Diagnostic& one : diagnostics.errors()) order += one.message + " ";
    EXPECT_EQ(order, "whole first second third ");
    EXPECT_TRUE(diagnostics.has_error_on(3));
    EXPECT_FALSE(diagnostics.has_error_on(2));
}

TEST(Diagnostics, ErrorsAndWarningsAreApart) {
    Diagnostics diagnostics("a\n");
    EXPECT_FALSE(diagnostics.has_errors());
    diagnostics.warn({1, 1}, "w");
    EXPECT_FALSE(diagnostics.has_errors());
    EXPECT_EQ(diagnostics.warnings().size(), 1U);
    EXPECT_TRUE(diagnostics.errors().empty());
    diagnostics.error({1, 1}, "e");
    EXPECT_TRUE(diagnostics.has_errors());
    EXPECT_EQ(diagnostics.error_count(), 1U);
}

TEST(Diagnostics, MoreThanAFewHundredAreOnlyCounted) {
    Diagnostics diagnostics("a\n");
    for (std::size_t i = 0; i < Diagnostics::capacity; ++i) diagnostics.error({1, 1}, "e");
    EXPECT_EQ(diagnostics.errors().size(), Diagnostics::capacity);
    for (int i = 0; i < 50; ++i) diagnostics.error({1, 1}, "e");
    for (int i = 0; i < 250; ++i) diagnostics.warn({1, 1}, "w");
    ASSERT_EQ(diagnostics.errors().size(), Diagnostics::capacity + 1);
    EXPECT_EQ(diagnostics.errors().back().message, "50 more errors are not shown");
    EXPECT_EQ(diagnostics.error_count(), Diagnostics::capacity + 50);
    EXPECT_EQ(diagnostics.warnings().back().message, "50 more warnings are not shown");
}

}  // namespace
}  // namespace bearergate::config
