#pragma once

// What makes a configuration fit to be shown to people: it loads, and editors find it good too.
#include <bearergate/config/document.hpp>

#include "config/config_support.hpp"
#include "config/json_schema.hpp"
#include "support/files.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace bearergate::test {

// A YAML document as an editor hands it to a JSON Schema: the core schema of YAML 1.2.
inline nlohmann::ordered_json json_of(const config::Node& node) {
    using Json = nlohmann::ordered_json;
    using config::Node;
    using config::PlainKind;
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
    const PlainKind kind = node.quoted ? PlainKind::text : config::plain_kind(node.text);
    const bool is_literal = kind == PlainKind::number || kind == PlainKind::boolean;
    return is_literal ? Json::parse(node.text) : Json(node.text);
}

inline nlohmann::ordered_json parse_yaml(const std::string& text) {
    config::Diagnostics diagnostics(text);
    const auto root = config::parse_document(text, diagnostics);
    if (!root || diagnostics.has_errors()) throw std::runtime_error("no YAML: " + text);
    return json_of(*root);
}

inline void expect_satisfies(const std::string& text, const std::string& schema_file) {
    const JsonSchema schema(nlohmann::ordered_json::parse(read_file(schema_file)));
    EXPECT_EQ(schema.errors(parse_yaml(text)), std::vector<std::string>{});
}

inline void expect_good(const std::string& text) {
    const config::LoadResult result = load(text, {{"LOGTO_ENDPOINT", "https://acme.logto.app"}});
    EXPECT_TRUE(result.loaded) << report(result);
    expect_satisfies(text, BEARERGATE_SOURCE_DIR "/config/bearergate.schema.json");
}

}  // namespace bearergate::test
