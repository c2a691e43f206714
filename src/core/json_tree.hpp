#pragma once

#include <bearergate/core/strict_json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// The tree behind core::Json. Its depth is bounded when it is built, so that walking, comparing and
// destroying it may recurse.
namespace bearergate::core::json {

struct Node;
struct Array {
    std::vector<Node> elements;
};
struct Object {
    std::vector<Node> members;
};
// In the order of Json::Type, with numbers as they were written: an integer stays exact.
using Value = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                           std::string_view, Array, Object>;
struct Node {
    std::string_view name{};  // of an object's member
    Value value{};
};

// Reads `text` into `root`. The names and strings of the tree view into `strings`, which must be
// empty. Nothing when all is well; else the tree is not to be looked at.
std::optional<JsonFault> build(std::string_view text, int max_depth, Node& root,
                               std::string& strings);

bool equal(const Node& a, const Node& b);
void write(const Node& node, std::string& out);
std::size_t bytes_of(const Node& node);  // that it holds on the heap: an estimate, on the high side

}  // namespace bearergate::core::json
