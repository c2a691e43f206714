#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/policy.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::config {

// Something to say about a place in the file.
struct Diagnostic {
    int line = 0;               // from 1; 0: about the whole file
    int column = 0;             // from 1
    std::string message{};      // what is wrong, and what would be right
    std::string source_line{};  // as written
};
// "FILE:LINE:COLUMN: error: MESSAGE", the line and a caret under it.
std::string render(const Diagnostic& diagnostic, std::string_view file, std::string_view severity);

struct Loaded {
    Config config{};
    core::Policy policy{};
    std::vector<Diagnostic> warnings{};
    std::string version{};  // a short digest of the text, for logs and metrics
};
struct LoadResult {
    std::optional<Loaded> loaded{};  // none when there are errors
    std::vector<Diagnostic> errors{};
};

// The world as loading sees it, so that this layer touches none: `environment` gives a variable's
// value; `folder` is put before relative file names.
struct Surroundings {
    std::function<std::optional<std::string>(const std::string&)> environment{};
    std::string folder{};
};

// Reads a whole configuration. All errors at once, in the order of their lines.
LoadResult load(std::string_view text, const std::string& file_name,
                const Surroundings& surroundings);

}  // namespace bearergate::config
