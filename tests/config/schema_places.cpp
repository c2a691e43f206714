#include "config/schema_places.hpp"

#include <algorithm>
#include <string_view>

namespace bearergate::test {
namespace {

using Json = nlohmann::ordered_json;

struct Walk {
    const JsonSchema& schema;
    std::vector<SchemaPlace> places{};

    void into(const Json& branch, const std::string& block) {
        const Json& here = schema.resolved(branch);
        for (const std::string_view keyword : {"anyOf", "oneOf"}) {
            if (!here.contains(keyword)) continue;
            for (const Json& one : here.at(keyword)) into(one, block);
        }
        if (here.contains("items")) into(here.at("items"), block + "[]");
        if (here.contains("properties")) {
            for (const auto& [key, child] : here.at("properties").items()) add(block, key, child);
        }
        if (here.contains("additionalProperties") && here.at("additionalProperties").is_object()) {
            add(block, "*", here.at("additionalProperties"));
        }
    }

    void add(const std::string& block, const std::string& key, const Json& child) {
        places.push_back({.block = block, .key = key, .schema = &child});
        into(child, block.empty() ? key : block + "." + key);
    }
};

// What stands where people choose a name.
std::string chosen_name(const std::string& block) {
    return block == "routes"            ? "/probe/{orgId}"
           : block == "routes.*.claims" ? "level"
           : block.ends_with("headers") ? "X-Auth-Subject"
                                        : "probe";
}

// What a block needs so that anything else in it can be right.
Json needed(const std::string& block) {
    if (block == "issuers.*") return {{"issuer", "https://probe.example"}};
    if (block == "upstreams.*") return {{"url", "https://probe.internal"}};
    if (block == "cors") return {{"origins", {"https://app.example"}}};
    if (block == "server.tls" || block == "upstreams.*.tls") {
        return {{"certificate", "a.crt"}, {"private_key", "a.key"}};
    }
    if (block == "tests[]") {
        return {{"name", "probe"}, {"request", "GET /probe/b"}, {"expect", "allow"}};
    }
    return Json::object();
}

Json smallest() {
    return {{"issuer", "https://acme.logto.app/oidc"},
            {"audience", "https://api.acme.example"},
            {"upstream", "http://127.0.0.1:3000"},
            {"routes", {{"/probe/{orgId}", Json::object()}}}};
}

// The block of that path, made where it is not there yet.
Json& block_in(Json& document, const std::string& block) {
    Json* at = &document;
    std::string path;
    for (std::size_t begin = 0; begin < block.size();) {
        const std::size_t end = std::min(block.find('.', begin), block.size());
        std::string key = block.substr(begin, end - begin);
        const bool is_list = key.ends_with("[]");
        if (is_list) key.resize(key.size() - 2);
        if (key == "*") key = chosen_name(path);
        path = block.substr(0, end);
        Json& child = (*at)[key];
        at = is_list ? &child[0] : &child;
        if (!at->is_object()) *at = needed(path);
        begin = end + 1;
    }
    return *at;
}

void collect(const JsonSchema& schema, const Json& here, std::vector<Json>& values) {
    for (const std::string_view keyword : {"default", "const"}) {
        if (here.contains(keyword)) values.push_back(here.at(keyword));
    }
    for (const std::string_view keyword : {"enum", "examples"}) {
        if (!here.contains(keyword)) continue;
        for (const Json& value : here.at(keyword)) values.push_back(value);
    }
    for (const std::string_view keyword : {"anyOf", "oneOf"}) {
        if (!here.contains(keyword)) continue;
        for (const Json& one : here.at(keyword)) collect(schema, one, values);
    }
    const Json& next = schema.referred(here);
    if (&next != &here) collect(schema, next, values);
}

}  // namespace

std::vector<SchemaPlace> schema_places(const JsonSchema& schema) {
    Walk walk{.schema = schema};
    walk.into(schema.root(), "");
    return std::move(walk.places);
}

std::vector<nlohmann::ordered_json> values_of(const JsonSchema& schema, const SchemaPlace& place) {
    std::vector<Json> values;
    collect(schema, *place.schema, values);
    return values;
}

nlohmann::ordered_json document_with(const SchemaPlace& place,
                                     const nlohmann::ordered_json& value) {
    Json document = smallest();
    Json& block = block_in(document, place.block);
    block[place.key == "*" ? chosen_name(place.block) : place.key] = value;
    if (place.key == "token" && value.is_string() && value != "api" && place.block != "tests[]") {
        block["organization"] = "any";
    }
    return document;
}

nlohmann::ordered_json document_without(const SchemaPlace& place) {
    Json document = smallest();
    block_in(document, place.block).erase(place.key);
    return document;
}

}  // namespace bearergate::test
