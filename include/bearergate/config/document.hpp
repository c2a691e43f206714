#pragma once

#include <bearergate/config/diagnostics.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::config {

// One value of a YAML document, with the place where it stands and the key it stands under.
struct Node {
    enum class Kind : std::uint8_t {
        broken,  // was reported already: say nothing more about it
        null,
        scalar,
        sequence,
        map
    };
    Kind kind = Kind::broken;
    Place place{};
    std::string key{};  // when the parent is a map
    Place key_place{};
    bool key_quoted = false;
    std::string text{};  // of a scalar: as written, YAML's quoting undone; "null" where written
    std::string expanded{};
    bool quoted = false;    // a string whatever it looks like
    bool expands = false;   // the environment is in `expanded`
    bool flow = false;      // written {…} or […]
    bool has_gaps = false;  // of a map: a key of it was of no use, and that was said
    std::vector<Node> children{};

    // What the scalar means. Messages show `text`, for this may be a secret.
    const std::string& value() const { return expands ? expanded : text; }
    const Node* find(std::string_view name) const;  // of a map; null when there is none
};

struct DocumentLimits {
    static constexpr std::size_t bytes = 4 * 1024 * 1024;
    static constexpr std::size_t nodes = 250'000;
    static constexpr int depth = 32;
    static constexpr std::size_t expanded_bytes = 4 * 1024 * 1024;
};

// Reads the one YAML document of a text. Refuses what people or tools read in two ways: duplicate
// keys at any level, anchors, aliases and merge keys, keys that are not text, tags other than the
// core ones, several documents, control characters, invalid UTF-8, and anything over the limits.
// None when the text is no YAML or there is nothing in it; otherwise broken parts are marked so.
std::optional<Node> parse_document(std::string_view text, Diagnostics& diagnostics);

using Environment = std::function<std::optional<std::string>(const std::string&)>;

// Puts the environment's values for `${NAME}` into every scalar that is a value, once; `$$` is
// `$`. A variable that is not set is an error. `as_written` gets every text by what it became.
void expand(Node& root, const Environment& environment, Diagnostics& diagnostics,
            std::map<std::string, std::string>& as_written);

}  // namespace bearergate::config
