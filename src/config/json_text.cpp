#include "json_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bearergate::config {
namespace {

// The document is UTF-8 throughout, but the environment may hold anything.
std::optional<std::string> json_string(const Node& node, std::string_view what, Reading& reading) {
    const std::string& value = node.value();
    for (std::size_t i = 0; i < value.size();) {
        const std::size_t length = utf8_length(value, i);
        if (length == 0) {
            reading.diagnostics.error(node.place, fmt::format("{} is not UTF-8", what));
            return std::nullopt;
        }
        i += length;
    }
    return nlohmann::json(value).dump();
}

std::optional<std::string> json_list(const Node& node, std::string_view what, Reading& reading) {
    std::string out = "[";
    for (const Node& child : node.children) {
        const auto value = json_value(child, what, reading);
        if (!value) return std::nullopt;
        if (out.size() > 1) out += ',';
        out += *value;
    }
    return out + ']';
}

std::optional<std::string> json_map(const Node& node, Reading& reading) {
    std::string out = "{";
    for (const Node& child : node.children) {
        const auto value = json_value(child, shown(child.key), reading);
        if (!value) return std::nullopt;
        if (out.size() > 1) out += ',';
        out += nlohmann::json(child.key).dump();
        out += ':';
        out += *value;
    }
    return out + '}';
}

}  // namespace

std::optional<std::string> json_scalar(const Node& node, std::string_view what, Reading& reading) {
    switch (node.kind) {
        case Node::Kind::broken: return std::nullopt;
        case Node::Kind::null:
            if (!node.text.empty()) return "null";
            reading.diagnostics.error(node.place, fmt::format("{} has no value", what));
            return std::nullopt;
        case Node::Kind::sequence:
        case Node::Kind::map:
            reading.diagnostics.error(
                node.place, fmt::format("{} must be text, a number, true, false or null", what));
            return std::nullopt;
        case Node::Kind::scalar: break;
    }
    if (node.quoted || node.expands) return json_string(node, what, reading);
    switch (plain_kind(node.text)) {
        case PlainKind::text: return json_string(node, what, reading);
        case PlainKind::number:
        case PlainKind::boolean: return node.text;
        case PlainKind::lookalike: break;
    }
    reading.diagnostics.error(
        node.place, fmt::format("{} is {}, which YAML readers understand differently: put text in "
                                "quotes, write numbers in decimal and booleans as true or false",
                                what, shown(node.text)));
    return std::nullopt;
}

std::optional<std::string> json_value(const Node& node, std::string_view what, Reading& reading) {
    if (node.kind == Node::Kind::sequence) return json_list(node, what, reading);
    if (node.kind == Node::Kind::map) return json_map(node, reading);
    return json_scalar(node, what, reading);
}

}  // namespace bearergate::config
