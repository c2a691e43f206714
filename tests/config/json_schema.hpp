#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <regex>
#include <string>
#include <vector>

namespace bearergate::test {

// As much of JSON Schema (2020-12) as config/bearergate.schema.json uses; a keyword that it does
// not know is an exception, so that nothing of the schema goes unread.
class JsonSchema {
public:
    explicit JsonSchema(nlohmann::ordered_json document) : document_(std::move(document)) {}

    const nlohmann::ordered_json& root() const { return document_; }
    // What a reference refers to, one step further; itself when it is none.
    const nlohmann::ordered_json& referred(const nlohmann::ordered_json& schema) const;
    const nlohmann::ordered_json& resolved(const nlohmann::ordered_json& schema) const;  // all
    // What is wrong with a value, each with its place; empty when it is valid.
    std::vector<std::string> errors(const nlohmann::ordered_json& value) const;
    // Whether a part of the schema takes a value by itself.
    bool accepts(const nlohmann::ordered_json& part, const nlohmann::ordered_json& value) const;

private:
    using Json = nlohmann::ordered_json;
    using Errors = std::vector<std::string>;

    void check(const Json& schema, const Json& value, const std::string& at, Errors& errors) const;
    void check_keyword(const std::string& keyword, const Json& schema, const Json& value,
                       const std::string& at, Errors& errors) const;
    void check_scalar(const std::string& keyword, const Json& wanted, const Json& value,
                      const std::string& at, Errors& errors) const;
    void check_object(const Json& schema, const Json& value, const std::string& at,
                      Errors& errors) const;
    std::size_t matching(const Json& schemas, const Json& value) const;
    bool matches(const std::string& pattern, const std::string& text) const;

    Json document_;
    mutable std::map<std::string, std::regex> patterns_{};
};

}  // namespace bearergate::test
