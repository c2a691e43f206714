// `${NAME}` in values. It happens after parsing, so what the environment holds can be a value but
// never a key, a comment or another line; and once, so it cannot name further variables.
#include <bearergate/config/document.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bearergate::config {
namespace {

bool is_name(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !name.empty() && (name.front() < '0' || name.front() > '9') &&
           std::all_of(name.begin(), name.end(), fits);
}

struct Expander {
    const Environment& environment;
    Diagnostics& diagnostics;
    std::map<std::string, std::string>& as_written;
    std::size_t budget = DocumentLimits::expanded_bytes;

    void expand(Node& node) {
        if (node.kind == Node::Kind::scalar && node.text.contains('$')) expand_scalar(node);
        for (Node& child : node.children) expand(child);
    }

    void expand_scalar(Node& node) {
        std::string out;
        bool is_secret = false;
        const std::string_view text = node.text;
        for (std::size_t i = 0; i < text.size();) {
            const std::size_t dollar = text.find('$', i);
            out += text.substr(i, dollar - i);
            if (dollar == std::string_view::npos) break;
            const std::string_view rest = text.substr(dollar + 1);
            if (rest.starts_with('$')) {
                out += '$';
                i = dollar + 2;
            } else if (!rest.starts_with('{')) {
                out += '$';
                i = dollar + 1;
            } else {
                const std::size_t end = rest.find('}');
                const auto value = look_up(node, rest.substr(1, end == rest.npos ? end : end - 1),
                                           end != rest.npos);
                if (!value || !take(node, value->size())) {
                    node.kind = Node::Kind::broken;
                    return;
                }
                out += *value;
                is_secret = true;
                i = dollar + 1 + end + 1;
            }
        }
        node.expands = true;
        node.expanded = std::move(out);
        if (is_secret) as_written.emplace(node.expanded, node.text);
    }

    std::optional<std::string> look_up(const Node& node, std::string_view name, bool closed) {
        if (!closed || !is_name(name)) {
            diagnostics.error(node.place, fmt::format("{}: a variable is written ${{NAME}}, a "
                                                      "dollar sign as $$",
                                                      shown(node.text)));
            return std::nullopt;
        }
        std::optional<std::string> value;
        if (environment) value = environment(std::string(name));
        if (!value) {
            diagnostics.error(node.place,
                              fmt::format("the environment variable {} is not set", shown(name)));
        }
        return value;
    }

    bool take(const Node& node, std::size_t bytes) {
        if (bytes <= budget) {
            budget -= bytes;
            return true;
        }
        diagnostics.error(node.place,
                          "the values of the environment variables are too long "
                          "altogether");
        return false;
    }
};

}  // namespace

void expand(Node& root, const Environment& environment, Diagnostics& diagnostics,
            std::map<std::string, std::string>& as_written) {
    Expander{.environment = environment, .diagnostics = diagnostics, .as_written = as_written}
        .expand(root);
}

}  // namespace bearergate::config
