// Every configuration that people are shown is a good one: the examples, the container's, and the
// YAML of README and docs.
#include <bearergate/config/document.hpp>

#include "config/config_support.hpp"
#include "config/json_schema.hpp"
#include "support/files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

namespace bearergate::config {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

const fs::path source = BEARERGATE_SOURCE_DIR;

// A YAML document as an editor hands it to a JSON Schema: the core schema of YAML 1.2.
Json json_of(const Node& node) {
    if (node.kind == Node::Kind::map) {
        Json object = Json::object();
        for (const Node& child : node.children) object[child.key] = json_of(child);
        return object;
    }
    if (node.kind == Node::Kind::sequence) {
        Json array = Json::array();
        for (const Node& child : node.children) array.push_back(json_of(child));
        return array;
    }
    if (node.kind != Node::Kind::scalar) return nullptr;
    const PlainKind kind = node.quoted ? PlainKind::text : plain_kind(node.text);
    const bool is_literal = kind == PlainKind::number || kind == PlainKind::boolean;
    return is_literal ? Json::parse(node.text) : Json(node.text);
}

Json parse(const std::string& text) {
    Diagnostics diagnostics(text);
    const auto root = parse_document(text, diagnostics);
    if (!root || diagnostics.has_errors()) throw std::runtime_error("no YAML: " + text);
    return json_of(*root);
}

void expect_good(const std::string& text) {
    const LoadResult result = test::load(text, {{"LOGTO_ENDPOINT", "https://acme.logto.app"}});
    EXPECT_TRUE(result.loaded) << test::report(result);
    static const test::JsonSchema schema(
        Json::parse(test::read_file(source / "config/bearergate.schema.json")));
    EXPECT_EQ(schema.errors(parse(text)), std::vector<std::string>{});
}

std::vector<fs::path> files_in(const fs::path& folder, const std::string& extension) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == extension) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<fs::path> examples() {
    auto files = files_in(source / "config", ".yaml");
    for (const char* name : {"bearergate.yaml", "bearergate.logto.yaml"}) {
        files.push_back(source / "docker" / name);
    }
    return files;
}

TEST(Examples, LoadWithoutErrorsOrWarningsAndSatisfyTheSchema) {
    for (const fs::path& path : examples()) {
        SCOPED_TRACE(path.string());
        const std::string text = test::read_file(path);
        expect_good(text);
        const LoadResult result = test::load(text);
        ASSERT_TRUE(result.loaded);
        for (const auto& warning : result.loaded->warnings) ADD_FAILURE() << warning.message;
    }
    EXPECT_GE(examples().size(), 5U);
}

TEST(Examples, BeginWithTheSchemaThatEditorsCheckThemBy) {
    for (const fs::path& path : examples()) {
        SCOPED_TRACE(path.string());
        const std::string text = test::read_file(path);
        const std::string first = text.substr(0, text.find('\n'));
        const std::string marker = "# yaml-language-server: $schema=";
        ASSERT_TRUE(first.starts_with(marker)) << first;
        EXPECT_TRUE(fs::equivalent(path.parent_path() / first.substr(marker.size()),
                                   source / "config/bearergate.schema.json"));
    }
}

// The blocks of a Markdown file between ```yaml and ```.
std::vector<std::string> yaml_blocks(const std::string& text) {
    std::vector<std::string> blocks;
    const std::string fence = "```";
    for (std::size_t at = 0; (at = text.find("\n```yaml\n", at)) != std::string::npos;) {
        at += 9;
        const std::size_t end = text.find("\n" + fence, at);
        blocks.push_back(text.substr(at, end - at + 1));
        at = end;
    }
    return blocks;
}

// A block that shows only a part gets what it lacks. Those about other programs (compose files,
// manifests) have none of the words that ours begin with.
std::optional<std::string> as_configuration(const std::string& block) {
    const auto has = [&](const std::string& key) { return ("\n" + block).contains("\n" + key); };
    const char* const ours[] = {
        "server:",   "admin:", "issuer:", "issuers:", "audience:", "upstream:", "upstreams:",
        "identity:", "cors:",  "paths:",  "logging:", "defaults:", "routes:",   "tests:"};
    if (std::none_of(std::begin(ours), std::end(ours), has)) return std::nullopt;
    std::string text = block;
    if (!has("issuer:") && !has("issuers:")) text += "issuer: https://acme.logto.app/oidc\n";
    if (!has("audience:")) text += "audience: https://api.acme.example\n";
    if (!has("upstream:") && !has("upstreams:")) text += "upstream: http://127.0.0.1:3000\n";
    if (!has("routes:")) text += "routes: { /items: authenticated }\n";
    return text;
}

std::vector<fs::path> pages() {
    auto files = files_in(source / "docs", ".md");
    files.push_back(source / "README.md");
    return files;
}

TEST(Examples, OfReadmeAndDocsLoadAndSatisfyTheSchema) {
    std::size_t blocks = 0;
    for (const fs::path& path : pages()) {
        for (const std::string& block : yaml_blocks(test::read_file(path))) {
            const auto text = as_configuration(block);
            if (!text) continue;
            SCOPED_TRACE(path.string() + ":\n" + block);
            expect_good(*text);
            ++blocks;
        }
    }
    EXPECT_GE(blocks, 10U);
}

// The anchors of a page's headings, as they are made where such pages are shown: lower case, spaces
// as hyphens, of the rest only letters, digits, hyphens and `_`.
std::set<std::string> anchors_of(const std::string& page) {
    std::set<std::string> anchors;
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t begin = line.find_first_not_of('#');
        if (begin == 0 || begin == std::string::npos || line[begin] != ' ') continue;
        std::string anchor;
        for (const char c : lower_case(line.substr(begin + 1))) {
            if (c == ' ') anchor += '-';
            if (c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
                anchor += c;
        }
        anchors.insert(anchor);
    }
    return anchors;
}

TEST(Examples, LinksOfReadmeAndDocsLeadSomewhere) {
    std::size_t links = 0;
    for (const fs::path& path : pages()) {
        const std::string page = test::read_file(path);
        for (std::size_t at = 0; (at = page.find("](", at)) != std::string::npos;) {
            at += 2;
            const std::string link = page.substr(at, page.find(')', at) - at);
            if (link.starts_with("http")) continue;
            SCOPED_TRACE(path.string() + ": " + link);
            const std::size_t hash = std::min(link.find('#'), link.size());
            const fs::path file = hash == 0 ? path : path.parent_path() / link.substr(0, hash);
            ASSERT_TRUE(fs::exists(file));
            if (hash < link.size()) {
                EXPECT_TRUE(anchors_of(test::read_file(file)).contains(link.substr(hash + 1)));
            }
            ++links;
        }
    }
    EXPECT_GT(links, 10U);
}

}  // namespace
}  // namespace bearergate::config
