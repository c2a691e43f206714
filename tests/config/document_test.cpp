// What a YAML text may not be: anything that two readers of it could understand in two ways, and
// anything that grows beyond its own size.
#include <bearergate/config/document.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace bearergate::config {
namespace {

struct Parsed {
    std::optional<Node> root{};
    std::vector<std::string> errors{};  // "LINE:COLUMN: MESSAGE"
};
Parsed parse(std::string_view text) {
    Diagnostics diagnostics(text);
    Parsed parsed{.root = parse_document(text, diagnostics)};
    for (const Diagnostic& one : diagnostics.errors()) {
        parsed.errors.push_back(fmt::format("{}:{}: {}", one.line, one.column, one.message));
    }
    return parsed;
}

struct Wrong {
    const char* text;
    const char* place;
    const char* message;
};
void expect_one_error(std::initializer_list<Wrong> cases) {
    for (const Wrong& c : cases) {
        SCOPED_TRACE(c.text);
        const Parsed parsed = parse(c.text);
        EXPECT_EQ(parsed.errors.size(), 1U);
        if (parsed.errors.empty()) continue;
        EXPECT_TRUE(parsed.errors.front().starts_with(std::string(c.place) + ": "))
            << parsed.errors.front();
        EXPECT_TRUE(parsed.errors.front().contains(c.message)) << parsed.errors.front();
    }
}

std::string repeated(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

TEST(Document, KeepsEveryValueWithItsPlaceAndKey) {
    const Parsed parsed = parse(
        "a: text\n"
        "list:\n"
        "  - 1\n"
        "  - { in: \"quoted\", 'k': x }\n"
        "none:\n"
        "x: ~\n");
    EXPECT_TRUE(parsed.errors.empty());
    ASSERT_TRUE(parsed.root);
    const Node& root = *parsed.root;
    EXPECT_EQ(root.kind, Node::Kind::map);
    ASSERT_EQ(root.children.size(), 4U);
    const Node& a = root.children[0];
    EXPECT_EQ(a.key, "a");
    EXPECT_EQ(a.key_place, (Place{1, 1}));
    EXPECT_EQ(a.text, "text");
    EXPECT_EQ(a.place, (Place{1, 4}));
    EXPECT_FALSE(a.quoted);
    const Node* list = root.find("list");
    ASSERT_NE(list, nullptr);
    EXPECT_FALSE(list->flow);
    ASSERT_EQ(list->children.size(), 2U);
    EXPECT_EQ(list->children[0].place, (Place{3, 5}));
    const Node& map = list->children[1];
    EXPECT_TRUE(map.flow);
    EXPECT_TRUE(map.children[0].quoted);
    EXPECT_EQ(map.children[0].text, "quoted");
    EXPECT_TRUE(map.children[1].key_quoted);
    const Node* none = root.find("none");
    EXPECT_EQ(none->kind, Node::Kind::null);
    EXPECT_EQ(none->place, none->key_place);  // not where the next thing begins
    EXPECT_EQ(none->text, "");
    EXPECT_EQ(root.find("x")->text, "null");
    EXPECT_EQ(root.find("absent"), nullptr);
}

TEST(Document, NullsThatAreWrittenDifferFromNothing) {
    for (const char* text : {"a: null\n", "a: Null\n", "a: NULL # c\n", "a: ~\n", "a: [~]\n",
                             "a: {b: null}\n", "a: [null, x]\n"}) {
        SCOPED_TRACE(text);
        const Parsed parsed = parse(text);
        ASSERT_TRUE(parsed.root);
        const Node& a = parsed.root->children.front();
        EXPECT_EQ((a.children.empty() ? a : a.children.front()).text, "null");
    }
    for (const char* text : {"a:\n", "a: # null\n", "a:   \n"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(parse(text).root->children.front().text, "");
    }
}

TEST(Document, DuplicateKeysAtEveryLevel) {
    expect_one_error({
        {"a: 1\nb: 2\na: 3\n", "3:1", "'a' stands here twice, first in line 1"},
        {"x:\n  a: 1\n  \"a\": 2\n", "3:3", "'a' stands here twice, first in line 2"},
        {"x: [ { a: 1, a: 1 } ]\n", "1:14", "'a' stands here twice"},
        {"x: { y: { z: 1, 'z': 2 } }\n", "1:17", "'z' stands here twice"},
        {"? a\n: 1\n? a\n: 2\n", "3:3", "'a' stands here twice"},
    });
    EXPECT_EQ(parse("a: 1\na: 2\nb: { c: 1, c: 2 }\na: 3\n").errors.size(), 3U);
    EXPECT_TRUE(parse("a: { b: 1 }\nc: { b: 1 }\nA: 1\n").errors.empty());
}

TEST(Document, WhatStandsForSomethingElsewhere) {
    expect_one_error({
        {"a: &x 1\n", "1:4", "anchors ('&x') are not supported"},
        {"a: &x [1]\n", "1:4", "anchors"},
        {"<<: { a: 1 }\n", "1:1", "merge keys (<<) are not supported"},
        {"x:\n  <<: { a: 1 }\n", "2:3", "merge keys"},
    });
    const Parsed alias = parse("a: &x 1\nb: *x\n");
    ASSERT_EQ(alias.errors.size(), 2U);
    EXPECT_TRUE(alias.errors[1].starts_with("2:4: aliases (*name) are not supported"));
    EXPECT_EQ(alias.root->find("b")->kind, Node::Kind::broken);
    const Parsed merge = parse("a: &x { k: 1 }\nb: { <<: *x }\n");
    EXPECT_EQ(merge.errors.size(), 3U);
    EXPECT_TRUE(merge.root->find("b")->children.empty());
    EXPECT_TRUE(parse("\"<<\": 1\n").errors.empty());
}

TEST(Document, TagsOtherThanTheCoreOnes) {
    expect_one_error({
        {"a: !env X\n", "1:4", "the YAML tag '!env' is not supported"},
        {"a: !!binary aGk=\n", "1:4", "is not supported"},
        {"a: !!set { x }\n", "1:4", "is not supported"},
        {"a: !<tag:evil,2020:x> 1\n", "1:4", "is not supported"},
        {"a: !!map [1]\n", "1:4", "is not supported"},
    });
    EXPECT_TRUE(parse("a: !!str 1\nb: !!seq [1]\nc: !!map { x: 1 }\nd: ! x\n").errors.empty());
    EXPECT_TRUE(parse("a: !!str 010\n").root->find("a")->quoted);
}

TEST(Document, SeveralDocuments) {
    expect_one_error({
        {"a: 1\n---\nb: 2\n", "2:1", "a second YAML document begins here"},
        {"---\na: 1\n...\n---\nb: 2\n", "4:1", "a second YAML document begins here"},
    });
    EXPECT_TRUE(parse("---\na: 1\n...\n").errors.empty());
    EXPECT_TRUE(parse("%YAML 1.2\n---\na: 1\n").errors.empty());
}

TEST(Document, KeysThatAreNoText) {
    expect_one_error({
        {"{orgId}.acme.example/x: public\n", "1:1", "put it in quotes: \"{orgId}.acme.example/x\""},
        {"? [a, b]\n: 1\n", "1:3", "in quotes: \"[a\""},
        {"? - a\n: 1\n", "1:3", "a key must be text"},
        {"x: { : 1 }\n", "1:6", "a key is missing before this ':'"},
        {"~: 1\n", "1:1", "YAML reads '~' without quotes as nothing; put it in quotes: \"~\""},
        {"x: { null: 1 }\n", "1:6", "YAML reads 'null' without quotes as nothing"},
    });
}

TEST(Document, WhatIsNoYaml) {
    const std::string long_key = "\"" + std::string(1024, 'k') + "\": 1\n";
    expect_one_error({
        {"a: [1\n", "1:6", "a list is still open here: a comma or a closing ']' is missing"},
        {"a: { b: 1\nc: 2\n", "2:2", "a map is still open here: a comma or a closing '}'"},
        {"a: 'x\n", "1:6", "the text ends inside quotes"},
        {"a: \"x\n", "1:6", "the text ends inside quotes"},
        {"a: \"x\nb: 1\n\n", "2:5", "the text ends inside quotes"},
        {"a: 'x", "1:6", "the text ends inside quotes"},
        {"a: \"\\q\"\n", "1:7", "this is not YAML: unknown escape character: q"},
        {"a: b: c\n", "1:5", "a ':' too many"},
        {long_key.c_str(), "1:1027", "a key has at most 1024 bytes"},
        {"a: 1\n  b: 2\n", "2:4", "a ':' too many, or a line indented wrongly"},
        {"a:\n\tb: 1\n", "2:1", "indent with spaces: YAML does not allow tabs"},
        {"a: @x\n", "1:4", "put it in quotes: \"@x\""},
        {"a: `x`\n", "1:4", "put it in quotes: \"`x`\""},
        {"*.acme.example/x: public\n", "1:1", "put it in quotes: \"*.acme.example/x\""},
        {"a: %x\n", "1:4", "put it in quotes: \"%x\""},
        {"a: { b: ${X} }\n", "1:9", "put it in quotes: \"${X}\""},
    });
    for (const Wrong& c : {Wrong{"a: [1\n", "", ""}, Wrong{"a: @x\n", "", ""}}) {
        EXPECT_FALSE(parse(c.text).root);
    }
}

TEST(Document, EveryTextIsUtf8WithoutControlCharacters) {
    expect_one_error({
        {"a: \x80\n", "1:4", "not UTF-8"},
        {"\xff\xfe"
         "a: 1\n",
         "1:1", "not UTF-8"},
        {"a: 1\nb: \xc0\xaf\n", "2:4", "not UTF-8"},
        {"a: \xed\xa0\x80\n", "1:4", "not UTF-8"},
        {"a: \xf4\x90\x80\x80\n", "1:4", "not UTF-8"},
        {"# \xe2\x82\n", "1:3", "not UTF-8"},
        {"a: x\x01\n", "1:5", "control character U+0001"},
        {"a: \x7f\n", "1:4", "control character U+007F"},
        {"a: x\ry\n", "1:5", "control character U+000D"},
        {"a: \x1b[31m\n", "1:4", "control character U+001B"},
        {"\u00fc: \x02\n", "1:4", "control character U+0002"},
    });
    const std::string with_nul("a: x\0y\n", 7);
    EXPECT_EQ(parse(with_nul).errors.at(0), "1:5: control character U+0000: remove it");
    EXPECT_TRUE(parse("a: \u00fc\u20ac\U0001f600\r\nb: 2\r\n").errors.empty());
    EXPECT_EQ(parse("a: 1\r\n").root->find("a")->text, "1");
    EXPECT_EQ(parse("a: \"x\\ty\" \t# tab\n").root->find("a")->text, "x\ty");
}

TEST(Document, DepthIsBounded) {
    const auto nested = [](int depth) {
        return "a: " + repeated("[", static_cast<std::size_t>(depth) - 1) + "1" +
               repeated("]", static_cast<std::size_t>(depth) - 1) + "\n";
    };
    EXPECT_TRUE(parse(nested(DocumentLimits::depth)).errors.empty());
    const Parsed deeper = parse(nested(DocumentLimits::depth + 1));
    ASSERT_EQ(deeper.errors.size(), 1U);
    EXPECT_EQ(deeper.errors[0], "1:35: nested deeper than 32 levels");
    EXPECT_FALSE(deeper.root);
    EXPECT_EQ(parse(nested(1'000)).errors.size(), 1U);
    EXPECT_EQ(parse(repeated("- ", 1'000) + "x\n").errors.size(), 1U);
}

TEST(Document, SizeIsBounded) {
    const std::string comment = "a: 1\n#";
    const std::string largest =
        comment + std::string(DocumentLimits::bytes - comment.size() - 1, 'x') + "\n";
    EXPECT_TRUE(parse(largest).errors.empty());
    const Parsed larger = parse(largest + " ");
    ASSERT_EQ(larger.errors.size(), 1U);
    EXPECT_EQ(larger.errors[0], "0:0: the file has 4194305 bytes; at most 4194304 are read");
    EXPECT_FALSE(larger.root);
}

TEST(Document, ValuesAreCounted) {
    const auto list = [](std::size_t count) { return "[" + repeated("1,", count) + "]"; };
    EXPECT_TRUE(parse(list(DocumentLimits::nodes - 1)).errors.empty());
    const Parsed more = parse(list(DocumentLimits::nodes));
    ASSERT_EQ(more.errors.size(), 1U);
    EXPECT_TRUE(more.errors[0].contains("more than 250000 values in one file"));
    EXPECT_FALSE(more.root);
}

TEST(Document, AnAliasBombIsNoBiggerThanItsText) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        bomb += fmt::format("a{}: &a{} [{}x]\n", i, i, repeated(fmt::format("*a{}, ", i - 1), 9));
    }
    const Parsed parsed = parse(bomb);
    EXPECT_GE(parsed.errors.size(), 90U);
    ASSERT_TRUE(parsed.root);
    for (const Node& one : parsed.root->children) EXPECT_LE(one.children.size(), 10U);
}

TEST(Document, NothingIsNoDocument) {
    for (const char* text : {"", "\n\n", "# only a comment\n", "   \n"}) {
        SCOPED_TRACE(text);
        const Parsed parsed = parse(text);
        EXPECT_TRUE(parsed.errors.empty());
        EXPECT_TRUE(!parsed.root || parsed.root->kind == Node::Kind::null);
    }
}

}  // namespace
}  // namespace bearergate::config
