// `bearergate version`: what this binary is made of, for people who report a problem.

#include <bearergate/cli/commands.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/version.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <spdlog/version.h>

#include <iostream>
#include <string>

namespace bearergate::cli {
namespace {

// Without a line's end after the last one.
std::string versions() {
    return fmt::format("bearergate {}\n", BEARERGATE_VERSION) +
           fmt::format("  compiler       {}\n", BEARERGATE_COMPILER) +
           fmt::format("  Boost          {}.{}.{}\n", BOOST_VERSION / 100'000,
                       BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100) +
           // OpenSSL is linked as a shared library: the one that runs is the one that matters.
           fmt::format("  OpenSSL        {}\n", OpenSSL_version(OPENSSL_VERSION_STRING)) +
           fmt::format("  nlohmann/json  {}.{}.{}\n", NLOHMANN_JSON_VERSION_MAJOR,
                       NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH) +
           fmt::format("  yaml-cpp       {}\n", BEARERGATE_YAML_CPP_VERSION) +
           fmt::format("  spdlog         {}.{}.{}\n", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR,
                       SPDLOG_VER_PATCH) +
           fmt::format("  fmt            {}.{}.{}", FMT_VERSION / 10'000, FMT_VERSION / 100 % 100,
                       FMT_VERSION % 100);
}

int print_versions() {
    std::cout << versions() << "\n";
    return 0;
}

}  // namespace

void add_version_command(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand(
        "version", "Print this program's version and those of the libraries it runs with");
    command->callback([&action] { action = print_versions; });
    app.set_version_flag("--version", versions, "The same as the command `version`");
}

}  // namespace bearergate::cli
