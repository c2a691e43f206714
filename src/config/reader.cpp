#include <bearergate/config/reader.hpp>

#include "quoting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bearergate::config {
namespace {

std::string_view kind_name(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::broken:
        case Node::Kind::null: return "nothing";
        case Node::Kind::scalar: return "a single value";
        case Node::Kind::sequence: return "a list";
        case Node::Kind::map: return "a map";
    }
    return "nothing";
}

// Reports a value of another kind than the one wanted, unless that was done already.
bool expect(const Node& node, Node::Kind kind, std::string_view what, std::string_view wanted,
            Reading& reading) {
    if (node.kind == kind) return true;
    if (node.kind == Node::Kind::broken) return false;
    const bool is_text = kind == Node::Kind::scalar;
    std::string hint;
    if (is_text) hint = value_hint(reading.diagnostics.line(node.place.line), node);
    if (!hint.empty()) {
        reading.diagnostics.error(node.place, hint);
    } else if (node.kind == Node::Kind::null) {
        reading.diagnostics.error(node.place,
                                  fmt::format("{} has no value; it must be {}", what, wanted));
    } else {
        reading.diagnostics.error(
            node.place, fmt::format("{} must be {}, not {}", what, wanted, kind_name(node.kind)));
    }
    return false;
}

// A scalar that is no quoted string, for what must be a number or a boolean. The environment's
// values have no quotes of their own, and inside {...} the variable cannot do without.
bool expect_bare(const Node& node, std::string_view what, std::string_view wanted,
                 Reading& reading) {
    if (!expect(node, Node::Kind::scalar, what, wanted, reading)) return false;
    if (!node.quoted || node.expands) return true;
    reading.diagnostics.error(node.place,
                              fmt::format("{} must be {}: write it without quotes", what, wanted));
    return false;
}

}  // namespace

bool expect_map(const Node& node, std::string_view what, Reading& reading) {
    return expect(node, Node::Kind::map, what, "a map", reading);
}

std::optional<std::string> read_text(const Node& node, std::string_view what, Reading& reading) {
    if (!expect(node, Node::Kind::scalar, what, "text", reading)) return std::nullopt;
    const auto fail = [&](std::string_view message) {
        reading.diagnostics.error(node.place, message);
        return std::nullopt;
    };
    const bool bare = !node.quoted && !node.expands;
    if (bare && plain_kind(node.text) != PlainKind::text) {
        return fail(
            fmt::format("{} must be text, and YAML readers take {} for something else; put "
                        "it in quotes",
                        what, shown(node.text)));
    }
    const std::string& value = node.value();
    if (value.empty()) return fail(fmt::format("{} is empty", what));
    const auto controls = [](char c) {
        return static_cast<unsigned char>(c) < 0x20U || c == '\x7F';
    };
    if (std::any_of(value.begin(), value.end(), controls)) {
        return fail(
            fmt::format("{} may not contain line breaks or other control characters", what));
    }
    if (value.front() == ' ' || value.back() == ' ') {
        return fail(fmt::format("{} may not begin or end with a space", what));
    }
    return value;
}

std::optional<std::size_t> read_word(const Node& node, std::string_view what,
                                     std::span<const std::string_view> words, Reading& reading) {
    const std::string wanted = fmt::format("one of: {}", fmt::join(words, ", "));
    if (!expect(node, Node::Kind::scalar, what, wanted, reading)) return std::nullopt;
    const auto found = std::find(words.begin(), words.end(), node.value());
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    const std::string_view near = nearest(node.text, words);
    reading.diagnostics.error(
        node.place,
        near.empty()
            ? fmt::format("{} must be {}; it is {}", what, wanted, shown(node.text))
            : fmt::format("{} cannot be {}; did you mean '{}'?", what, shown(node.text), near));
    return std::nullopt;
}

