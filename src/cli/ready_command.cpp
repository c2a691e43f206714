// `bearergate ready`: asks a running gateway whether requests should be sent to it. For container
// health checks and scripts, which have no curl.

#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/commands.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

namespace bearergate::cli {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds patience{3};
constexpr std::size_t longest_answer = 64 * 1024;

// The answer's status and body, or a status of 0. HTTP/1.0, so that it ends with the connection.
template <class Stream, class Endpoint>
unsigned ask(const Endpoint& endpoint, std::string& body) {
    Stream stream;
    stream.expires_after(patience);
    stream.connect(endpoint);
    stream << "GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n" << std::flush;
    std::string version;
    unsigned status = 0;
    if (!(stream >> version >> status) || !version.starts_with("HTTP/1.")) return 0;
    std::string line;
    while (std::getline(stream, line) && line != "\r") {
    }
    for (char c = 0; body.size() < longest_answer && stream.get(c);) body += c;
    return status;
}

int ask_readiness(const std::string& text) {
    const auto address = address_from(text);
    if (!address) {
        std::cerr << "bearergate ready: --admin: " << address.error() << "\n";
        return 2;
    }
    std::string body;
    unsigned status = 0;
    if (address->is_unix) {
        status = ask<asio::local::stream_protocol::iostream>(
            asio::local::stream_protocol::endpoint(address->path), body);
    } else {
        status = ask<asio::ip::tcp::iostream>(
            asio::ip::tcp::endpoint(asio::ip::make_address(address->host), address->port), body);
    }
    if (status == 0) {
        std::cerr << "bearergate ready: no answer from " << typed(text) << "\n";
        return 1;
    }
    (status == 200 ? std::cout : std::cerr) << body;
    return status == 200 ? 0 : 1;
}

}  // namespace

void add_ready_command(CLI::App& app, Action& action) {
    CLI::App* command =
        app.add_subcommand("ready", "Ask a running gateway whether it is ready for requests");
    const auto address = std::make_shared<std::string>("127.0.0.1:9901");
    command
        ->add_option("--admin", *address,
                     "Its admin listener (admin.listen): IP:PORT, localhost:PORT or unix:PATH")
        ->type_name("ADDRESS")
        ->capture_default_str();
    command->footer(
        "Exits with 0 when it is, with 1 when it is not or does not answer.\n"
        "\n"
        "Example, in a Dockerfile:\n"
        "  HEALTHCHECK CMD [\"bearergate\", \"ready\"]");
    command->callback(
        [address, &action] { action = [address] { return ask_readiness(*address); }; });
}

}  // namespace bearergate::cli
