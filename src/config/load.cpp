#include <bearergate/config/load.hpp>

#include "blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace bearergate::config {
namespace {

// FNV-1a: tells versions apart in logs and metrics, and protects nothing.
std::string digest(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 1099511628211ULL;
    }
    return fmt::format("{:016x}", hash);
}

std::string_view without_byte_order_mark(std::string_view text) {
    return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

// The document as a map, its variables filled in; none, and an error, if it is anything else.
std::optional<Node> read_root(std::string_view text, const Surroundings& surroundings,
                              Diagnostics& diagnostics,
                              std::map<std::string, std::string>& as_written) {
    auto root = parse_document(text, diagnostics);
    if (!root || root->kind == Node::Kind::null) {
        if (!diagnostics.has_errors()) diagnostics.error({}, "the file is empty");
        return std::nullopt;
    }
    if (root->kind == Node::Kind::scalar) {
        diagnostics.error(root->place,
                          "this is one single text; a configuration is a map of "
                          "'key: value' lines (is the space behind a ':' missing?)");
        return std::nullopt;
    }
    expand(*root, surroundings.environment, diagnostics, as_written);
    return root;
}

void read_blocks(Block& root, Draft& draft) {
    load_server(root, draft);
    load_admin(root, draft);
    load_issuers(root, draft);
    load_upstreams(root, draft);
    load_identity(root, draft);
    load_cors(root, draft);
    load_paths(root, draft);
    load_logging(root, draft);
    load_routes(root, draft);
    const Node* tests = root.find("tests");
    if (tests != nullptr) {
        draft.config.tests = read_tests(*tests, draft.config, draft.policy, draft.reading);
    }
    root.finish();
}

}  // namespace

LoadResult load(std::string_view text, const std::string& file_name,
                const Surroundings& surroundings) {
    text = without_byte_order_mark(text);
    // Of a text that is refused for its size, not even the lines are counted.
    Diagnostics diagnostics(text.substr(0, DocumentLimits::bytes));
    Reading reading{
        .diagnostics = diagnostics, .folder = surroundings.folder, .asked = surroundings.asked};
    Draft draft{.reading = reading};
    draft.config.file = file_name;
    const auto root = read_root(text, surroundings, diagnostics, draft.config.as_written);
    if (root) {
        Block block(&*root, "", reading);
        if (block.is_there()) read_blocks(block, draft);
    }
    if (diagnostics.has_errors()) {
        return {.errors = diagnostics.errors(), .files = std::move(reading.files)};
    }
    warn_about_routes(draft);
    LoadResult result{.files = std::move(reading.files)};
    result.loaded.emplace(Loaded{.config = std::move(draft.config),
                                 .policy = std::move(draft.policy),
                                 .warnings = diagnostics.warnings(),
                                 .version = digest(text)});
    return result;
}

LoadedTests load_tests(std::string_view text, const Loaded& subject,
                       const Surroundings& surroundings) {
    text = without_byte_order_mark(text);
    Diagnostics diagnostics(text.substr(0, DocumentLimits::bytes));
    Reading reading{.diagnostics = diagnostics, .folder = surroundings.folder};
    std::map<std::string, std::string> as_written;
    const auto root = read_root(text, surroundings, diagnostics, as_written);
    LoadedTests loaded;
    if (root) {
        Block block(&*root, "", reading);
        const Node* tests = block.find("tests");
        if (tests != nullptr) {
            loaded.cases = read_tests(*tests, subject.config, subject.policy, reading);
        } else if (block.lacks("tests")) {
            diagnostics.error({}, "there are no 'tests'");
        }
        block.finish();
    }
    if (!diagnostics.has_errors()) return loaded;
    return {.errors = diagnostics.errors()};
}

}  // namespace bearergate::config
