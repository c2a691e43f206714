// Which cases `bearergate test` tries, and how it tells what came of them.
#include "test_command.hpp"

#include <gmock/gmock.h>

#include <string>

namespace bearergate::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(TestCommand, TriesTheFilesOwnCasesThenThoseOfEveryFileNamed) {
    folder_.write(
        "bearergate.yaml",
        std::string(policy) + "tests:\n  - { name: own, request: GET /healthz, expect: allow }\n");
    const std::string first = folder_.write(
        "first.yaml", "tests:\n  - { name: a, request: GET /healthz, expect: allow }\n");
    const std::string second = folder_.write(
        "second.yaml", "tests:\n  - { name: b, request: GET /healthz, expect: { status: 404 } }\n");
    const Outcome outcome = test({first, second});
    EXPECT_EQ(outcome.code, 1);
    const std::size_t own = outcome.output.find(config_ + "\n  ok    own\n");
    const std::size_t a = outcome.output.find(first + "\n  ok    a\n");
    const std::size_t b = outcome.output.find(second + "\n  FAIL  b");
    EXPECT_LT(own, a);
    EXPECT_LT(a, b);
    EXPECT_LT(b, std::string::npos);
    EXPECT_THAT(outcome.output, HasSubstr("3 cases: 2 passed, 1 failed."));
}

TEST_F(TestCommand, ListsRoutesThatNoCaseCovers) {
    const Outcome outcome = try_case("POST /items", "", "{ status: 401 }");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.output, HasSubstr("Routes that no case covers:\n"));
    EXPECT_THAT(outcome.output, HasSubstr(":7  GET /healthz\n"));
    EXPECT_THAT(outcome.output, HasSubstr(":8  GET /items\n"));
    EXPECT_THAT(outcome.output, Not(HasSubstr("  POST /items\n")));
}

TEST_F(TestCommand, NoCaseAtAllIsAWarning) {
    const Outcome outcome = test({});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.errors, HasSubstr("warning: there are no cases"));
    EXPECT_THAT(outcome.output, HasSubstr("0 cases"));
}

TEST_F(TestCommand, BadFilesAreTwoAndSayWhere) {
    const Outcome form = try_case("GET", "", "allow");
    EXPECT_EQ(form.code, 2);
    EXPECT_THAT(form.errors, HasSubstr(folder_.file("cases.yaml") + ":3:"));
    EXPECT_EQ(form.output, "");
    const Outcome absent = test({folder_.file("absent.yaml")});
    EXPECT_EQ(absent.code, 2);
    EXPECT_THAT(absent.errors, HasSubstr("absent.yaml"));
    const Outcome token = try_cases(
        "  - name: one\n    request: GET /items\n    token: { file: absent.jwt }\n    expect: "
        "allow\n");
    EXPECT_EQ(token.code, 2);
    EXPECT_THAT(token.errors, HasSubstr("absent.jwt"));
    EXPECT_EQ(try_case("GET /items", reader_, "allow", {"--keys", folder_.file("none.json")}).code,
              2);
    folder_.write("bearergate.yaml", "routes: nothing\n");
    EXPECT_EQ(test({}).code, 2);
    EXPECT_EQ(run({BEARERGATE_BINARY, "test"}).code, 2);
}

TEST_F(TestCommand, WritesJUnitXml) {
    const std::string junit = folder_.file("results.xml");
    const Outcome outcome = try_cases(
        "  - { name: \"<one> & \\\"two\\\" \u00fc\", request: GET /healthz, expect: allow }\n"
        "  - { name: b, request: GET /items, expect: { status: 403, reason: scope_missing } }\n",
        {"--junit", junit});
    EXPECT_EQ(outcome.code, 1);
    const std::string xml = read_file(junit);
    const std::string file = folder_.file("cases.yaml");
    EXPECT_THAT(
        xml, HasSubstr("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bearergate "
                       "test\" tests=\"2\" failures=\"1\" errors=\"0\">\n"));
    EXPECT_THAT(xml, HasSubstr("<testsuite name=\"" + file + "\" tests=\"2\" failures=\"1\""));
    EXPECT_THAT(xml, HasSubstr("name=\"&lt;one&gt; &amp; &quot;two&quot; \u00fc\" file=\"" + file +
                               "\" line=\"2\"/>"));
    EXPECT_THAT(xml,
                HasSubstr("<failure message=\"expected refused: 403 scope_missing, got refused: "
                          "401 token_missing\">request   GET /items\n"));
    EXPECT_THAT(xml, HasSubstr("</failure>\n    </testcase>\n  </testsuite>\n</testsuites>\n"));
    const Outcome unwritable =
        try_case("GET /healthz", "", "allow", {"--junit", folder_.file("no/such/folder.xml")});
    EXPECT_EQ(unwritable.code, 2);
    EXPECT_THAT(unwritable.errors, HasSubstr("cannot be written"));
}

TEST_F(TestCommand, WhatPeopleWriteCannotSteerATerminalOrBreakTheXml) {
    const std::string junit = folder_.file("results.xml");
    const Outcome outcome = try_cases(
        "  - name: \"a\\u009bb\\uffffc\"\n"
        "    request: GET /items\n"
        "    token: { claims: { sub: \"a\\e[31m\", aud: https://api.example, scope: \"\\e[2J\" } "
        "}\n"
        "    expect: { reason: scope_missing }\n",
        {"--junit", junit});
    EXPECT_EQ(outcome.code, 1);
    for (const std::string& text : {outcome.output, read_file(junit)}) {
        EXPECT_THAT(text, HasSubstr("a\\xc2\\x9bb\\xef\\xbf\\xbfc"));
        EXPECT_THAT(text, HasSubstr("sub a\\x1b[31m"));
        EXPECT_THAT(text, Not(HasSubstr("\x1b")));
        EXPECT_THAT(text, Not(HasSubstr("\u009b")));
        EXPECT_THAT(text, Not(HasSubstr("\uffff")));
    }
}

}  // namespace
}  // namespace bearergate::test
