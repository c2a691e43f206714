#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/config/diagnostics.hpp>
#include <bearergate/config/named_file.hpp>
#include <bearergate/config/reader.hpp>
#include <bearergate/core/policy.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::config {

struct Loaded {
    Config config{};
    core::Policy policy{};
    std::vector<Diagnostic> warnings{};
    std::string version{};  // a short digest of the text, for logs and metrics
};
struct LoadResult {
    std::optional<Loaded> loaded{};  // none when there are errors
    std::vector<Diagnostic> errors{};
    std::vector<NamedFile> files{};  // that it names, errors or not
};

// The world as loading sees it, so that this layer touches none: `environment` gives a variable's
// value; `folder` is put before relative file names.
struct Surroundings {
    std::function<std::optional<std::string>(const std::string&)> environment{};
    std::string folder{};
    AskedKeys* asked = nullptr;  // when set, filled with every key that the file could have held
};

// Reads a whole configuration. All errors at once, in the order of their lines.
LoadResult load(std::string_view text, const std::string& file_name,
                const Surroundings& surroundings);

struct LoadedTests {
    std::vector<TestCase> cases{};  // none when there are errors
    std::vector<Diagnostic> errors{};
};
// Reads a file that holds nothing but `tests:`, for the configuration that its cases are about.
LoadedTests load_tests(std::string_view text, const Loaded& subject,
                       const Surroundings& surroundings);

}  // namespace bearergate::config
