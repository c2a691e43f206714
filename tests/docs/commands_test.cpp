// The commands of the documentation, typed as a reader would type them.
#include "docs/stage.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace bearergate::test {
namespace {

bool is_installed(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

class DocumentationCommands : public testing::TestWithParam<Page> {};

TEST_P(DocumentationCommands, DoWhatThePageSays) {
    const Page& page = GetParam();
    for (const char* program : {"bash", "curl", "jq", "timeout"}) {
        if (!is_installed(program)) GTEST_SKIP() << "SKIPPED: no " << program << " here";
    }
    const std::vector<Command> commands = commands_of(page);
    Stage stage(page);
    const std::vector<Ran> ran = stage.run(commands);
    for (std::size_t i = 0; i < commands.size(); ++i) {
        SCOPED_TRACE(place(page, commands[i].line) + ": " + commands[i].text);
        ASSERT_GE(ran[i].code, 0) << "the shell did not come to its end:\n" << ran[i].output;
        if (commands[i].must_succeed) {
            EXPECT_EQ(ran[i].code, 0) << ran[i].output;
        } else {
            std::vector<std::string> expected;
            for (const auto& line : commands[i].expected) expected.push_back(stage.here(line));
            EXPECT_TRUE(matches(expected, lines_of(ran[i].output))) << ran[i].output;
        }
    }
}

std::vector<Page> pages_with_commands() {
    std::vector<Page> some = pages();
    std::erase_if(some, [](const Page& page) { return commands_of(page).empty(); });
    return some;
}

INSTANTIATE_TEST_SUITE_P(Of, DocumentationCommands, testing::ValuesIn(pages_with_commands()),
                         NameOfPage());

TEST(DocumentationOutput, IsComparedLineByLine) {
    const std::vector<std::string> actual{"HTTP/1.1 401 Unauthorized", "Date: x", "", "{\"a\":1}"};
    EXPECT_TRUE(matches(actual, actual));
    EXPECT_TRUE(matches({"HTTP/1.1 401 Unauthorized", "…"}, actual));
    EXPECT_TRUE(matches({"HTTP/1.1 401 Unauthorized", "…", "{…}"}, actual));
    EXPECT_TRUE(matches({"…", "{\"a\":1}", "…"}, actual));
    EXPECT_FALSE(matches({}, actual));
    EXPECT_FALSE(matches({"HTTP/1.1 401 Unauthorized"}, actual));
    EXPECT_FALSE(matches({"HTTP/1.1 403 Forbidden", "…"}, actual));
    EXPECT_FALSE(matches({"…", "{\"a\".1}"}, actual)) << "a dot is a dot";
    EXPECT_FALSE(matches({"…", "Date: x", "HTTP/1.1 401 Unauthorized", "…"}, actual));
    EXPECT_FALSE(matches({"…", "{\"a\":2}"}, actual));
}

TEST(DocumentationOutput, OfACommandThatFailsIsSeen) {
    Page page;
    page.blocks = {
        {.line = 1, .language = "sh", .text = "true\nfalse\nthere-is-no-such-program\n"}};
    Stage stage(page);
    const std::vector<Ran> ran = stage.run(commands_of(page));
    ASSERT_EQ(ran.size(), 3U);
    EXPECT_EQ(ran[0].code, 0);
    EXPECT_EQ(ran[1].code, 1);
    EXPECT_EQ(ran[2].code, 127);
}

}  // namespace
}  // namespace bearergate::test
