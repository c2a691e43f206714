// YAML by events: YAML::Node would resolve aliases, keep the first of two equal keys and forget
// where things stood. What is refused here is what two readers of one file may understand in two
// ways.
#include <bearergate/config/document.hpp>

#include "quoting.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace bearergate::config {
namespace {

constexpr std::string_view core_tag = "tag:yaml.org,2002:";

Place place_of(const YAML::Mark& mark) {
    if (mark.is_null()) return {};
    return {.line = mark.line + 1, .byte = mark.column + 1};
}

// Whether a null was written, or is only what YAML makes of nothing.
bool says_null(std::string_view line, Place place) {
    const std::size_t at = static_cast<std::size_t>(std::max(place.byte, 1)) - 1;
    const std::string_view rest = line.substr(std::min(at, line.size()));
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
        if (rest.starts_with(word) && (rest.size() == word.size() ||
                                       std::string_view(" \t,:]}").contains(rest[word.size()]))) {
            return true;
        }
    }
    return false;
}

struct OverLimit {
    Place place;
    std::string message;
};

// Builds the tree out of the parser's events. Never follows an alias, so its size is bounded by
// the text's.
class Builder final : public YAML::EventHandler {
public:
    explicit Builder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    std::optional<Node> take_root() { return std::exchange(root_, std::nullopt); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) {
            throw OverLimit{place_of(mark),
                            "a second YAML document begins here: a configuration is one document"};
        }
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        const Place place = place_of(mark);
        const bool said = says_null(diagnostics_.line(place.line), place);
        add({.kind = Node::Kind::null, .place = place, .text = said ? "null" : ""});
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        const Place place = place_of(mark);
        diagnostics_.error(place,
                           "aliases (*name) are not supported: write the value out, or put "
                           "it in quotes if it is no alias");
        add({.kind = Node::Kind::broken, .place = place});
    }
    void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
        diagnostics_.error(place_of(mark),
                           fmt::format("anchors ({}) are not supported: write every value where "
                                       "it belongs, or put it in quotes if it is no anchor",
                                       shown("&" + name)));
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& value) override {
        Node node{.kind = Node::Kind::scalar,
                  .place = place_of(mark),
                  .text = value,
                  .quoted = tag == "!" || tag == std::string(core_tag) + "str"};
        if (!fits(tag, {"str", "int", "float", "bool", "null"}, node.place)) {
            node.kind = Node::Kind::broken;
        }
        add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value style) override {
        open(Node::Kind::sequence, mark, fits(tag, {"seq"}, place_of(mark)), style);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value style) override {
        open(Node::Kind::map, mark, fits(tag, {"map"}, place_of(mark)), style);
    }
    void OnMapEnd() override { close(); }

