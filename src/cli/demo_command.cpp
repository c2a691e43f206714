// `bearergate demo`: the gateway between a development issuer and an echo upstream, in one process,
// with requests to try.

#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/commands.hpp>
#include <bearergate/cli/demo_script.hpp>
#include <bearergate/cli/dev_issuer.hpp>
#include <bearergate/cli/echo_upstream.hpp>
#include <bearergate/cli/terminal.hpp>
#include <bearergate/config/load.hpp>
#include <bearergate/config/urls.hpp>
#include <bearergate/gateway/process.hpp>
#include <bearergate/gateway/server.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace bearergate::cli {
namespace {

namespace asio = boost::asio;

const net::ListenAddress any_port{.text = "127.0.0.1:0", .host = "127.0.0.1"};

core::WallTime wall_now() {
    return std::chrono::system_clock::now();
}

// The two that the gateway stands between, on a thread of their own.
class Neighbours {
public:
    Neighbours() = default;
    Neighbours(const Neighbours&) = delete;
    Neighbours& operator=(const Neighbours&) = delete;
    ~Neighbours() { stop(); }

    // `interrupted`: what Ctrl-C does, once; the second one is the system's.
    void start(std::function<void()> interrupted) {
        issuer_.start();
        upstream_.start();
        signals_.async_wait([this, interrupted = std::move(interrupted)](const auto& error, int) {
            if (error) return;
            signals_.clear();
            interrupted();
        });
        thread_ = std::thread([this] { io_.run(); });
    }
    void stop() {
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }
    const DevIssuer& issuer() const { return issuer_; }
    std::string upstream() const { return fmt::format("http://127.0.0.1:{}", upstream_.port()); }

private:
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    DevIssuer issuer_{io_, {.listen = any_port, .now = wall_now}};
    EchoUpstream upstream_{io_, any_port};
    asio::signal_set signals_{io_, SIGINT, SIGTERM, SIGHUP};
    std::thread thread_{};
};

struct Colours {
    const char* heading = "";
    const char* good = "";
    const char* bad = "";
    const char* end = "";
};

void introduce(const DevIssuer& issuer, const std::string& configuration, const std::string& url,
               const std::string& page) {
    const bool colour = wants_colours();
    const Colours colours =
        colour ? Colours{"\033[1m", "\033[32m", "\033[31m", "\033[0m"} : Colours{};
    std::cout << fmt::format(
        "{}bearergate demo{} at {}, between a development issuer and a backend that echoes what\n"
        "reaches it. Nothing here is secret or kept; Ctrl-C ends it.\n"
        "\n"
        "{}The status page{} is at {}/: what it does, live, and why.\n"
        "\n"
        "{}The configuration{}\n\n",
        colours.heading, colours.end, url, colours.heading, colours.end, page, colours.heading,
        colours.end);
    for (std::size_t start = 0; start < configuration.size();) {
        const std::size_t end = configuration.find('\n', start);
        std::cout << "  " << configuration.substr(start, end - start) << "\n";
        start = end + 1;
    }
    for (const DemoRequest& request : demo_requests(issuer, wall_now())) {
        if (*request.chapter != '\0') {
            std::cout << "\n" << colours.heading << request.chapter << colours.end << "\n";
        }
        std::cout << fmt::format("\n{}{}{}  {}\n{}\n",
                                 request.status < 400 ? colours.good : colours.bad, request.status,
                                 colours.end, request.explanation, curl_line(request, url, colour));
    }
    std::cout << fmt::format(
                     "\n{}Copy a line into another terminal.{} The answer shows what the backend "
                     "got (X-Auth-...),\nor why it got nothing. Each request is logged below.\n\n",
                     colours.heading, colours.end)
              << std::flush;
}

config::Loaded load_demo(const std::string& configuration) {
    config::Surroundings nowhere{.environment = [](const std::string&) { return std::nullopt; }};
    config::LoadResult result = config::load(configuration, "demo", nowhere);
    if (result.loaded) return std::move(*result.loaded);
    std::string text;
    for (const auto& error : result.errors) text += config::render(error, "demo", "error");
    throw std::runtime_error(text);
}

std::string url_of(const config::Address& address, std::uint16_t port) {
    const bool v6 = address.host.find(':') != std::string::npos;
    return fmt::format("http://{}{}{}:{}", v6 ? "[" : "", address.host, v6 ? "]" : "", port);
}

int demonstrate(const std::string& listen) {
    const auto address = listener_from(listen);
    if (!address) {
        std::cerr << "bearergate demo: --listen: " << address.error() << "\n";
        return 2;
    }
    if (!config::is_loopback(address->host)) {
        std::cerr << fmt::format(
            "\n"
            "  WARNING: this demonstration listens on {}, which other machines reach. Its issuer\n"
            "  and its backend do not.\n\n",
            listen);
    }
    gateway::settle_process();
    try {
        Neighbours neighbours;
        const std::string configuration =
            demo_configuration({.listen = address->text,
                                .issuer = neighbours.issuer().issuer(),
                                .upstream = neighbours.upstream()});
        gateway::Server server(load_demo(configuration), {});
        introduce(neighbours.issuer(), configuration, url_of(*address, server.ports().front()),
                  fmt::format("http://127.0.0.1:{}", server.admin_port()));
        neighbours.start([&server] { server.drain(); });
        server.start();
        server.wait();
        neighbours.stop();
        return 0;
    } catch (const std::runtime_error& error) {
        std::cerr << "bearergate demo: " << error.what() << "\n";
        return 2;
    }
}

}  // namespace

void add_demo_command(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand(
        "demo", "See it work: a gateway, an issuer and a backend, with requests to try");
    const auto listen = std::make_shared<std::string>("127.0.0.1:8080");
    command->add_option("--listen", *listen, "Where the gateway listens: IP:PORT or localhost:PORT")
        ->type_name("ADDRESS")
        ->capture_default_str();
    command->footer(
        "It prints curl lines with live tokens for all three permission models, permitted and\n"
        "refused, each with what will become of it. Ctrl-C ends it.");
    command->callback([listen, &action] { action = [listen] { return demonstrate(*listen); }; });
}

}  // namespace bearergate::cli
