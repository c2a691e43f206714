// `bearergate explain`: the command line around an explanation.
#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/commands.hpp>
#include <bearergate/cli/explain_text.hpp>
#include <bearergate/cli/fetch_keys.hpp>
#include <bearergate/cli/load_file.hpp>
#include <bearergate/cli/terminal.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bearergate::cli {
namespace {

constexpr int is_allowed = 0;
constexpr int is_denied = 1;
constexpr int is_unusable = 2;

constexpr const char* description =
    "Explain what would become of a request: every check, and the answer";

constexpr const char* more =
    "Every check of docs/how-it-decides.md is made in order, with what it compared. The keys come\n"
    "from --keys, else from the issuer as `run` would fetch them; nothing is sent to any "
    "upstream.\n"
    "A URL that is only a path goes to the host `localhost`.\n"
    "\n"
    "Examples:\n"
    "  bearergate explain -c bearergate.yaml --token-file t.jwt GET /orgs/acme/projects\n"
    "  bearergate explain -c bearergate.yaml --token \"$TOKEN\" -H 'X-Org: acme' GET /reports\n"
    "  bearergate explain -c bearergate.yaml --offline --token \"$TOKEN\" GET https://a.example/b\n"
    "\n"
    "Exit codes: 0 allowed, 1 denied or not proved, 2 bad usage or configuration.";

struct Options {
    std::string config{};
    std::string method{};
    std::string url{};
    // Given and empty is what a shell makes of a variable that is not set: the token of a request
    // that has an Authorization field all the same.
    std::optional<std::string> token{};
    std::string token_file{};
    std::vector<std::string> fields{};
    std::string keys_file{};
    std::string time{};
    bool is_offline = false;
};

Usable<std::optional<std::string>> token_of(const Options& options) {
    if (options.token) return options.token;
    if (options.token_file.empty()) return std::nullopt;
    return read_token_file(options.token_file);
}

Explanation explain_with(const Options& options, const config::Loaded& loaded,
                         const std::string& head, core::KeyRing keys, core::WallTime now) {
    const auto with = [&](const core::KeyRing* ring) {
        return gateway::explain(loaded.config, loaded.policy, head, ring, now);
    };
    if (options.is_offline) return with(nullptr);
    Explanation explanation = with(&keys);
    const auto* const needed = std::get_if<core::NeedKeys>(&explanation.decision);
    if (!needed || !options.keys_file.empty()) return explanation;
    keys = fetch_keys(loaded.config, needed->issuer, std::cerr);
    return with(&keys);
}

int unusable(const std::string& why) {
    std::cerr << "bearergate explain: " << why << "\n";
    return is_unusable;
}

int run(const Options& options) {
    const auto now = moment_from(options.time);
    if (!now) return unusable(now.error());
    const auto token = token_of(options);
    if (!token) return unusable(token.error());
    const auto head = gateway::request_head(options.method, options.url, options.fields, *token);
    if (!head) return unusable(head.error());
    const auto loaded = load_file(options.config, std::cerr);
    if (!loaded) return is_unusable;

    Usable<core::KeyRing> keys(loaded->policy.issuers.size());
    if (!options.keys_file.empty())
        keys = read_key_file(options.keys_file, loaded->policy.issuers.size());
    if (!keys) return unusable(keys.error());
    const Explanation explanation = explain_with(options, *loaded, *head, *std::move(keys), *now);
    std::cout << render(explanation, options.config, wants_colours());
    return explanation.is_good() || explanation.is_preflight ? is_allowed : is_denied;
}

}  // namespace

void add_explain_command(CLI::App& app, Action& action) {
    const auto options = std::make_shared<Options>();
    CLI::App* const command = app.add_subcommand("explain", description);
    command->footer(more);
    command->add_option("-c,--config", options->config, "The configuration file")
        ->required()
        ->type_name("FILE");
    CLI::Option* const token =
        command
            ->add_option_function<std::string>(
                "--token", [options](const std::string& given) { options->token = given; },
                "The access token (others can see it in ps)")
            ->type_name("T");
    command->add_option("--token-file", options->token_file, "A file that holds the access token")
        ->type_name("FILE")
        ->excludes(token);
    command->add_option("-H,--header", options->fields, "A header field; may be given again")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
    CLI::Option* const keys =
        command
            ->add_option("--keys", options->keys_file, "A key set (JWKS) instead of the issuer's")
            ->type_name("FILE");
    command->add_option("--at", options->time, "The time to decide at, instead of now")
        ->type_name("TIME");
    command
        ->add_flag("--offline", options->is_offline,
                   "Fetch no keys and check no signature: proves nothing, exits 1")
        ->excludes(keys);
    command->add_option("METHOD", options->method, "GET, POST, ...")->required();
    command->add_option("URL", options->url, "/path, or http://host/path")->required();
    command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace bearergate::cli
