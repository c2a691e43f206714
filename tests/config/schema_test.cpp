// config/bearergate.schema.json says what the loader does: the two cannot drift apart.
#include <bearergate/core/refusal.hpp>

#include "config/config_support.hpp"
#include "config/full_file.hpp"
#include "config/schema_places.hpp"
#include "config/settings.hpp"
#include "support/files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace bearergate::config {
namespace {

using Json = nlohmann::ordered_json;
using test::SchemaPlace;

const test::JsonSchema& schema() {
    static const test::JsonSchema schema(
        Json::parse(test::read_file(BEARERGATE_SOURCE_DIR "/config/bearergate.schema.json")));
    return schema;
}

// JSON is YAML; a line for each value keeps the columns small.
LoadResult load(const Json& document) {
    return test::load(document.dump(1), {{"PROBE", "probe"}});
}

AskedKeys keys_of_loader() {
    AskedKeys asked;
    const Surroundings surroundings{.folder = "/etc/gate", .asked = &asked};
    const auto result = config::load(test::full_file, "gate.yaml", surroundings);
    EXPECT_TRUE(result.loaded) << test::report(result);
    return asked;
}

// A condition on a claim is read in one place, wherever it stands.
std::string loaders_name(const std::string& block) {
    return block == "defaults.claims.*" ? "routes.*.claims.*" : block;
}

AskedKeys keys_of_schema() {
    AskedKeys keys;
    for (const SchemaPlace& place : test::schema_places(schema())) {
        if (place.key != "*") keys[loaders_name(place.block)].insert(place.key);
    }
    return keys;
}

TEST(Schema, KnowsExactlyTheKeysThatTheLoaderKnows) {
    EXPECT_EQ(keys_of_schema(), keys_of_loader());
}

void expect_closed(const Json& at, const std::string& path) {
    if (!at.is_object()) {
        for (std::size_t i = 0; at.is_array() && i < at.size(); ++i) {
            expect_closed(at[i], path + "/" + std::to_string(i));
        }
        return;
    }
    const bool is_condition = path.ends_with("/if") || path.ends_with("/then") ||
                              path.find("/dependentSchemas/") != std::string::npos;
    if (at.contains("properties") && at.at("properties").is_object() && !is_condition) {
        EXPECT_TRUE(at.contains("additionalProperties")) << path;
        for (const auto& [key, child] : at.at("properties").items()) {
            const bool is_reference = child.is_object() && child.contains("$ref");
            EXPECT_TRUE(is_reference || child.contains("description")) << path << "/" << key;
        }
    }
    for (const auto& [key, child] : at.items()) {
        if (key != "examples" && key != "default") expect_closed(child, path + "/" + key);
    }
}

TEST(Schema, LeavesNoBlockOpenAndExplainsEveryKey) {
    expect_closed(schema().root(), "");
}

// Editors compile patterns as ECMAScript with the flag `u`, which refuses needless escapes.
void expect_portable_patterns(const Json& at) {
    for (const auto& [key, child] : at.items()) {
        if (child.is_structured()) expect_portable_patterns(child);
        if (key != "pattern" || !child.is_string()) continue;
        const auto pattern = child.get<std::string>();
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            if (pattern[i] != '\\') continue;
            ++i;
            EXPECT_TRUE(std::string_view("^$\\.*+?()[]{}|/u").contains(pattern.at(i))) << pattern;
        }
    }
}

TEST(Schema, ItsPatternsMeanTheSameToEveryEditor) {
    expect_portable_patterns(schema().root());
}

TEST(Schema, EveryValueThatItNamesIsGoodInItsPlace) {
    std::size_t values = 0;
    for (const SchemaPlace& place : test::schema_places(schema())) {
        for (const Json& value : test::values_of(schema(), place)) {
            SCOPED_TRACE(place.block + "." + place.key + ": " + value.dump());
            const Json document = test::document_with(place, value);
            const LoadResult result = load(document);
            EXPECT_TRUE(result.loaded) << test::report(result);
            EXPECT_EQ(schema().errors(document), std::vector<std::string>{});
            ++values;
        }
    }
    EXPECT_GT(values, 200U);
}

