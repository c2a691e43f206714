// Every page of the documentation, but for its commands: blocks that somebody checks,
// configurations that load, links that lead somewhere, options and keys that exist.
#include "config/good_configuration.hpp"
#include "docs/page.hpp"
#include "docs/words.hpp"
#include "support/files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace bearergate::test {
namespace {

namespace fs = std::filesystem;

// What is made of a block, by language and mark. "" stands for a plain one.
const std::map<std::string, std::map<std::string, std::string>> known_blocks = {
    {"yaml",
     {{"", "checked: a whole configuration"},
      {"fragment", "checked: completed first"},
      {"compose", "checked by tests/deploy/docs.test.mjs"},
      {"kubernetes", "checked by tests/deploy/docs.test.mjs"},
      {"helm", "checked by tests/deploy/docs.test.mjs"},
      {"prometheus", "shown: another program's"}}},
    {"sh",
     {{"", "run"},
      {"build", "not run: installs packages and builds everything, as CI does with these scripts"},
      {"docker", "not run: needs a Docker engine"},
      {"kubernetes", "not run: needs a cluster"},
      {"helm", "not run: needs Helm and a cluster; tests/deploy/chart.test.mjs renders the chart"},
      {"systemd",
       "not run: needs systemd as the first process; tests/deploy/systemd.sh and "
       "tests/faults/handover_test.cpp stand for it"}}},
    {"console", {{"", "run, and its output compared"}}},
    {"json", {{"", "checked: one JSON text a line"}}},
    {"http", {{"", "shown: a message, its numbers left out"}}},
    {"promql", {{"", "shown: for people to copy into Prometheus"}}},
    {"text", {{"", "shown: a picture or a report"}}},
    // Of the programs in docker/backends, which scripts/backends builds and runs.
    {"js", {{"", "shown"}}},
    {"python", {{"", "shown"}}},
    {"go", {{"", "shown"}}},
    {"java", {{"", "shown"}}},
    {"csharp", {{"", "shown"}}},
    {"php", {{"", "shown"}}},
    {"ruby", {{"", "shown"}}},
    {"rust", {{"", "shown"}}}};

bool is_file_name(const std::string& mark) {
    return mark.ends_with(".yaml") && mark.find('/') == std::string::npos;
}

class Documentation : public testing::TestWithParam<Page> {};

TEST_P(Documentation, HasNoBlockThatNobodyChecks) {
    for (const Block& block : GetParam().blocks) {
        SCOPED_TRACE(place(GetParam(), block.line));
        const auto language = known_blocks.find(block.language);
        ASSERT_NE(language, known_blocks.end()) << "the language: " << block.language;
        const bool is_saved = block.language == "yaml" && is_file_name(block.mark);
        EXPECT_TRUE(is_saved || language->second.contains(block.mark)) << block.mark;
    }
}

// A block that shows only a part gets what it lacks.
std::string completed(const std::string& fragment) {
    const auto has = [&](const std::string& key) {
        return ("\n" + fragment).contains("\n" + key + ":");
    };
    std::string text = fragment;
    if (!has("issuer") && !has("issuers")) text += "issuer: https://acme.logto.app/oidc\n";
    if (!has("audience")) text += "audience: https://api.acme.example\n";
    if (!has("upstream") && !has("upstreams")) text += "upstream: http://127.0.0.1:3000\n";
    if (!has("routes")) text += "routes: { /items: authenticated }\n";
    return text;
}

// Whether the page has a command, which commands_test runs, that tries these cases.
bool is_tried(const Page& page, const std::string& cases) {
    return std::ranges::any_of(page.blocks, [&](const Block& block) {
        return block.language == "sh" && block.mark.empty() &&
               block.text.contains("bearergate test ") && block.text.contains(" " + cases);
    });
}

TEST_P(Documentation, ShowsConfigurationsThatAreGood) {
    for (const Block& block : GetParam().blocks) {
        if (block.language != "yaml") continue;
        SCOPED_TRACE(place(GetParam(), block.line));
        if (block.mark.ends_with(".tests.yaml")) {
            EXPECT_TRUE(is_tried(GetParam(), block.mark)) << "no command tries these cases";
            continue;
        }
        const bool is_whole = block.mark.empty() || is_file_name(block.mark);
        if (!is_whole && block.mark != "fragment") continue;
        const std::string text = is_whole ? block.text : completed(block.text);
        expect_good(text);
        EXPECT_EQ(faults_by_check(text), "");
    }
}

TEST_P(Documentation, ShowsJsonThatIsJson) {
    for (const Block& block : GetParam().blocks) {
        if (block.language != "json") continue;
        std::istringstream lines(block.text);
        for (std::string line; std::getline(lines, line);) {
            EXPECT_TRUE(nlohmann::json::accept(line)) << place(GetParam(), block.line);
        }
    }
}

TEST_P(Documentation, HasLinksThatLeadSomewhere) {
    const Page& page = GetParam();
    for (const Link& link : page.links) {
        if (link.target.starts_with("http")) continue;
        SCOPED_TRACE(place(page, link.line) + ": " + link.target);
        const std::size_t hash = std::min(link.target.find('#'), link.target.size());
        const fs::path file =
            hash == 0 ? page.path : page.path.parent_path() / link.target.substr(0, hash);
        ASSERT_TRUE(fs::exists(file));
        if (hash == link.target.size()) continue;
        EXPECT_TRUE(read_page(file).anchors.contains(link.target.substr(hash + 1)));
    }
}

TEST_P(Documentation, NamesOptionsThatExist) {
    const Page& page = GetParam();
    for (const CodeSpan& span : page.spans) {
        EXPECT_EQ(unknown_options(span.text), "") << place(page, span.line) << ": " << span.text;
    }
    for (const Block& block : page.blocks) {
        if (block.language != "sh" && block.language != "console") continue;
        std::istringstream lines(block.text);
        for (std::string line; std::getline(lines, line);) {
            if (line.find("bearergate ") == std::string::npos) continue;
            EXPECT_EQ(unknown_options(line), "") << place(page, block.line) << ": " << line;
        }
    }
}

TEST_P(Documentation, NamesConfigurationKeysThatExist) {
    const Page& page = GetParam();
    for (const CodeSpan& span : page.spans) {
        EXPECT_EQ(unknown_key(span.text), "") << place(page, span.line) << ": " << span.text;
    }
}

INSTANTIATE_TEST_SUITE_P(Of, Documentation, testing::ValuesIn(pages()), NameOfPage());

TEST(DocumentationWords, AreToldFromOthers) {
    EXPECT_EQ(unknown_key("server.timeouts.drain"), "");
    EXPECT_EQ(unknown_key("issuers.NAME.claims.organization"), "");
    EXPECT_EQ(unknown_key("timeouts.idle"), "");
    EXPECT_EQ(unknown_key("organization: any"), "");
    EXPECT_EQ(unknown_key("private_key:"), "");
    EXPECT_NE(unknown_key("server.timeouts.drian"), "");
    EXPECT_NE(unknown_key("server.drain"), "");
    EXPECT_NE(unknown_key("organisation: any"), "");
    for (const char* other : {"docs/README.md", "values.yaml", "tls.crt", "read:items", "404",
                              "Content-Length: 5, 5", "kubernetes.io/arch", "api.acme.example"}) {
        EXPECT_EQ(unknown_key(other), "") << other;
    }
    EXPECT_EQ(unknown_options("bearergate check -c a.yaml"), "");
    EXPECT_EQ(unknown_options("bearergate test -c a.yaml --junit out.xml"), "");
    EXPECT_EQ(unknown_options("--token-file"), "");
    EXPECT_EQ(unknown_options("scripts/setup --deploy"), "");
    EXPECT_EQ(unknown_options("docker run --rm bearergate check -c a.yaml"), "");
    EXPECT_NE(unknown_options("bearergate check --junit out.xml"), "");
    EXPECT_NE(unknown_options("bearergate chekc -c a.yaml"), "");
    EXPECT_NE(unknown_options("--tokenfile"), "");
}

TEST(DocumentationPages, AreAllFoundAndListed) {
    std::set<std::string> names;
    for (const Page& page : pages()) names.insert(page.name);
    EXPECT_GE(names.size(), 14U);
    const Page index = read_page(BEARERGATE_SOURCE_DIR "/docs/README.md");
    std::set<std::string> linked{"docs/README.md", "README.md"};
    for (const Link& link : index.links) {
        const fs::path target = index.path.parent_path() / link.target;
        linked.insert(fs::relative(target, BEARERGATE_SOURCE_DIR).generic_string());
    }
    for (const std::string& name : names) {
        EXPECT_TRUE(linked.contains(name)) << "docs/README.md does not list " << name;
    }
}

}  // namespace
}  // namespace bearergate::test
