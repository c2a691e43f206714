#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/config/named_file.hpp>

#include <span>
#include <vector>

namespace bearergate::cli {

struct FileFindings {
    std::vector<config::Diagnostic> errors{};
    std::vector<config::Diagnostic> warnings{};
};

// Reads every file that a configuration names, and says what is wrong with it at the place where
// it is named. Touches no network.
FileFindings check_files(std::span<const config::NamedFile> files);

// Puts together the TLS settings of a sound configuration whose files are sound each by itself,
// as `run` would: a key that does not fit its certificate is found here.
std::vector<config::Diagnostic> check_tls(const config::Config& config,
                                          std::span<const config::NamedFile> files);

}  // namespace bearergate::cli