private:
    struct Key {
        bool usable = false;
        bool quoted = false;
        std::string text{};
        Place place{};
    };
    struct Frame {
        Node node{};
        bool sound = true;
        std::optional<Key> key{};  // of a map, once its key was read
        std::unordered_map<std::string, int> lines{};
    };

    bool fits(const std::string& tag, std::initializer_list<std::string_view> names, Place place) {
        if (tag.empty() || tag == "?" || tag == "!") return true;
        for (const std::string_view name : names) {
            if (tag.starts_with(core_tag) && tag.substr(core_tag.size()) == name) return true;
        }
        diagnostics_.error(place, fmt::format("the YAML tag {} is not supported: remove it, or "
                                              "put the value in quotes if it is no tag",
                                              shown(tag)));
        return false;
    }

    void open(Node::Kind kind, const YAML::Mark& mark, bool sound,
              YAML::EmitterStyle::value style) {
        const Place place = place_of(mark);
        if (stack_.size() >= static_cast<std::size_t>(DocumentLimits::depth)) {
            throw OverLimit{place,
                            fmt::format("nested deeper than {} levels", DocumentLimits::depth)};
        }
        const bool flow = style == YAML::EmitterStyle::Flow;
        stack_.push_back({.node = {.kind = kind, .place = place, .flow = flow}, .sound = sound});
    }

    void close() {
        Frame frame = std::move(stack_.back());
        stack_.pop_back();
        if (!frame.sound) frame.node = {.kind = Node::Kind::broken, .place = frame.node.place};
        add(std::move(frame.node));
    }

    void add(Node node) {
        if (++nodes_ > DocumentLimits::nodes) {
            throw OverLimit{node.place,
                            fmt::format("more than {} values in one file", DocumentLimits::nodes)};
        }
        if (stack_.empty()) {
            root_ = std::move(node);
        } else if (stack_.back().node.kind == Node::Kind::sequence) {
            // The parser places what is missing where the next thing begins.
            if (is_missing(node)) node.place = stack_.back().node.place;
            stack_.back().node.children.push_back(std::move(node));
        } else if (!stack_.back().key) {
            stack_.back().key = read_key(std::move(node));
        } else {
            add_member(stack_.back(), std::move(node));
        }
    }

    Key read_key(Node node) {
        if (node.kind == Node::Kind::broken) return {};
        if (node.kind != Node::Kind::scalar) {
            diagnostics_.error(node.place, key_hint(diagnostics_.line(node.place.line), node));
            return {};
        }
        Key key{.quoted = node.quoted, .text = std::move(node.text), .place = node.place};
        auto& lines = stack_.back().lines;
        const auto [first, is_new] = lines.try_emplace(key.text, node.place.line);
        if (!is_new) {
            diagnostics_.error(node.place, fmt::format("{} stands here twice, first in line {}: "
                                                       "remove one of them",
                                                       shown(key.text), first->second));
        } else if (key.text == "<<" && !key.quoted) {
            diagnostics_.error(node.place,
                               "merge keys (<<) are not supported: write the fields "
                               "out where they belong");
        } else {
            key.usable = true;
        }
        return key;
    }

    static bool is_missing(const Node& node) {
        return node.kind == Node::Kind::null && node.text.empty();
    }

    static void add_member(Frame& frame, Node node) {
        Key key = std::move(*frame.key);
        frame.key.reset();
        if (!key.usable) {
            frame.node.has_gaps = true;
            return;
        }
        node.key = std::move(key.text);
        node.key_place = key.place;
        node.key_quoted = key.quoted;
        if (is_missing(node)) node.place = key.place;
        frame.node.children.push_back(std::move(node));
    }

    Diagnostics& diagnostics_;
    std::vector<Frame> stack_{};
    std::optional<Node> root_{};
    std::size_t nodes_ = 0;
    int documents_ = 0;
};

// The first byte that a text file of ours may not hold, as a place and a reason.
bool check_characters(std::string_view text, Diagnostics& diagnostics) {
    Place place{.line = 1, .byte = 1};
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(text, i);
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool returns = byte == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
        const bool blank = byte == '\t' || byte == '\n' || returns;
        if (length == 0) {
            diagnostics.error(place, "not UTF-8: save the file in that encoding");
            return false;
        }
        if ((byte < 0x20U && !blank) || byte == 0x7FU) {
            diagnostics.error(place, fmt::format("control character U+{:04X}: remove it", byte));
            return false;
        }
        place.byte += static_cast<int>(length);
        if (byte == '\n') place = {.line = place.line + 1, .byte = 1};
        i += length;
    }
    return true;
}

// Behind the last character that is no blank.
Place end_of(std::string_view text) {
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    const auto breaks = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    const std::size_t begin = text.rfind('\n') + 1;  // npos + 1 is 0
    return {.line = breaks + 1, .byte = static_cast<int>(text.size() - begin) + 1};
}

}  // namespace

const Node* Node::find(std::string_view name) const {
    for (const Node& child : children) {
        if (child.key == name) return &child;
    }
    return nullptr;
}

std::optional<Node> parse_document(std::string_view text, Diagnostics& diagnostics) {
    if (text.size() > DocumentLimits::bytes) {
        diagnostics.error({}, fmt::format("the file has {} bytes; at most {} are read", text.size(),
                                          DocumentLimits::bytes));
        return std::nullopt;
    }
    if (!check_characters(text, diagnostics)) return std::nullopt;
    Builder builder(diagnostics);
    try {
        // The parser closes quotes that are still open when a line break ends the text. In a
        // comment it does not; and outside of quotes that is one.
        std::istringstream stream{std::string(text) + "\n#"};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const OverLimit& over) {
        diagnostics.error(over.place, over.message);
        return std::nullopt;
    } catch (const YAML::Exception& fault) {
        const Place place = std::min(place_of(fault.mark), end_of(text));
        // One slip of the pen, one message: a key that is no text often breaks the syntax too.
        if (!diagnostics.has_error_on(place.line)) {
            const SyntaxHint hint = syntax_hint(diagnostics.line(place.line), place, fault.msg);
            diagnostics.error(hint.place, hint.message);
        }
        return std::nullopt;
    }
    return builder.take_root();
}

}  // namespace bearergate::config
