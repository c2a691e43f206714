#include "json_tree.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

namespace bearergate::core::json {

namespace {

// Whether the text begins with eight characters of ASCII without a NUL, all looked at at once.
bool is_eight_of_ascii(std::string_view text) {
    constexpr std::uint64_t highs = 0x8080808080808080;
    constexpr std::uint64_t ones = 0x0101010101010101;
    if (text.size() < sizeof(std::uint64_t)) return false;
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data(), sizeof eight);
    // Where none has its highest bit, taking 1 from each sets it in those that are 0 (and never
    // clears it, whatever is borrowed).
    return ((eight | (eight - ones)) & highs) == 0;
}

// What JSON text may consist of (RFC 8259 section 8.1): UTF-8 without overlong forms, surrogates
// or a byte order mark. nlohmann reads a NUL as the end of the text, so what follows one would go
// unseen: there is none in any JSON text anyway.
bool is_clean_utf8(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) return false;
    for (std::size_t i = 0; i < text.size();) {
        if (is_eight_of_ascii(text.substr(i))) {
            i += 8;
            continue;
        }
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead == 0) return false;
        if (lead < 0x80) {
            ++i;
            continue;
        }
        std::size_t more = 0;
        unsigned char low = 0x80;  // what the second byte may be
        unsigned char high = 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf) {
            more = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2;
            if (lead == 0xe0) low = 0xa0;
            if (lead == 0xed) high = 0x9f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3;
            if (lead == 0xf0) low = 0x90;
            if (lead == 0xf4) high = 0x8f;
        } else {
            return false;
        }
        if (text.size() - i <= more) return false;
        for (std::size_t k = 1; k <= more; ++k) {
            const auto byte = static_cast<unsigned char>(text[i + k]);
            if (byte < low || byte > high) return false;
            low = 0x80;
            high = 0xbf;
        }
        i += more + 1;
    }
    return true;
}

bool has_duplicate_names(const std::vector<Node>& members) {
    const auto has_same_name_behind = [&](const Node& one) {
        const std::span<const Node> behind(&one + 1, &members.back() + 1);
        return std::ranges::find(behind, one.name, &Node::name) != behind.end();
    };
    constexpr std::size_t few = 16;
    if (members.size() <= few) return std::ranges::any_of(members, has_same_name_behind);
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const Node& member : members) names.push_back(member.name);
    // Sorted, not compared pairwise: an object of thousands of members must stay cheap.
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// Members that the outermost object has room for from the first on, as many as most tokens have: it
// does not grow five times.
constexpr std::size_t room_at_first = 16;

// Builds the tree from nlohmann's events and stops at the first thing that is not allowed.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
public:
    // `strings` gets the bytes of all names and strings; it must have room for all of them, since
    // nodes view into it.
    TreeBuilder(Node& root, std::string& strings, int max_depth)
        : root_(root), strings_(strings), max_depth_(static_cast<std::size_t>(max_depth)) {}

    JsonFault fault() const { return fault_; }

    bool null() override { return add(std::monostate{}) != nullptr; }
    bool boolean(bool value) override { return add(value) != nullptr; }
    bool number_integer(std::int64_t value) override { return add(value) != nullptr; }
    bool number_unsigned(std::uint64_t value) override { return add(value) != nullptr; }
    bool number_float(double value, const std::string& /*text*/) override {
        return std::isfinite(value) && add(value) != nullptr;
    }
    bool string(std::string& value) override { return add(keep(value)) != nullptr; }
    bool binary(nlohmann::json::binary_t& /*value*/) override { return false; }

    bool start_object(std::size_t /*elements*/) override {
        Object object;
        if (open_.empty()) object.members.reserve(room_at_first);
        return open(std::move(object));
    }
    bool key(std::string& name) override {
        std::get<Object>(open_.back()->value).members.push_back({keep(name), {}});
        return true;
    }
    bool end_object() override {
        if (has_duplicate_names(std::get<Object>(open_.back()->value).members)) {
            fault_ = JsonFault::duplicate_name;
            return false;
        }
        open_.pop_back();
        return true;
    }
    bool start_array(std::size_t /*elements*/) override { return open(Array{}); }
    bool end_array() override {
        open_.pop_back();
        return true;
    }
    bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                     const nlohmann::json::exception& /*what*/) override {
        return false;
    }

