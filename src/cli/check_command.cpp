// `bearergate check`: everything that is wrong with a configuration, or what it permits.
#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/check_files.hpp>
#include <bearergate/cli/commands.hpp>
#include <bearergate/cli/load_file.hpp>
#include <bearergate/cli/route_overview.hpp>
#include <bearergate/config/diagnostics.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::cli {
namespace {

using config::Diagnostic;

constexpr const char* description =
    "Check a configuration: every error at once, or what it permits";

constexpr const char* more =
    "Every error is named with its file, line and column, what is wrong, and the nearest word\n"
    "that would be right. The files that the configuration names (certificates, keys, key sets)\n"
    "are read and checked too. Nothing is sent over the network.\n"
    "\n"
    "When all is well, the routes are listed in the order in which they win: the first that\n"
    "covers a request decides it. TOKEN is the kind of token that a route asks for\n"
    "(docs/the-three-models.md says which is which), or `public` for everybody and `deny` for\n"
    "nobody; ORGANIZATION is where the request says which organization it acts in. Warnings are\n"
    "about what a sound file may do that its writer does not expect; they do not make it fail.\n"
    "\n"
    "Examples:\n"
    "  bearergate check -c bearergate.yaml\n"
    "  bearergate check -c bearergate.yaml && bearergate run -c bearergate.yaml\n"
    "\n"
    "Exit codes: 0 good, with or without warnings; 2 not.";

void add_to(std::vector<Diagnostic>& all, const std::vector<Diagnostic>& more_of_them) {
    for (const Diagnostic& one : more_of_them) insert(all, one);
}

void tell(const std::vector<Diagnostic>& all, const std::string& file, std::string_view severity) {
    for (const Diagnostic& one : all) std::cerr << config::render(one, file, severity);
}

std::string counted(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// Of the terminal that is written to; 0 when it is none, or does not say.
std::size_t terminal_width() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

int refuse(const std::vector<Diagnostic>& errors, const std::string& file) {
    const std::string name = typed_file(file);
    tell(errors, name, "error");
    // Beyond so many the last one says how many more there are.
    const bool are_all = errors.size() <= config::Diagnostics::capacity;
    const std::string all = counted(errors.size(), "error");
    const std::string many = fmt::format("more than {} errors", config::Diagnostics::capacity);
    std::cerr << fmt::format("{}: {}\n", name, are_all ? all : many);
    return 2;
}

int check(const std::string& file) {
    const config::LoadResult result = read_configuration(file);
    FileFindings files = check_files(result.files);
    std::vector<Diagnostic> errors = result.errors;
    add_to(errors, files.errors);
    if (!errors.empty()) return refuse(errors, file);
    const config::Loaded& loaded = *result.loaded;
    add_to(errors, check_tls(loaded.config, result.files));
    if (!errors.empty()) return refuse(errors, file);

    std::vector<Diagnostic> warnings = loaded.warnings;
    add_to(warnings, files.warnings);
    tell(warnings, file, "warning");
    std::cout << render(route_overview(loaded), terminal_width())
              << fmt::format("\n{} is good: {}, {}, {}, {}\n", file,
                             counted(loaded.policy.issuers.size(), "issuer"),
                             counted(loaded.config.upstreams.size(), "upstream"),
                             counted(loaded.policy.routes.size(), "route"),
                             counted(warnings.size(), "warning"));
    return 0;
}

}  // namespace

void add_check_command(CLI::App& app, Action& action) {
    CLI::App* const command = app.add_subcommand("check", description);
    const auto file = std::make_shared<std::string>();
    command->add_option("-c,--config", *file, "The configuration")->type_name("FILE")->required();
    command->footer(more);
    command->callback([file, &action] { action = [file] { return check(*file); }; });
}

}  // namespace bearergate::cli