TEST(Schema, EveryKeyShowsAValueOrHoldsABlock) {
    for (const SchemaPlace& place : test::schema_places(schema())) {
        if (place.key == "*" || !test::values_of(schema(), place).empty()) continue;
        const Json& here = schema().resolved(*place.schema);
        const bool holds_more = here.contains("properties") || here.contains("items") ||
                                here.contains("additionalProperties");
        EXPECT_TRUE(holds_more) << place.block << "." << place.key;
    }
}

const Json* default_of(const Json& here) {
    if (here.contains("default")) return &here.at("default");
    const Json& next = schema().referred(here);
    return &next == &here ? nullptr : default_of(next);
}

TEST(Schema, EveryDefaultIsWhatTheLoaderTakesWithoutTheKey) {
    std::size_t defaults = 0;
    for (const SchemaPlace& place : test::schema_places(schema())) {
        const Json* const value = default_of(*place.schema);
        if (value == nullptr) continue;
        SCOPED_TRACE(place.block + "." + place.key);
        const LoadResult with = load(test::document_with(place, *value));
        const LoadResult without = load(test::document_without(place));
        ASSERT_TRUE(with.loaded && without.loaded) << test::report(with) << test::report(without);
        EXPECT_EQ(test::settings_of(*with.loaded), test::settings_of(*without.loaded));
        const auto values = test::values_of(schema(), place);
        EXPECT_TRUE(std::any_of(values.begin(), values.end(), [&](const Json& other) {
            const LoadResult changed = load(test::document_with(place, other));
            return changed.loaded &&
                   test::settings_of(*changed.loaded) != test::settings_of(*without.loaded);
        })) << "no value of the schema's makes a difference";
        ++defaults;
    }
    EXPECT_GT(defaults, 40U);
}

// The words of an enum, in whatever branch of a place it stands.
std::set<std::string> words_of(const Json& here) {
    std::set<std::string> words;
    for (const Json& word : here.value("enum", Json::array())) words.insert(word);
    for (const char* const keyword : {"anyOf", "oneOf"}) {
        for (const Json& one : here.value(keyword, Json::array())) words.merge(words_of(one));
    }
    if (here.contains("items")) words.merge(words_of(here.at("items")));
    const Json& next = schema().referred(here);
    if (&next != &here) words.merge(words_of(next));
    return words;
}

// The words that an error says would have been right: "must be one of: a, b; it is 'x'".
std::set<std::string> words_in(const std::string& message) {
    std::set<std::string> words;
    for (const std::string_view lead : {"one of: ", "known are: "}) {
        const std::size_t begin = message.find(lead);
        if (begin == std::string::npos) continue;
        const std::size_t end = std::min(message.find(';', begin), message.size());
        std::istringstream list(message.substr(begin + lead.size(), end - begin - lead.size()));
        for (std::string word; std::getline(list >> std::ws, word, ',');) words.insert(word);
    }
    return words;
}

TEST(Schema, EveryListOfWordsIsTheLoaders) {
    std::size_t lists = 0;
    for (const SchemaPlace& place : test::schema_places(schema())) {
        const auto words = words_of(*place.schema);
        if (words.empty()) continue;
        SCOPED_TRACE(place.block + "." + place.key);
        const Json wrong = "zzzzzzzz";  // near to no word
        const bool is_list = schema().resolved(*place.schema).contains("items");
        const LoadResult result =
            load(test::document_with(place, is_list ? Json::array({wrong}) : wrong));
        ASSERT_EQ(result.errors.size(), 1U) << test::report(result);
        EXPECT_EQ(words, words_in(result.errors.front().message));
        ++lists;
    }
    EXPECT_GE(lists, 15U);
}

// The part of a place that has bounds; null when there is none.
const Json* bounded(const Json& here) {
    if (here.contains("minimum")) return &here;
    if (!here.contains("oneOf")) return nullptr;
    for (const Json& one : here.at("oneOf")) {
        if (const Json* const found = bounded(one)) return found;
    }
    return nullptr;
}

