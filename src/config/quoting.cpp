#include "quoting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bearergate::config {
namespace {

constexpr std::size_t longest_key = 1024;  // YAML 1.2 section 7.4.2: of a key on one line

std::size_t offset_of(std::string_view line, Place place) {
    return std::min(line.size(), static_cast<std::size_t>(std::max(place.byte, 1)) - 1);
}

// What somebody who forgot the quotes meant as one word: up to ": ", a comment or the end.
std::string_view word_at(std::string_view line, std::size_t from) {
    std::size_t end = from;
    while (end < line.size()) {
        const bool last = end + 1 == line.size();
        const bool blank_next = last || line[end + 1] == ' ' || line[end + 1] == '\t';
        if ((line[end] == ':' && blank_next) || line[end] == ' ' || line[end] == '\t') break;
        ++end;
    }
    while (end > from && line[end - 1] == ',') --end;
    return line.substr(from, end - from);
}

std::string in_quotes(std::string_view word) {
    return fmt::format("put it in quotes: \"{}\"", word);
}

// The bracket that the one before `end` closes.
std::optional<std::size_t> opening_before(std::string_view line, std::size_t end) {
    if (end == 0 || end > line.size()) return std::nullopt;
    const char closing = line[end - 1];
    if (closing != '}' && closing != ']') return std::nullopt;
    const char opening = closing == '}' ? '{' : '[';
    int open = 0;
    for (std::size_t i = end; i-- > 0;) {
        if (line[i] == closing) ++open;
        if (line[i] == opening && --open == 0) return i;
    }
    return std::nullopt;
}

}  // namespace

std::string key_hint(std::string_view line, const Node& key) {
    const std::string_view word = word_at(line, offset_of(line, key.place));
    if (key.kind == Node::Kind::null) {
        return key.text.empty() ? "a key is missing before this ':'"
                                : fmt::format("YAML reads {} without quotes as nothing; {}",
                                              shown(word), in_quotes(word));
    }
    if (!key.flow || word.empty()) return "a key must be text, not a list or a map";
    return fmt::format("YAML reads a key that begins with '{}' as a {}; {}", word.front(),
                       word.front() == '{' ? "map" : "list", in_quotes(word));
}

std::string value_hint(std::string_view line, const Node& value) {
    const std::size_t from = offset_of(line, value.place);
    const std::size_t end = line.find_first_of("}]", from);
    if (!value.flow || end == std::string_view::npos) return {};
    const std::string_view word = line.substr(from, end + 1 - from);
    // {orgId} is a map from orgId to nothing, [::] a list of a map from nothing to nothing.
    const bool is_capture = word.starts_with('{') && value.children.size() == 1 &&
                            value.children.front().kind == Node::Kind::null;
    const bool is_address = word.starts_with('[') && word.contains("::") &&
                            word.find_first_of(", \"'") == std::string_view::npos;
    if (!is_capture && !is_address) return {};
    return fmt::format("YAML reads {} without quotes as a {}; {}", shown(word),
                       is_capture ? "map" : "list", in_quotes(word));
}

SyntaxHint syntax_hint(std::string_view line, Place place, std::string_view fault) {
    const std::size_t at = offset_of(line, place);
    const auto placed = [&](std::size_t offset, std::string message) {
        return SyntaxHint{.place = {.line = place.line, .byte = static_cast<int>(offset) + 1},
                          .message = std::move(message)};
    };
    const std::size_t indented = std::min(line.find_first_not_of(' '), line.size());
    if (line.substr(indented).starts_with('\t')) {
        return placed(indented, "indent with spaces: YAML does not allow tabs");
    }
    constexpr std::string_view special = "*&@%`|>!";
    if (at < line.size() && special.contains(line[at])) {
        return placed(at, fmt::format("a value or key that begins with '{}' means something else "
                                      "in YAML; {}",
                                      line[at], in_quotes(word_at(line, at))));
    }
    if (at > 0 && at < line.size() && line.substr(at - 1, 2) == "${") {
        const std::size_t end = line.find('}', at);
        const std::size_t length = end == std::string_view::npos ? end : end + 2 - at;
        return placed(at - 1, fmt::format("a variable inside {{...}} or [...] needs quotes; {}",
                                          in_quotes(line.substr(at - 1, length))));
    }
    if (fault.starts_with("alias not found") && at > 0) {
        const std::size_t end = line.find_first_of(" \t,]}", at);
        return placed(at - 1, fmt::format("a value that begins with '*' means something else in "
                                          "YAML; {}",
                                          in_quotes(line.substr(at - 1, end - (at - 1)))));
    }
    const auto opening = opening_before(line, at);
    if (opening && at < line.size() && line[at] != ' ') {
        return placed(*opening, fmt::format("YAML reads what begins with '{}' as a {}; {}",
                                            line[*opening], line[*opening] == '{' ? "map" : "list",
                                            in_quotes(word_at(line, *opening))));
    }
    if (fault == "illegal EOF in scalar") {
        return placed(at, "the text ends inside quotes: a closing one is missing");
    }
    if (fault == "end of sequence flow not found" || fault == "end of map flow not found") {
        return placed(
            at,
            fmt::format("a {} is still open here: a comma or a closing '{}' is missing",
                        fault.contains("map") ? "map" : "list", fault.contains("map") ? '}' : ']'));
    }
    if (fault == "illegal map value" && at >= longest_key) {
        return placed(at, fmt::format("a key has at most {} bytes in YAML", longest_key));
    }
    if (fault == "illegal map value") {
        return placed(at,
                      "a ':' too many, or a line indented wrongly: put a value that contains "
                      "': ' in quotes, and align the keys of one map");
    }
    if (fault == "unknown token") {
        return placed(at, "YAML cannot read what stands here: put the value in quotes");
    }
    return placed(at, fmt::format("this is not YAML: {}", fault));
}

}  // namespace bearergate::config