std::optional<std::vector<Item>> read_list(const Node& node, std::string_view what, Alone alone,
                                           Reading& reading) {
    std::vector<Item> items;
    if (alone == Alone::accepted && node.kind == Node::Kind::scalar) {
        const auto value = read_text(node, what, reading);
        if (!value) return std::nullopt;
        items.push_back({.value = *value, .node = &node});
        return items;
    }
    if (alone == Alone::refused && node.kind == Node::Kind::scalar) {
        reading.diagnostics.error(
            node.place, fmt::format("{} must be a list: write [{}]", what,
                                    shown(node.text).substr(1, shown(node.text).size() - 2)));
        return std::nullopt;
    }
    const std::string_view wanted = alone == Alone::accepted ? "text or a list" : "a list";
    const std::string hint = value_hint(reading.diagnostics.line(node.place.line), node);
    if (alone == Alone::accepted && !hint.empty()) {
        reading.diagnostics.error(node.place, hint);
        return std::nullopt;
    }
    if (!expect(node, Node::Kind::sequence, what, wanted, reading)) return std::nullopt;
    bool sound = true;
    for (const Node& child : node.children) {
        auto value = read_text(child, fmt::format("an item of {}", what), reading);
        sound = sound && value;
        if (value) items.push_back({.value = std::move(*value), .node = &child});
    }
    // What is wrong with the others is worth knowing as well.
    if (!sound && items.empty()) return std::nullopt;
    return items;
}

std::vector<std::string> values_of(const std::vector<Item>& items) {
    std::vector<std::string> values;
    values.reserve(items.size());
    for (const Item& item : items) values.push_back(item.value);
    return values;
}