TEST(Schema, EveryBoundOfANumberIsTheLoaders) {
    std::size_t numbers = 0;
    for (const SchemaPlace& place : test::schema_places(schema())) {
        const Json* const number = bounded(schema().resolved(*place.schema));
        if (number == nullptr) continue;
        SCOPED_TRACE(place.block + "." + place.key);
        const auto least = number->at("minimum").get<long>();
        const auto most = number->at("maximum").get<long>();
        EXPECT_TRUE(load(test::document_with(place, least)).loaded);
        EXPECT_TRUE(load(test::document_with(place, most)).loaded);
        EXPECT_FALSE(load(test::document_with(place, least - 1)).loaded);
        EXPECT_FALSE(load(test::document_with(place, most + 1)).loaded);
        ++numbers;
    }
    EXPECT_GE(numbers, 6U);
}

TEST(Schema, NamesEveryReasonThatACaseCanComeTo) {
    const auto places = test::schema_places(schema());
    const auto place = std::find_if(places.begin(), places.end(), [](const SchemaPlace& one) {
        return one.block == "tests[].expect" && one.key == "reason";
    });
    ASSERT_NE(place, places.end());
    std::vector<Json> reasons;
    for (std::size_t i = 0; i < core::reason_count; ++i) {
        const std::string reason(core::name_of(static_cast<core::Reason>(i)));
        const std::string file =
            "routes: { /a: deny }\n"
            "tests: [{ name: c, request: GET /a, expect: { reason: " +
            reason + " } }]\n";
        if (test::load(file).loaded) reasons.emplace_back(reason);
    }
    EXPECT_GT(reasons.size(), 30U);
    EXPECT_EQ(test::values_of(schema(), *place), reasons);
}

TEST(Schema, TheReferenceNamesEveryKey) {
    const std::string reference = test::read_file(BEARERGATE_SOURCE_DIR "/docs/configuration.md");
    for (const SchemaPlace& place : test::schema_places(schema())) {
        if (place.key == "*" || place.block.starts_with("tests")) continue;
        const bool is_named = reference.contains("`" + place.key + "`") ||
                              reference.contains("." + place.key + "`") ||
                              reference.contains(place.key + ":");
        EXPECT_TRUE(is_named) << place.block << "." << place.key;
    }
}

