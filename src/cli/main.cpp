// The command line: what there is to type, and what an exit code means.

#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/commands.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

namespace {

constexpr const char* introduction =
    "bearergate: an authorization gateway for bearer access tokens.\n"
    "\n"
    "It stands in front of an HTTP service, checks the access token of every request (JWT, RFC\n"
    "9068) against the keys of its issuer, and lets through what one YAML file permits: by route,\n"
    "scope and organization. The service behind it learns from headers who is asking, and never\n"
    "hears of the rest.";

constexpr const char* examples =
    "Examples:\n"
    "  bearergate demo                             see it work: nothing to install or configure\n"
    "  bearergate check -c bearergate.yaml         is the file right, and what does it permit?\n"
    "  bearergate test -c bearergate.yaml          does it permit what you meant, and no more?\n"
    "  bearergate run -c bearergate.yaml           be the gateway\n"
    "  bearergate COMMAND --help                   more about one command\n"
    "\n"
    "Exit codes: 0 fine, 1 denied or failed, 2 bad usage or configuration.";

// A token that stands where nothing belongs, for want of its option, is what most mistakes are.
std::string usage_message(const CLI::App*, const CLI::Error& error) {
    return bearergate::cli::typed(error.what()) + "\nRun with --help for more information.\n";
}

int parse_and_act(int argc, char** argv) {
    bearergate::cli::Action action;
    CLI::App app{introduction, "bearergate"};
    app.footer(examples);
    app.require_subcommand(0, 1);
    app.failure_message(usage_message);
    bearergate::cli::add_demo_command(app, action);
    bearergate::cli::add_check_command(app, action);
    bearergate::cli::add_run_command(app, action);
    bearergate::cli::add_test_command(app, action);
    bearergate::cli::add_explain_command(app, action);
    bearergate::cli::add_issuer_command(app, action);
    bearergate::cli::add_token_command(app, action);
    bearergate::cli::add_ready_command(app, action);
    bearergate::cli::add_version_command(app, action);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (!action) {
        std::cerr << app.help();
        return 2;
    }
    return action();
}

// A socket that got the number of a closed standard output would have everything written at it that
// is printed and logged. What is put there instead can be used as little as before, and fails.
bool take_standard_numbers() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(number, F_GETFD) >= 0) continue;
        // It is the lowest that is free.
        const int useless = number == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (open("/dev/null", useless) != number) return false;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (!take_standard_numbers()) return 2;
    int code = 1;
    try {
        code = parse_and_act(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "bearergate: " << error.what() << "\n";
    }
    // A full disk or a closed pipe must not pass for success.
    std::cout.flush();
    if ((!std::cout || std::fflush(stdout) != 0) && code == 0) {
        std::cerr << "bearergate: standard output could not be written\n";
        code = 1;
    }
    return code;
}
