// `bearergate run`: the gateway itself.

#include <bearergate/cli/commands.hpp>
#include <bearergate/cli/load_file.hpp>
#include <bearergate/gateway/process.hpp>
#include <bearergate/gateway/server.hpp>
#include <bearergate/gateway/supervisor.hpp>
#include <bearergate/net/inherited_listener.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace bearergate::cli {
namespace {

int serve(const std::string& file) {
    const net::Handover handover = net::take_handover();
    const std::string notify_socket = gateway::take_notify_socket();
    std::optional<config::Loaded> loaded = load_file(file, std::cerr);
    if (!loaded) return 2;
    gateway::settle_process();
    const gateway::Sandbox sandbox = gateway::enter_sandbox();
    std::optional<gateway::Server> server;
    try {
        gateway::Server::Options options{
            .handle_signals = true,
            .read_again = [file] { return read_configuration_again(file); },
            .inherited = net::inherited_listeners(handover, ::getpid()),
            .notify_socket = notify_socket,
            .unprotected = gateway::missing_of(sandbox)};
        server.emplace(std::move(*loaded), std::move(options));
        server->start();
    } catch (const std::exception& error) {
        std::cerr << "bearergate run: " << error.what() << "\n";
        std::_Exit(2);  // for the reason below
    }
    server->wait();
    // Not by way of destructors: a thread may be in the middle of a lookup, for as long as a name
    // server is silent, and must not find the libraries gone that it runs in.
    std::_Exit(0);
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("run", "Be the gateway that a configuration describes");
    const auto file = std::make_shared<std::string>();
    command->add_option("-c,--config", *file, "The configuration")->type_name("FILE")->required();
    command->footer(
        "A bad configuration or an address in use ends it with 2 before it accepts anything.\n"
        "\n"
        "Signals:\n"
        "  SIGTERM, SIGINT   finish the requests in flight (at most server.timeouts.drain), then\n"
        "                    exit with 0; a second one exits at once\n"
        "  SIGHUP            read the configuration and every file that it names again; whatever\n"
        "                    is wrong with it, the one in use stays\n"
        "\n"
        "The same happens by itself when one of these files is replaced, or closed after writing.\n"
        "\n"
        "Listening sockets that systemd passes (LISTEN_FDS) are used instead of binding; they "
        "stay\n"
        "open while one instance follows another. A unit of Type=notify is told of start, reload\n"
        "and drain (NOTIFY_SOCKET).\n"
        "\n"
        "Its log goes to standard output, one line an event or request. `bearergate check` says\n"
        "beforehand whether a configuration is right.");
    command->callback([file, &action] { action = [file] { return serve(*file); }; });
}

}  // namespace bearergate::cli