// Every text, number and word that stands anywhere in the schema, and some that stand nowhere.
std::vector<Json> many_values(const std::vector<SchemaPlace>& places) {
    std::vector<Json> values{nullptr,
                             "",
                             " x",
                             "x ",
                             "two words",
                             "a/b",
                             "~",
                             -1,
                             0,
                             1,
                             1.5,
                             1'000'000'000,
                             true,
                             "none",
                             "off",
                             "5",
                             "0s",
                             "0B",
                             "1h",
                             "1GiB",
                             "${PROBE}",
                             "$$",
                             "1.5s",
                             "/a~2b",
                             "http://h",
                             "{x}",
                             "ftp://h/",
                             "10 s",
                             "any",
                             Json::array(),
                             {{"x", "y"}},
                             {1},
                             {""},
                             "a\nb",
                             "sp ace:1",
                             "::1:80",
                             "/probe?x",
                             "[::1]",
                             "/x/",
                             "Post",
                             "https://u@h.de",
                             "localhost:1"};
    for (const SchemaPlace& place : places) {
        if (place.key == "reason") continue;  // many, and all of one kind
        for (Json& value : test::values_of(schema(), place)) {
            if (value.is_primitive()) values.push_back(std::move(value));
        }
    }
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

TEST(Schema, NeverFindsFaultWithWhatTheLoaderTakes) {
    const auto places = test::schema_places(schema());
    const auto values = many_values(places);
    std::size_t refused = 0;
    for (const SchemaPlace& place : places) {
        for (const Json& value : values) {
            if (schema().accepts(*place.schema, value)) continue;
            EXPECT_FALSE(load(test::document_with(place, value)).loaded)
                << place.block << "." << place.key << ": " << value.dump();
            ++refused;
        }
    }
    EXPECT_GT(refused, 5'000U);
}

TEST(Schema, FindsFaultWithWhatAnEditorShouldMark) {
    const char* const wrong[] = {
        R"({"server": {"listens": "0.0.0.0:80"}})",
        R"({"server": {"workers": 0}})",
        R"({"server": {"workers": "4"}})",
        R"({"server": {"cache": 1.5}})",
        R"({"server": {"timeouts": {"idle": 60}}})",
        R"({"server": {"timeouts": {"idle": "60"}}})",
        R"({"server": {"timeouts": {"idle": "0s"}}})",
        R"({"server": {"limits": {"header_bytes": "16kb"}}})",
        R"({"server": {"tls": {"certificate": "a"}}})",
        R"({"server": {"tls": {"certificate": "a", "private_key": "b", "min_version": "1.1"}}})",
        R"({"admin": {"page": true}})",
        R"({"issuers": {}})",
        R"({"issuers": {"a": {}}})",
        R"({"issuers": {"a b": {"issuer": "https://a.example"}}})",
        R"({"issuers": {"a": {"issuer": "a", "jwks_uri": "https://a/k", "jwks_file": "k"}}})",
        R"({"issuers": {"a": {"issuer": "a", "algorithms": ["HS256"]}}})",
        R"({"issuers": {"a": {"issuer": "a", "algorithms": ["none"]}}})",
        R"({"upstream": "127.0.0.1:3000"})",
        R"({"upstream": "http://127.0.0.1:3000/path"})",
        R"({"upstreams": {"a": {"url": "http://a", "tls": {"certificate": "c"}}}})",
        R"({"cors": true})",
        R"({"cors": {"methods": ["GET"]}})",
        R"({"cors": {"origins": ["https://a.example/"]}})",
        R"({"defaults": {"access": "public"}})",
        R"({"routes": {}})",
        R"({"routes": {"items": "public"}})",
        R"({"routes": {"get /items": "public"}})",
        R"({"routes": {"/items": "open"}})",
        R"({"routes": {"/items": {"scope": ["a"]}}})",
        R"({"routes": {"/items": {"scopes": "a"}}})",
        R"({"routes": {"/items": {"any_scope": []}}})",
        R"({"routes": {"/items": {"access": "public", "scopes": ["a"]}}})",
        R"({"routes": {"/items": {"claims": {"a": ["x"]}}}})",
        R"({"routes": {"/items": {"claims": {"a": {"any": ["x"], "contains": "y"}}}}})",
        R"({"tests": [{"name": "a", "request": "/items", "expect": "allow"}]})",
        R"({"tests": [{"name": "a", "request": "GET /items", "expect": "deny"}]})",
        R"({"tests": [{"name": "a", "request": "GET /items", "expect": {}}]})",
        R"({"tests": [{"name": "a", "request": "GET /items"}]})",
    };
    for (const char* const text : wrong) {
        Json document = test::document_without({.block = "", .key = "nothing"});
        document.update(Json::parse(text));
        SCOPED_TRACE(text);
        EXPECT_NE(schema().errors(document), std::vector<std::string>{});
        EXPECT_FALSE(load(document).loaded);
    }
    EXPECT_NE(schema().errors(Json::object()), std::vector<std::string>{});
}

TEST(Schema, AnEditorIsToldOfTestFilesByTheSameWords) {
    const Json tests =
        Json::parse(test::read_file(BEARERGATE_SOURCE_DIR "/config/tests.schema.json"));
    EXPECT_EQ(tests["properties"]["tests"]["$ref"], "bearergate.schema.json#/$defs/tests");
    EXPECT_EQ(tests["required"], Json::array({"tests"}));
    EXPECT_EQ(tests["additionalProperties"], false);
    EXPECT_TRUE(schema().root()["$defs"].contains("tests"));
}

}  // namespace
}  // namespace bearergate::config
