#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/load_file.hpp>
#include <bearergate/gateway/regular_file.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace bearergate::cli {
namespace {

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return {};
    return slash == 0 ? "/" : path.substr(0, slash);
}

bool anybody_may_write(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    const auto mode = status.permissions() & std::filesystem::perms::others_write;
    return std::filesystem::is_regular_file(status) && mode != std::filesystem::perms::none;
}

// Whoever can write to these decides who may pass.
void warn_of_open_files(const std::string& path, config::LoadResult& result) {
    auto& warnings = result.loaded->warnings;
    if (anybody_may_write(path)) {
        insert(warnings,
               config::Diagnostic{.message = "everybody may write to this file: chmod o-w"});
    }
    std::set<std::string_view> seen;
    for (const config::NamedFile& file : result.files) {
        if (!seen.insert(file.path).second || !anybody_may_write(file.path)) continue;
        config::Diagnostic said = file.place;
        said.message =
            config::printable(fmt::format("everybody may write to {}: chmod o-w", file.written));
        insert(warnings, std::move(said));
    }
}

using Text = core::Result<std::string, std::string>;

Text no_more_than(std::size_t most, std::string text) {
    if (text.size() > most) return std::unexpected(fmt::format("larger than {} bytes", most));
    return text;
}

config::LoadResult configuration_from(const Text& text, const std::string& path) {
    if (!text) return {.errors = {{.message = text.error()}}};
    auto result =
        config::load(*text, path, {.environment = environment, .folder = folder_of(path)});
    if (result.loaded) warn_of_open_files(path, result);
    return result;
}

}  // namespace

core::Result<std::string, std::string> read_file(const std::string& path, std::size_t most) {
    const auto fail = [](int error) {
        return std::unexpected(std::generic_category().message(error));
    };
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(errno == 0 ? EIO : errno);
    // One byte more than allowed tells a file that fits from one that does not, whatever its size.
    std::string text(most + 1, '\0');
    errno = 0;
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.gcount() == 0 && errno != 0)) return fail(errno == 0 ? EIO : errno);
    text.resize(static_cast<std::size_t>(file.gcount()));
    return no_more_than(most, std::move(text));
}

config::LoadResult read_configuration(const std::string& path) {
    return configuration_from(read_file(path, config::DocumentLimits::bytes), path);
}

config::LoadResult read_configuration_again(const std::string& path) {
    constexpr std::size_t most = config::DocumentLimits::bytes;
    Text text = gateway::read_regular_file(path, most + 1);
    if (text) text = no_more_than(most, std::move(*text));
    return configuration_from(text, path);
}

std::optional<config::Loaded> load_file(const std::string& path, std::ostream& errors) {
    auto result = read_configuration(path);
    for (const config::Diagnostic& error : result.errors) {
        errors << config::render(error, typed_file(path), "error");
    }
    return std::move(result.loaded);
}

std::optional<std::vector<config::TestCase>> load_tests_file(const std::string& path,
                                                             const config::Loaded& subject,
                                                             std::ostream& errors) {
    const auto text = read_file(path, config::DocumentLimits::bytes);
    if (!text) {
        errors << config::render({.message = text.error()}, typed_file(path), "error");
        return std::nullopt;
    }
    auto tests =
        config::load_tests(*text, subject, {.environment = environment, .folder = folder_of(path)});
    for (const config::Diagnostic& error : tests.errors) {
        errors << config::render(error, path, "error");
    }
    if (!tests.errors.empty()) return std::nullopt;
    return std::move(tests.cases);
}

}  // namespace bearergate::cli
