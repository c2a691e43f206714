// `bearergate issuer`: the development issuer alone.

#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/commands.hpp>
#include <bearergate/cli/dev_issuer.hpp>
#include <bearergate/config/urls.hpp>
#include <bearergate/gateway/process.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace bearergate::cli {
namespace {

struct IssuerOptions {
    std::string listen = "127.0.0.1:3001";
    std::string url{};
    std::vector<std::string> clients{};
};

int complain(const std::string& what) {
    std::cerr << "bearergate issuer: " << what << "\n";
    return 2;
}

// What others reach it by, as issuers are written: nothing that /oidc could not stand behind.
Usable<std::string> base_from(std::string url) {
    const auto parsed = config::parse_fetched_url(url);
    if (!parsed) return std::unexpected(parsed.error());
    if (url.contains('?')) return std::unexpected("may not have a query (?...)");
    while (url.ends_with('/')) url.pop_back();
    return url;
}

// One half of what `curl -u` takes, as RFC 6749 section 2.3.1 wants it, and safe in any shell.
std::string form_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                              (c >= 'a' && c <= 'z') || std::string_view("-._~").contains(c);
        out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

void introduce(const DevIssuer& issuer, const DevClient& client) {
    std::cout << fmt::format(
                     "FOR DEVELOPMENT ONLY: this issuer gives everyone every token they ask for.\n"
                     "Its keys are new at each start. Let nothing real trust it.\n"
                     "\n"
                     "issuer     {0}\n"
                     "discovery  {0}/.well-known/openid-configuration\n"
                     "keys       {0}/jwks\n"
                     "tokens     curl {0}/token -u {2}:{3} -d grant_type=client_credentials \\\n"
                     "             -d resource=https://api.example -d 'scope=read:items'\n"
                     "new key    curl -X POST {1}/rotate\n",
                     issuer.issuer(),
                     issuer.issuer().substr(0,
                                            issuer.issuer().size() - std::string("/oidc").size()),
                     form_encoded(client.id), form_encoded(client.secret))
              << std::flush;
}

int serve(const IssuerOptions& options) {
    const auto address = listener_from(options.listen);
    if (!address) return complain("--listen: " + address.error());
    Usable<std::string> url;
    if (!options.url.empty()) url = base_from(options.url);
    if (!url) return complain("--url: " + url.error());
    DevIssuer::Settings settings{
        .listen = {.text = options.listen, .host = address->host, .port = address->port},
        .url = *url,
        .now = [] { return core::WallTime(std::chrono::system_clock::now()); }};
    for (const std::string& client : options.clients) {
        const std::size_t colon = client.find(':');
        if (colon == 0 || colon == std::string::npos || colon + 1 == client.size()) {
            return complain("--client: must be ID:SECRET");
        }
        settings.clients.push_back(
            {.id = client.substr(0, colon), .secret = client.substr(colon + 1)});
    }
    if (!config::is_loopback(address->host)) {
        if (settings.clients.empty()) {
            return complain(
                fmt::format("other machines reach {}: say with --client who may have "
                            "tokens, or listen on 127.0.0.1",
                            options.listen));
        }
        std::cerr << fmt::format(
            "\n"
            "  WARNING: this development issuer listens on {}, which other machines reach.\n"
            "  Whoever knows a client's secret gets every token, and whoever comes can change\n"
            "  its keys. Let nothing trust it that others can use.\n\n",
            options.listen);
    }
    const DevClient example = settings.clients.empty() ? DevClient{.id = "app", .secret = "secret"}
                                                       : settings.clients.front();
    gateway::settle_process();
    boost::asio::io_context io(1);
    std::unique_ptr<DevIssuer> issuer;
    try {
        issuer = std::make_unique<DevIssuer>(io, std::move(settings));
    } catch (const std::system_error& error) {
        return complain(
            fmt::format("cannot listen on {}: {}", options.listen, error.code().message()));
    }
    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&io](auto, int) { io.stop(); });
    issuer->start();
    introduce(*issuer, example);
    io.run();
    return 0;
}

}  // namespace

void add_issuer_command(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand(
        "issuer", "Run a development issuer: a stand-in for Logto in your own tests");
    const auto options = std::make_shared<IssuerOptions>();
    command->add_option("--listen", options->listen, "Where it listens: IP:PORT or localhost:PORT")
        ->type_name("ADDRESS")
        ->capture_default_str();
    command
        ->add_option("--url", options->url,
                     "What others reach it by, before /oidc, if that is not where it listens")
        ->type_name("URL");
    command
        ->add_option("--client", options->clients,
                     "A client that may ask for tokens; without any, every client may, and it must "
                     "listen on loopback; may be repeated")
        ->type_name("ID:SECRET");
    command->footer(
        "It serves discovery, a key set, tokens by client credentials (with `resource`, `scope`\n"
        "and `organization_id`, as Logto's), and a new key at each POST /rotate. It grants every\n"
        "scope and organization that is asked for. Ctrl-C ends it.\n"
        "\n"
        "A gateway that trusts it:\n"
        "  issuer: http://127.0.0.1:3001/oidc\n"
        "  audience: https://api.example");
    command->callback([options, &action] { action = [options] { return serve(*options); }; });
}

}  // namespace bearergate::cli
