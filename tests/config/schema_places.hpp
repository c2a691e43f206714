#pragma once

#include "config/json_schema.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace bearergate::test {

// One key that the schema knows: the block that it stands in, by the path that config::AskedKeys
// gives that block ("server.limits", "routes.*", "tests[]"), and what the schema says of its value.
struct SchemaPlace {
    std::string block{};
    std::string key{};  // "*" for names that people choose
    const nlohmann::ordered_json* schema = nullptr;
};
// Every key of the schema.
std::vector<SchemaPlace> schema_places(const JsonSchema& schema);

// The values that the schema itself gives for a place: enum, const, default, examples.
std::vector<nlohmann::ordered_json> values_of(const JsonSchema& schema, const SchemaPlace& place);

// A small good configuration with this value at this place, and what the value cannot do without.
nlohmann::ordered_json document_with(const SchemaPlace& place, const nlohmann::ordered_json& value);
// The same without that key.
nlohmann::ordered_json document_without(const SchemaPlace& place);

}  // namespace bearergate::test
