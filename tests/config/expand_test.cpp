#include <bearergate/config/document.hpp>

#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace bearergate::config {
namespace {

using Variables = std::map<std::string, std::string>;

struct Expanded {
    Node root{};
    std::vector<std::string> errors{};
    Variables as_written{};
};
Expanded expanded(std::string_view text, const Variables& variables = {}) {
    Diagnostics diagnostics(text);
    Expanded result{.root = parse_document(text, diagnostics).value()};
    const auto look_up = [&](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    expand(result.root, look_up, diagnostics, result.as_written);
    for (const Diagnostic& one : diagnostics.errors()) {
        result.errors.push_back(fmt::format("{}:{}: {}", one.line, one.column, one.message));
    }
    return result;
}

TEST(Expand, VariablesStandAnywhereInAValue) {
    const Variables variables = {{"A", "one"}, {"B_2", "two"}, {"EMPTY", ""}};
    const struct {
        const char* written;
        const char* becomes;
    } cases[] = {
        {"${A}", "one"}, {"x${A}y", "xoney"}, {"${A}${B_2}", "onetwo"}, {"${EMPTY}", ""},
        {"$$", "$"},     {"$${A}", "${A}"},   {"$$$${A}", "$${A}"},     {"$$${A}", "$one"},
        {"$A", "$A"},    {"a$", "a$"},        {"$ {A}", "$ {A}"},       {"costs $5", "costs $5"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.written);
        const Expanded result = expanded(fmt::format("k: \"{}\"\n", c.written), variables);
        EXPECT_TRUE(result.errors.empty());
        const Node* value = result.root.find("k");
        EXPECT_EQ(value->value(), c.becomes);
        EXPECT_EQ(value->text, c.written);
    }
}

TEST(Expand, HappensOnceAfterParsing) {
    const Variables variables = {{"A", "${B}"}, {"B", "never"}, {"YAML", "x\nk2: [1, {y: 2}] # z"}};
    const Expanded result = expanded("a: ${A}\ny: ${YAML}\n", variables);
    EXPECT_TRUE(result.errors.empty());
    EXPECT_EQ(result.root.find("a")->value(), "${B}");
    EXPECT_EQ(result.root.find("y")->value(), "x\nk2: [1, {y: 2}] # z");
    EXPECT_EQ(result.root.children.size(), 2U);
}

TEST(Expand, KeysAreLeftAlone) {
    const Expanded result = expanded("\"${A}\": 1\n", {{"A", "x"}});
    EXPECT_TRUE(result.errors.empty());
    EXPECT_EQ(result.root.children.front().key, "${A}");
}

TEST(Expand, EveryDepthOfTheFile) {
    const Expanded result = expanded("a: [ { b: \"${A}\" } ]\n", {{"A", "deep"}});
    EXPECT_EQ(result.root.find("a")->children[0].find("b")->value(), "deep");
}

TEST(Expand, WhatCannotBeReplaced) {
    const struct {
        const char* text;
        const char* error;
    } cases[] = {
        {"k: ${UNSET}\n", "1:4: the environment variable 'UNSET' is not set"},
        {"k: ${}\n", "1:4: '${}': a variable is written ${NAME}"},
        {"k: ${A\n", "1:4: '${A': a variable is written ${NAME}"},
        {"k: ${1A}\n", "1:4: '${1A}': a variable is written ${NAME}"},
        {"k: ${A-x}\n", "1:4: '${A-x}': a variable is written ${NAME}"},
        {"k: ${A:-default}\n", "1:4: '${A:-default}': a variable is written ${NAME}"},
        {"k: x${ A }\n", "1:4: 'x${ A }': a variable is written ${NAME}"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const Expanded result = expanded(c.text, {{"A", "hidden"}});
        ASSERT_EQ(result.errors.size(), 1U);
        EXPECT_TRUE(result.errors.front().starts_with(c.error)) << result.errors.front();
        EXPECT_EQ(result.root.find("k")->kind, Node::Kind::broken);
    }
}

TEST(Expand, ValuesAreBoundedAltogether) {
    const std::string half(DocumentLimits::expanded_bytes / 2, 'x');
    EXPECT_TRUE(expanded("a: ${A}\nb: ${A}\n", {{"A", half}}).errors.empty());
    const Expanded more = expanded("a: ${A}\nb: ${A}\nc: ${B}\n", {{"A", half}, {"B", "y"}});
    ASSERT_EQ(more.errors.size(), 1U);
    EXPECT_TRUE(more.errors.front().starts_with("3:4: the values of the environment variables"));
}

TEST(Expand, WhatStoodInTheFileIsKeptForPeople) {
    const Expanded result = expanded("a: x${A}\nb: $$\nc: plain\n", {{"A", "secret"}});
    EXPECT_EQ(result.as_written, (Variables{{"xsecret", "x${A}"}}));
}

// Whatever is wrong with a value, no message shows it.
TEST(Expand, NoMessageEverShowsAValue) {
    const Variables environment = {{"SECRET", "hunter2 {x"}};
    const char* const files[] = {
        "server: { listen: \"${SECRET}\" }\n",
        "server: { workers: \"${SECRET}\" }\n",
        "server: { limits: { header_bytes: \"${SECRET}\" } }\n",
        "server: { timeouts: { idle: \"${SECRET}\" } }\n",
        "server: { timeouts: { tunnel_at_expiry: \"${SECRET}\" } }\n",
        "server: { trusted_proxies: [\"${SECRET}\"] }\n",
        "admin: { hosts: [\"${SECRET}\"] }\n",
        "admin: { page: \"${SECRET}\" }\n",
        "issuers: { i: { issuer: x, jwks_uri: \"${SECRET}\" } }\n",
        "issuers: { i: { issuer: x, discovery: \"http://${SECRET}\" } }\n",
        "issuers: { i: { issuer: x, jwks_uri: https://a.example, algorithms: [\"${SECRET}\"] } }\n",
        "issuers: { i: { issuer: x, jwks_uri: https://a.example, token_type: \"${SECRET}\" } }\n",
        "upstreams: { u: { url: \"${SECRET}\" } }\n",
        "upstreams: { u: { url: http://127.0.0.1:1, host: \"${SECRET}\" } }\n",
        "upstreams: { u: { url: http://127.0.0.1:1, tls: { server_name: \"${SECRET}\" } } }\n",
        "identity: { forward_token: \"${SECRET}\" }\n",
        "identity: { headers: { X-A: \"/~${SECRET}\" } }\n",
        "cors: { origins: [\"${SECRET}\"] }\n",
        "cors: { origins: [\"*\"], methods: [\"${SECRET}\"] }\n",
        "paths: { semicolon: \"${SECRET}\" }\n",
        "logging: { level: \"${SECRET}\" }\n",
        "defaults: { upstream: \"${SECRET}\" }\n",
        "defaults: { issuer: \"${SECRET}\" }\n",
        "defaults: { strip_prefix: \"${SECRET}\" }\n",
        "defaults: { organization: \"{${SECRET}\" }\n",
        "defaults: { organization: \"header:${SECRET}\" }\n",
        "defaults: { token: \"${SECRET}\" }\n",
        "tests: [ { name: n, request: \"${SECRET}\", expect: allow } ]\n",
        "tests: [ { name: n, request: GET /a, expect: \"${SECRET}\" } ]\n",
    };
    for (const char* block : files) {
        SCOPED_TRACE(block);
        const auto result = test::load(std::string(block) + "routes: { /a: deny }\n", environment);
        EXPECT_FALSE(result.errors.empty());
        const std::string report = test::report(result);
        EXPECT_FALSE(report.contains("hunter2")) << report;
        EXPECT_TRUE(report.contains("${SECRET}")) << report;
    }
}

}  // namespace
}  // namespace bearergate::config
