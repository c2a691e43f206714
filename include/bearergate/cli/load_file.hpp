#pragma once

#include <bearergate/config/load.hpp>
#include <bearergate/core/result.hpp>

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace bearergate::cli {

// The whole of a file of at most `most` bytes, or why there is none, for people.
core::Result<std::string, std::string> read_file(const std::string& path, std::size_t most);

// Reads a configuration from disk with the process's environment; relative file names in it start
// at its folder. A file that everybody may write to, itself or one that it names, is a warning.
config::LoadResult read_configuration(const std::string& path);

// The same for a gateway that runs: from a regular file, as any other could hold it up.
config::LoadResult read_configuration_again(const std::string& path);

// The same for people: on failure everything that is wrong is on `errors`, and nothing comes back.
std::optional<config::Loaded> load_file(const std::string& path, std::ostream& errors);

// Reads a file of cases about that configuration, likewise.
std::optional<std::vector<config::TestCase>> load_tests_file(const std::string& path,
                                                             const config::Loaded& subject,
                                                             std::ostream& errors);

}  // namespace bearergate::cli
