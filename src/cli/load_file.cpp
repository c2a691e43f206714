#include <bearergate/cli/load_file.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <ostream>
#include <system_error>

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

// The whole of a file, or what is wrong with it, without its name.
core::Result<std::string, std::string> contents_of(const std::string& path, std::size_t most) {
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
    if (text.size() > most) {
        return std::unexpected(fmt::format("larger than {} bytes", most));
    }
    return text;
}

}  // namespace

core::Result<std::string, std::string> read_file(const std::string& path, std::size_t most) {
    auto text = contents_of(path, most);
    if (!text) return std::unexpected(fmt::format("{}: {}", path, text.error()));
    return text;
}

config::LoadResult read_configuration(const std::string& path) {
    const auto text = contents_of(path, config::DocumentLimits::bytes);
    if (!text) return {.errors = {{.message = text.error()}}};
    return config::load(*text, path, {.environment = environment, .folder = folder_of(path)});
}

std::optional<config::Loaded> load_file(const std::string& path, std::ostream& errors) {
    auto result = read_configuration(path);
    for (const config::Diagnostic& error : result.errors) {
        errors << config::render(error, path, "error");
    }
    return std::move(result.loaded);
}

}  // namespace bearergate::cli
