#include "config/json_schema.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

namespace bearergate::test {
namespace {

bool is_of_type(const nlohmann::ordered_json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    throw std::runtime_error("unknown type " + type);
}

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

const nlohmann::ordered_json& JsonSchema::referred(const nlohmann::ordered_json& schema) const {
    // Part of the document. NOLINTNEXTLINE(bugprone-return-const-ref-from-parameter)
    if (!schema.is_object() || !schema.contains("$ref")) return schema;
    const auto reference = schema["$ref"].get<std::string>();
    if (!reference.starts_with('#')) throw std::runtime_error("a reference to another document");
    return document_.at(nlohmann::ordered_json::json_pointer(reference.substr(1)));
}

const nlohmann::ordered_json& JsonSchema::resolved(const nlohmann::ordered_json& schema) const {
    const Json& next = referred(schema);
    return &next == &schema ? schema : resolved(next);
}

std::vector<std::string> JsonSchema::errors(const nlohmann::ordered_json& value) const {
    Errors errors;
    check(document_, value, "", errors);
    return errors;
}

bool JsonSchema::accepts(const nlohmann::ordered_json& part,
                         const nlohmann::ordered_json& value) const {
    Errors errors;
    check(part, value, "", errors);
    return errors.empty();
}

bool JsonSchema::matches(const std::string& pattern, const std::string& text) const {
    const auto [found, is_new] = patterns_.try_emplace(pattern);
    if (is_new) found->second = std::regex(pattern, std::regex::ECMAScript);
    return std::regex_search(text, found->second);
}

std::size_t JsonSchema::matching(const Json& schemas, const Json& value) const {
    return static_cast<std::size_t>(
        std::count_if(schemas.begin(), schemas.end(),
                      [&](const Json& schema) { return accepts(schema, value); }));
}

void JsonSchema::check(const Json& schema, const Json& value, const std::string& at,
                       Errors& errors) const {
    if (schema.is_boolean()) {
        if (!schema.get<bool>()) errors.push_back(at + " may not be there");
        return;
    }
    if (value.is_object()) check_object(schema, value, at, errors);
    for (const auto& [keyword, unused] : schema.items()) {
        check_keyword(keyword, schema, value, at, errors);
    }
}

void JsonSchema::check_keyword(const std::string& keyword, const Json& schema, const Json& value,
                               const std::string& at, Errors& errors) const {
    const Json& wanted = schema.at(keyword);
    const bool is_annotation = is_one_of(
        keyword, {"$schema", "$defs", "title", "description", "default", "examples", "then"});
    const bool is_about_objects =
        is_one_of(keyword, {"properties", "additionalProperties", "propertyNames", "required",
                            "dependentRequired", "dependentSchemas"});
    if (is_annotation || is_about_objects) return;
    if (keyword == "$ref") return check(referred(schema), value, at, errors);
    if (keyword == "anyOf") {
        if (matching(wanted, value) == 0) errors.push_back(at + " is none of anyOf");
    } else if (keyword == "oneOf") {
        if (matching(wanted, value) != 1) errors.push_back(at + " is not one of oneOf");
    } else if (keyword == "not") {
        if (accepts(wanted, value)) errors.push_back(at + " is forbidden");
    } else if (keyword == "if") {
        if (accepts(wanted, value)) check(schema.at("then"), value, at, errors);
    } else if (keyword == "items") {
        for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
            check(wanted, value[i], at + "/" + std::to_string(i), errors);
        }
    } else {
        check_scalar(keyword, wanted, value, at, errors);
    }
}

void JsonSchema::check_scalar(const std::string& keyword, const Json& wanted, const Json& value,
                              const std::string& at, Errors& errors) const {
    const auto fail_unless = [&](bool good) {
        if (!good) errors.push_back(at + " breaks " + keyword + " " + wanted.dump());
    };
    const bool is_bounded = value.is_array() || value.is_object();
    if (keyword == "type") {
        const Json types = wanted.is_array() ? wanted : Json::array({wanted});
        fail_unless(std::any_of(types.begin(), types.end(), [&](const Json& type) {
            return is_of_type(value, type.get<std::string>());
        }));
    } else if (keyword == "const") {
        fail_unless(value == wanted);
    } else if (keyword == "enum") {
        fail_unless(std::find(wanted.begin(), wanted.end(), value) != wanted.end());
    } else if (keyword == "pattern") {
        fail_unless(!value.is_string() ||
                    matches(wanted.get<std::string>(), value.get<std::string>()));
    } else if (keyword == "minimum") {
        fail_unless(!value.is_number() || value.get<double>() >= wanted.get<double>());
    } else if (keyword == "maximum") {
        fail_unless(!value.is_number() || value.get<double>() <= wanted.get<double>());
    } else if (keyword == "minItems" || keyword == "minProperties") {
        fail_unless(!is_bounded || value.size() >= wanted.get<std::size_t>());
    } else if (keyword == "maxProperties") {
        fail_unless(!value.is_object() || value.size() <= wanted.get<std::size_t>());
    } else {
        throw std::runtime_error("a keyword that nobody checks: " + keyword);
    }
}

void JsonSchema::check_object(const Json& schema, const Json& value, const std::string& at,
                              Errors& errors) const {
    const Json none = Json::object();
    const Json& properties = schema.contains("properties") ? schema.at("properties") : none;
    for (const auto& [key, child] : value.items()) {
        if (schema.contains("propertyNames")) {
            check(schema.at("propertyNames"), key, at + "/" + key, errors);
        }
        if (properties.contains(key)) {
            check(properties.at(key), child, at + "/" + key, errors);
        } else if (schema.contains("additionalProperties")) {
            check(schema.at("additionalProperties"), child, at + "/" + key, errors);
        }
    }
    for (const Json& key : schema.value("required", Json::array())) {
        if (!value.contains(key)) errors.push_back(at + " lacks " + key.get<std::string>());
    }
    const Json required = schema.value("dependentRequired", none);
    for (const auto& [key, others] : required.items()) {
        for (const Json& other : others) {
            if (value.contains(key) && !value.contains(other)) errors.push_back(at + "/" + key);
        }
    }
    const Json schemas = schema.value("dependentSchemas", none);
    for (const auto& [key, other] : schemas.items()) {
        if (value.contains(key)) check(other, value, at, errors);
    }
}

}  // namespace bearergate::test
