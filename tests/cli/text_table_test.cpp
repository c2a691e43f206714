#include <bearergate/cli/text_table.hpp>

#include <gtest/gtest.h>

namespace bearergate::cli {
namespace {

TextTable table() {
    return {.headings = {"ROUTE", "TOKEN", "SCOPES"},
            .rows = {{.cells = {{"GET /a"}, {"api"}, {"one,", "two"}},
                      .notes = {{.name = "issuer", .text = "x"}, {.name = "mode", .text = "y"}}},
                     {.cells = {{"/long/path"}, {"public"}, {}}}}};
}

TEST(TextTable, ColumnsAreAlignedAndCellsMayHaveSeveralLines) {
    EXPECT_EQ(render(table(), 0),
              "ROUTE       TOKEN   SCOPES\n"
              "GET /a      api     one,\n"
              "                    two\n"
              "    issuer  x\n"
              "    mode    y\n"
              "/long/path  public  -\n");
}

TEST(TextTable, AColumnThatHoldsNothingIsLeftOut) {
    TextTable one = table();
    one.rows = {{.cells = {{"/a"}, {}, {"s"}}}};
    EXPECT_EQ(render(one, 0), "ROUTE  SCOPES\n/a     s\n");
}

TEST(TextTable, CharactersAreCountedNotBytes) {
    TextTable one = table();
    one.rows = {{.cells = {{"/\u00fc\u00fc"}, {"a"}, {"s"}}}, {.cells = {{"/b"}, {"a"}, {"s"}}}};
    one.headings[0] = "R";
    EXPECT_EQ(render(one, 0),
              "R    TOKEN  SCOPES\n"
              "/\u00fc\u00fc  a      s\n"
              "/b   a      s\n");
}

TEST(TextTable, WhatIsWiderThanTheTerminalIsAParagraphForEachRow) {
    EXPECT_EQ(render(table(), 26), render(table(), 0));
    EXPECT_EQ(render(table(), 25),
              "GET /a\n"
              "    token   api\n"
              "    scopes  one,\n"
              "            two\n"
              "    issuer  x\n"
              "    mode    y\n"
              "\n"
              "/long/path\n"
              "    token  public\n");
}

TEST(TextTable, NoRowsAreNoLines) {
    EXPECT_EQ(render({.headings = {"A"}}, 10), "\n");
}

TEST(TextTable, WordsFillLinesAndAreNeverCut) {
    using Lines = std::vector<std::string>;
    EXPECT_EQ(in_lines({}, 10), Lines{});
    EXPECT_EQ(in_lines({"a", "b", "c"}, 10), Lines{"a, b, c"});
    EXPECT_EQ(in_lines({"aaaa", "bbbb", "c"}, 10), (Lines{"aaaa,", "bbbb, c"}));
    EXPECT_EQ(in_lines({"aaaa", "bbbb"}, 10), Lines{"aaaa, bbbb"});
    EXPECT_EQ(in_lines({"a", "longer than the line", "b"}, 5),
              (Lines{"a,", "longer than the line,", "b"}));
}

}  // namespace
}  // namespace bearergate::cli
