#include <bearergate/core/strict_json.hpp>

#include "json_tree.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace bearergate::core {

namespace {

using json::Array;
using json::Node;
using json::Object;

const Node* find_member(const Node* node, std::string_view name) {
    const auto* object = node ? std::get_if<Object>(&node->value) : nullptr;
    if (!object) return nullptr;
    const auto it = std::find_if(object->members.begin(), object->members.end(),
                                 [&](const Node& member) { return member.name == name; });
    return it == object->members.end() ? nullptr : &*it;
}

const Node* find_element(const Node* node, std::size_t index) {
    const auto* array = node ? std::get_if<Array>(&node->value) : nullptr;
    return array && index < array->elements.size() ? &array->elements[index] : nullptr;
}

// RFC 6901 section 4: digits without a leading zero.
const Node* find_element(const Node* node, std::string_view digits) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc{} || end != digits.data() + digits.size()) return nullptr;
    if (digits.size() > 1 && digits.front() == '0') return nullptr;
    return find_element(node, index);
}

// One reference token of a JSON Pointer; nothing when its `~` is no escape.
std::optional<std::string> unescaped(std::string_view token) {
    std::string text;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '~') {
            text.push_back(token[i]);
            continue;
        }
        ++i;
        if (i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
        text.push_back(token[i] == '0' ? '~' : '/');
    }
    return text;
}

const Node* find_by_pointer(const Node* node, std::string_view pointer) {
    while (node && !pointer.empty()) {
        if (pointer.front() != '/') return nullptr;
        const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
        const auto token = unescaped(pointer.substr(1, end - 1));
        if (!token) return nullptr;
        node = std::holds_alternative<Array>(node->value) ? find_element(node, *token)
                                                          : find_member(node, *token);
        pointer.remove_prefix(end);
    }
    return node;
}

const Node* as_node(const void* node) {
    return static_cast<const Node*>(node);
}
template <class T>
const T* as(const void* node) {
    return node ? std::get_if<T>(&as_node(node)->value) : nullptr;
}

}  // namespace

struct Json::Document {
    std::string strings{};
    Node root{};
};

Json Json::view(const void* node) const {
    Json json;
    if (!node) return json;
    json.document_ = document_;
    json.node_ = node;
    return json;
}

Result<Json, JsonFault> Json::parse(std::string_view text, int max_depth) {
    auto document = std::make_shared<Document>();
    if (const auto fault = json::build(text, max_depth, document->root, document->strings)) {
        return std::unexpected(*fault);
    }
    Json json;
    json.node_ = &document->root;
    json.document_ = std::move(document);
    return json;
}

Json::Type Json::type() const {
    if (!node_) return Type::invalid;
    constexpr std::array types{Type::null,   Type::boolean, Type::number, Type::number,
                               Type::number, Type::string,  Type::array,  Type::object};
    static_assert(types.size() == std::variant_size_v<json::Value>);
    return types[as_node(node_)->value.index()];
}

std::optional<bool> Json::boolean() const {
    const bool* value = as<bool>(node_);
    return value ? std::optional(*value) : std::nullopt;
}

std::optional<double> Json::number() const {
    if (const auto* value = as<double>(node_)) return *value;
    if (const auto* value = as<std::int64_t>(node_)) return static_cast<double>(*value);
    if (const auto* value = as<std::uint64_t>(node_)) return static_cast<double>(*value);
    return std::nullopt;
}

std::optional<std::string_view> Json::string() const {
    const auto* value = as<std::string_view>(node_);
    return value ? std::optional(*value) : std::nullopt;
}

std::size_t Json::size() const {
    if (const auto* array = as<Array>(node_)) return array->elements.size();
    if (const auto* object = as<Object>(node_)) return object->members.size();
    return 0;
}

Json Json::at(std::size_t index) const {
    return view(find_element(as_node(node_), index));
}

Json Json::at(std::string_view name) const {
    return view(find_member(as_node(node_), name));
}

Json Json::pointer(std::string_view rfc6901) const {
    return view(find_by_pointer(as_node(node_), rfc6901));
}

std::vector<std::string> Json::names() const {
    std::vector<std::string> names;
    if (const auto* object = as<Object>(node_)) {
        for (const Node& member : object->members) names.emplace_back(member.name);
    }
    return names;
}

std::string Json::dump() const {
    std::string text;
    if (node_) write(*as_node(node_), text);
    return text;
}

std::size_t Json::bytes() const {
    if (!document_) return 0;
    return sizeof(Document) + document_->strings.capacity() + json::bytes_of(document_->root);
}

bool operator==(const Json& a, const Json& b) {
    return a.node_ && b.node_ && equal(*as_node(a.node_), *as_node(b.node_));
}

}  // namespace bearergate::core