private:
    Node* add(Value value) {
        if (open_.empty()) {
            root_.value = std::move(value);
            return &root_;
        }
        Value& parent = open_.back()->value;
        if (auto* array = std::get_if<Array>(&parent)) {
            return &array->elements.emplace_back(Node{{}, std::move(value)});
        }
        Node& member = std::get<Object>(parent).members.back();
        member.value = std::move(value);
        return &member;
    }
    bool open(Value container) {
        if (open_.size() >= max_depth_) {
            fault_ = JsonFault::too_deep;
            return false;
        }
        // Stays where it is while open: its parent grows only after it was closed.
        open_.push_back(add(std::move(container)));
        return true;
    }
    std::string_view keep(std::string_view text) {
        const std::size_t begin = strings_.size();
        strings_.append(text);
        return std::string_view(strings_).substr(begin);
    }

    Node& root_;
    std::string& strings_;
    std::size_t max_depth_;
    std::vector<Node*> open_{};
    JsonFault fault_ = JsonFault::syntax;
};

}  // namespace

std::optional<JsonFault> build(std::string_view text, int max_depth, Node& root,
                               std::string& strings) {
    if (!is_clean_utf8(text)) return JsonFault::encoding;
    // Decoded strings are never longer than their text, so this never grows and never moves.
    strings.reserve(text.size());
    TreeBuilder builder(root, strings, std::max(max_depth, 0));
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return builder.fault();
    return std::nullopt;
}

namespace {

bool equals_integer(double real, std::int64_t integer) {
    return real >= -0x1p63 && real < 0x1p63 && static_cast<std::int64_t>(real) == integer &&
           std::trunc(real) == real;
}
bool equals_integer(double real, std::uint64_t integer) {
    return real >= 0 && real < 0x1p64 && static_cast<std::uint64_t>(real) == integer &&
           std::trunc(real) == real;
}

bool equal_values(const Array& a, const Array& b) {
    return std::equal(a.elements.begin(), a.elements.end(), b.elements.begin(), b.elements.end(),
                      equal);
}
bool equal_values(const Object& a, const Object& b) {
    return a.members.size() == b.members.size() &&
           std::all_of(a.members.begin(), a.members.end(), [&](const Node& member) {
               const auto same_name = [&](const Node& other) { return other.name == member.name; };
               const auto other = std::find_if(b.members.begin(), b.members.end(), same_name);
               return other != b.members.end() && equal(member, *other);
           });
}
template <class T>
constexpr bool is_integer = std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t>;
template <class A, class B>
bool equal_values(const A& a, const B& b) {
    if constexpr (is_integer<A> && is_integer<B>) return std::cmp_equal(a, b);
    if constexpr (std::is_same_v<A, double> && is_integer<B>) return equals_integer(a, b);
    if constexpr (is_integer<A> && std::is_same_v<B, double>) return equals_integer(b, a);
    if constexpr (std::is_same_v<A, B>) return a == b;
    return false;
}

void write_string(std::string_view text, std::string& out) {
    constexpr std::string_view digits = "0123456789abcdef";
    out.push_back('"');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20) {
            out.append("\\u00");
            out.push_back(digits[byte >> 4U]);
            out.push_back(digits[byte & 15U]);
            continue;
        }
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    out.push_back('"');
}

void write_all(const std::vector<Node>& nodes, bool named, std::string& out) {
    out.push_back(named ? '{' : '[');
    for (const Node& node : nodes) {
        if (&node != &nodes.front()) out.push_back(',');
        if (named) {
            write_string(node.name, out);
            out.push_back(':');
        }
        write(node, out);
    }
    out.push_back(named ? '}' : ']');
}

void write_value(std::monostate /*null*/, std::string& out) {
    out.append("null");
}
void write_value(bool value, std::string& out) {
    out.append(value ? "true" : "false");
}
void write_value(std::string_view value, std::string& out) {
    write_string(value, out);
}
void write_value(const Array& value, std::string& out) {
    write_all(value.elements, false, out);
}
void write_value(const Object& value, std::string& out) {
    write_all(value.members, true, out);
}
template <class Arithmetic>
    requires(std::is_arithmetic_v<Arithmetic> && !std::is_same_v<Arithmetic, bool>)
void write_value(Arithmetic value, std::string& out) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{}) out.append(text.data(), end);
}

std::size_t bytes_of_all(const std::vector<Node>& nodes) {
    constexpr std::size_t beside_them = 16;  // the allocator's own
    std::size_t bytes = nodes.capacity() * sizeof(Node) + beside_them;
    for (const Node& node : nodes) bytes += bytes_of(node);
    return bytes;
}

}  // namespace

bool equal(const Node& a, const Node& b) {
    return std::visit([](const auto& x, const auto& y) { return equal_values(x, y); }, a.value,
                      b.value);
}

void write(const Node& node, std::string& out) {
    std::visit([&](const auto& value) { write_value(value, out); }, node.value);
}

std::size_t bytes_of(const Node& node) {
    if (const auto* array = std::get_if<Array>(&node.value)) return bytes_of_all(array->elements);
    if (const auto* object = std::get_if<Object>(&node.value)) return bytes_of_all(object->members);
    return 0;
}

}  // namespace bearergate::core::json
