#pragma once

#include <functional>

namespace CLI {
class App;
}

// What people type. Each command is one file that adds itself to the command line: its options
// are parsed into it, and when it was the one named, `action` becomes what it does. An action
// returns the exit code: 0 fine, 1 denied or failed, 2 bad usage or configuration.
namespace bearergate::cli {

using Action = std::function<int()>;

void add_run_command(CLI::App& app, Action& action);
void add_check_command(CLI::App& app, Action& action);
void add_test_command(CLI::App& app, Action& action);
void add_explain_command(CLI::App& app, Action& action);
void add_demo_command(CLI::App& app, Action& action);
void add_issuer_command(CLI::App& app, Action& action);
void add_token_command(CLI::App& app, Action& action);
void add_ready_command(CLI::App& app, Action& action);
void add_version_command(CLI::App& app, Action& action);

}  // namespace bearergate::cli
