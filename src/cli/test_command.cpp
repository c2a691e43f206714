// `bearergate test`: the command line around the cases of a policy.
#include <bearergate/cli/commands.hpp>
#include <bearergate/cli/load_file.hpp>
#include <bearergate/cli/policy_test.hpp>
#include <bearergate/cli/terminal.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

namespace bearergate::cli {
namespace {

constexpr int all_passed = 0;
constexpr int some_failed = 1;
constexpr int is_unusable = 2;

constexpr const char* description = "Try a policy on cases that say what must come of them";

constexpr const char* more =
    "The cases are those of the configuration's `tests:`, then those of the files named. Each is\n"
    "decided as a live request is; of a token written as claims only the key and the signature\n"
    "are not looked at. Nothing is fetched: the keys for tokens out of files come from --keys, or\n"
    "from an issuer's jwks_file. Routes that no case covers are listed.\n"
    "docs/policies-as-code.md says how cases are written.\n"
    "\n"
    "Examples:\n"
    "  bearergate test -c bearergate.yaml\n"
    "  bearergate test -c bearergate.yaml policy.tests.yaml --junit results.xml\n"
    "\n"
    "Exit codes: 0 all passed, 1 some failed, 2 bad usage, configuration or cases.";

struct Options {
    std::string config{};
    std::vector<std::string> files{};
    std::string keys_file{};
    std::string time{};
    std::string junit_file{};
};

// A case and the file that it stands in.
struct Case {
    config::TestCase test{};
    std::string file{};
};

int unusable(const std::string& why) {
    std::cerr << "bearergate test: " << why << "\n";
    return is_unusable;
}

// None when a file is bad: every one of them has then been complained of.
std::optional<std::vector<Case>> cases_of(const Options& options, const config::Loaded& loaded) {
    std::vector<Case> cases;
    cases.reserve(loaded.config.tests.size());
    for (const config::TestCase& test : loaded.config.tests) {
        cases.push_back({.test = test, .file = options.config});
    }
    bool is_good = true;
    for (const std::string& file : options.files) {
        const auto tests = load_tests_file(file, loaded, std::cerr);
        is_good = is_good && tests;
        if (!tests) continue;
        for (const config::TestCase& test : *tests) cases.push_back({.test = test, .file = file});
    }
    if (!is_good) return std::nullopt;
    return cases;
}

// The keys for tokens that somebody signed; none are needed where there are no such.
Usable<core::KeyRing> keys_for(const Options& options, const config::Loaded& loaded,
                               const std::vector<Case>& cases) {
    const std::size_t issuers = loaded.policy.issuers.size();
    if (!options.keys_file.empty()) return read_key_file(options.keys_file, issuers);
    core::KeyRing ring(issuers);
    const auto needs_keys = [](const Case& one) { return brings_a_signature(one.test); };
    if (std::ranges::none_of(cases, needs_keys)) return ring;
    for (std::size_t i = 0; i < issuers; ++i) {
        const std::string& file = loaded.config.key_sources[i].jwks_file;
        if (file.empty()) continue;
        const auto keys = read_key_file(file, 1);
        if (!keys) return std::unexpected(keys.error());
        ring[i] = keys->front();
    }
    return ring;
}

bool write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    return file.good();
}

int run(const Options& options) {
    const auto now = moment_from(options.time);
    if (!now) return unusable(now.error());
    const auto loaded = load_file(options.config, std::cerr);
    if (!loaded) return is_unusable;
    const auto cases = cases_of(options, *loaded);
    if (!cases) return is_unusable;
    const auto keys = keys_for(options, *loaded, *cases);
    if (!keys) return unusable(keys.error());

    std::vector<TriedCase> tried;
    for (const Case& one : *cases) {
        auto outcome = try_case(*loaded, one.test, one.file, *keys, *now);
        if (!outcome) return unusable(outcome.error());
        tried.push_back(*std::move(outcome));
    }
    if (tried.empty()) {
        std::cerr << fmt::format(
            "bearergate test: warning: there are no cases, in {} or in other files\n",
            options.config);
    }
    std::cout << render(*loaded, tried, wants_colours());
    if (!options.junit_file.empty() && !write_file(options.junit_file, junit_xml(*loaded, tried))) {
        return unusable(typed_file(options.junit_file) + ": cannot be written");
    }
    return std::ranges::all_of(tried, &TriedCase::passed) ? all_passed : some_failed;
}

}  // namespace

void add_test_command(CLI::App& app, Action& action) {
    const auto options = std::make_shared<Options>();
    CLI::App* const command = app.add_subcommand("test", description);
    command->footer(more);
    command->add_option("-c,--config", options->config, "The configuration file")
        ->required()
        ->type_name("FILE");
    command->add_option("--at", options->time, "The time to decide at, instead of now")
        ->type_name("TIME");
    command->add_option("--keys", options->keys_file, "A key set (JWKS) for tokens out of files")
        ->type_name("FILE");
    command->add_option("--junit", options->junit_file, "Write the results as JUnit XML as well")
        ->type_name("FILE");
    command->add_option("CASES", options->files, "Files of cases, besides the configuration's own");
    command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace bearergate::cli