std::string in_folder(const std::string& folder, const std::string& name) {
    if (folder.empty() || name.starts_with('/')) return name;
    return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

Block::Block(const Node* node, std::string path, Reading& reading)
    : node_(node), path_(std::move(path)), reading_(reading) {
    if (node_ == nullptr) return;
    const std::string what = !node_->key.empty() ? shown(node_->key)
                             : path_.empty()     ? std::string("a configuration")
                                                 : fmt::format("an item of {}", shown(path_));
    if (!expect_map(*node_, what, reading_)) node_ = nullptr;
}

const Node* Block::find(std::string_view key) {
    asked_.emplace(key);
    if (reading_.asked != nullptr) (*reading_.asked)[path_].emplace(key);
    const Node* child = node_ == nullptr ? nullptr : node_->find(key);
    if (child == nullptr || child->kind == Node::Kind::broken) return nullptr;
    if (child->kind == Node::Kind::null) {
        reading_.diagnostics.error(child->key_place, fmt::format("{} has no value", shown(key)));
        return nullptr;
    }
    return child;
}

bool Block::has(std::string_view key) const {
    return node_ != nullptr && node_->find(key) != nullptr;
}

bool Block::lacks(std::string_view key) const {
    if (node_ == nullptr || node_->has_gaps || has(key)) return false;
    return std::none_of(node_->children.begin(), node_->children.end(), [&](const Node& child) {
        return !asked_.contains(child.key) && !nearest(child.key, std::span(&key, 1)).empty();
    });
}

Place Block::place() const {
    return node_ == nullptr ? Place{} : node_->place;
}

Place Block::place(std::string_view key) const {
    const Node* child = node_ == nullptr ? nullptr : node_->find(key);
    return child == nullptr ? place() : child->place;
}

Place Block::key_place(std::string_view key) const {
    const Node* child = node_ == nullptr ? nullptr : node_->find(key);
    return child == nullptr ? place() : child->key_place;
}

void Block::flag(std::string_view key, bool& out) {
    const Node* node = find(key);
    if (node == nullptr) return;
    constexpr std::string_view wanted = "true or false";
    if (!expect_bare(*node, shown(key), wanted, reading_)) return;
    if (node->value() == "true" || node->value() == "false") {
        out = node->value() == "true";
        return;
    }
    reading_.diagnostics.error(
        node->place, fmt::format("{} must be {}; it is {}", shown(key), wanted, shown(node->text)));
}

void Block::number(std::string_view key, std::size_t& out, std::uint64_t least,
                   std::uint64_t most) {
    const Node* node = find(key);
    if (node == nullptr) return;
    const std::string wanted = fmt::format("a whole number from {} to {}", least, most);
    if (!expect_bare(*node, shown(key), wanted, reading_)) return;
    const auto value = parse_whole_number(node->value());
    if (value && *value >= least && *value <= most) {
        out = static_cast<std::size_t>(*value);
        return;
    }
    const std::string fault = value ? std::string() : " (" + value.error() + ")";
    reading_.diagnostics.error(node->place, fmt::format("{} must be {}; it is {}{}", shown(key),
                                                        wanted, shown(node->text), fault));
}

void Block::duration(std::string_view key, milliseconds& out, milliseconds least,
                     milliseconds most) {
    const Node* node = find(key);
    if (node == nullptr) return;
    const std::string wanted =
        fmt::format("a duration from {} to {}", duration_text(least), duration_text(most));
    if (!expect(*node, Node::Kind::scalar, shown(key), wanted, reading_)) return;
    const auto value = parse_duration(node->value());
    if (value && *value >= least && *value <= most) {
        out = *value;
        return;
    }
    reading_.diagnostics.error(
        node->place,
        value ? fmt::format("{} must be {}; it is {}", shown(key), wanted, shown(node->text))
              : fmt::format("{} is {}; it {}", shown(key), shown(node->text), value.error()));
}

void Block::seconds(std::string_view key, std::chrono::seconds& out, std::chrono::seconds least,
                    std::chrono::seconds most) {
    milliseconds exact = out;
    duration(key, exact, least, most);
    out = std::chrono::duration_cast<std::chrono::seconds>(exact);
    if (out == exact) return;
    reading_.diagnostics.error(place(key), fmt::format("{} must be whole seconds", shown(key)));
}

std::optional<std::uint64_t> Block::size(std::string_view key, std::uint64_t least,
                                         std::uint64_t most) {
    const Node* node = find(key);
    if (node == nullptr) return std::nullopt;
    const std::string wanted =
        fmt::format("a size from {} to {}", size_text(least), size_text(most));
    if (!expect(*node, Node::Kind::scalar, shown(key), wanted, reading_)) return std::nullopt;
    const auto value = parse_size(node->value());
    if (value && *value >= least && *value <= most) return *value;
    reading_.diagnostics.error(
        node->place,
        value ? fmt::format("{} must be {}; it is {}", shown(key), wanted, shown(node->text))
              : fmt::format("{} is {}; it {}", shown(key), shown(node->text), value.error()));
    return std::nullopt;
}

void Block::size(std::string_view key, std::size_t& out, std::uint64_t least, std::uint64_t most) {
    if (const auto value = size(key, least, most)) out = static_cast<std::size_t>(*value);
}

void Block::text(std::string_view key, std::string& out) {
    const Node* node = find(key);
    if (node == nullptr) return;
    if (auto value = read_text(*node, shown(key), reading_)) out = std::move(*value);
}

void Block::file(std::string_view key, NamedFile::Use use, std::string& out) {
    const Node* node = find(key);
    if (node == nullptr) return;
    const auto name = read_text(*node, shown(key), reading_);
    if (!name) return;
    out = in_folder(reading_.folder, *name);
    // Where the folder goes in front of a variable, the text says nothing of it.
    reading_.files.push_back({.use = use,
                              .path = out,
                              .written = node->expands ? node->text : out,
                              .place = reading_.diagnostics.describe(node->place, "")});
}

bool Block::is(std::string_view key, std::string_view word) {
    asked_.emplace(key);
    if (reading_.asked != nullptr) (*reading_.asked)[path_].emplace(key);
    const Node* child = node_ == nullptr ? nullptr : node_->find(key);
    return child != nullptr && child->kind == Node::Kind::scalar && child->value() == word;
}

Block Block::block(std::string_view key) {
    return {find(key), path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key),
            reading_};
}

void Block::refuse(std::string_view key, std::string_view why) {
    if (!has(key)) return;
    asked_.emplace(key);
    reading_.diagnostics.error(key_place(key), why);
}

void Block::finish() {
    if (node_ == nullptr) return;
    const std::vector<std::string_view> known(asked_.begin(), asked_.end());
    for (const Node& child : node_->children) {
        if (asked_.contains(child.key)) continue;
        const std::string_view near = nearest(child.key, known);
        reading_.diagnostics.error(
            child.key_place, near.empty() ? fmt::format("unknown key {}; known here: {}",
                                                        shown(child.key), fmt::join(known, ", "))
                                          : fmt::format("unknown key {}; did you mean '{}'?",
                                                        shown(child.key), near));
    }
}

}  // namespace bearergate::config
