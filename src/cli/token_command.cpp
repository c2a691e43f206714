// `bearergate token`: mints an access token offline from a key file, for tests and experiments.

#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/commands.hpp>
#include <bearergate/cli/mint.hpp>
#include <bearergate/cli/signing_key.hpp>
#include <bearergate/config/units.hpp>
#include <bearergate/core/algorithm.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bearergate::cli {
namespace {

// A mistake in what was typed, or a file that is not what it should be.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct TokenOptions {
    std::string generate{};
    std::string algorithm = "ES384";
    std::string key{};
    bool key_set = false;
    std::string issuer{};
    std::string audience{};
    std::string organization{};
    std::string subject = "user-1";
    std::string client = "app-1";
    std::string scope{};
    std::string lifetime = "1h";
    std::vector<std::string> claims{};
};

// Readable by its owner alone, and never over something that is there: that may be a key in use.
void write_secret(const std::string& path, const std::string& text) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const std::string why = file < 0 ? std::strerror(errno) : "";
    if (file < 0) throw UsageError("cannot write " + typed_file(path) + ": " + why);
    const bool whole = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (close(file) != 0 || !whole) throw UsageError("cannot write " + typed_file(path));
}

int generate(const TokenOptions& options) {
    const auto algorithm = core::parse_algorithm(options.algorithm);
    if (!algorithm) throw UsageError("--algorithm: no such algorithm: " + typed(options.algorithm));
    const SigningKey key = SigningKey::generate(*algorithm);
    write_secret(options.generate, key.private_jwk() + "\n");
    std::cout << key.public_jwks() << "\n";
    return 0;
}

SigningKey read_key(const std::string& path) {
    constexpr std::streamsize longest = 64 * 1024;
    std::ifstream file(path, std::ios::binary);
    std::string text(longest, '\0');
    const std::string why = file ? "" : std::strerror(errno);
    if (!file) throw UsageError("cannot read " + typed_file(path) + ": " + why);
    file.read(text.data(), longest);
    text.resize(static_cast<std::size_t>(file.gcount()));
    auto key = SigningKey::from_jwk(text);
    if (!key) throw UsageError(path + ": " + key.error());
    return std::move(*key);
}

Grant read_grant(const TokenOptions& options) {
    if (options.issuer.empty()) throw UsageError("--issuer is required");
    if (options.audience.empty() && options.organization.empty()) {
        throw UsageError("--audience, --organization or both are required");
    }
    const auto lifetime = config::parse_duration(options.lifetime);
    if (!lifetime) throw UsageError("--lifetime: " + lifetime.error());
    Grant grant{.issuer = options.issuer,
                .subject = options.subject,
                .client = options.client,
                .audience = options.audience,
                .issued_at = std::chrono::system_clock::now(),
                .lifetime = std::chrono::floor<std::chrono::seconds>(*lifetime)};
    if (!options.scope.empty()) grant.scope = options.scope;
    if (options.audience.empty()) {
        grant.audience = organization_urn + options.organization;
    } else if (!options.organization.empty()) {
        grant.organization = options.organization;
    }
    for (const std::string& claim : options.claims) {
        const std::size_t equals = claim.find('=');
        if (equals == 0 || equals == std::string::npos) {
            throw UsageError("--claim: must be NAME=JSON");
        }
        grant.claims.emplace_back(claim.substr(0, equals), claim.substr(equals + 1));
    }
    return grant;
}

int act(const TokenOptions& options) {
    try {
        if (!options.generate.empty()) return generate(options);
        if (options.key.empty()) throw UsageError("--key or --generate is required");
        const SigningKey key = read_key(options.key);
        std::cout << (options.key_set ? key.public_jwks() : mint(key, read_grant(options))) << "\n";
        return 0;
    } catch (const UsageError& error) {
        std::cerr << "bearergate token: " << error.what() << "\n";
    } catch (const std::invalid_argument& error) {
        std::cerr << "bearergate token: " << error.what() << "\n";
    }
    return 2;
}

void add_options(CLI::App& command, TokenOptions& options) {
    const auto option = [&command](const char* name, auto& value, const char* type,
                                   const char* text) {
        return command.add_option(name, value, text)->type_name(type);
    };
    CLI::Option* const makes_key =
        option("--generate", options.generate, "FILE",
               "Make a new private key, write it there, and print its public key set");
    option("--algorithm", options.algorithm, "NAME", "The new key's algorithm")
        ->capture_default_str()
        ->needs(makes_key);
    option("--key", options.key, "FILE", "The private key (JWK) to sign with")->excludes(makes_key);
    CLI::Option* const prints_key =
        command
            .add_flag("--key-set", options.key_set,
                      "Print the public key set of --key instead of a token")
            ->excludes(makes_key);
    const auto of_token = [&](const char* name, auto& value, const char* type, const char* text) {
        return option(name, value, type, text)->excludes(makes_key)->excludes(prints_key);
    };
    of_token("--issuer", options.issuer, "URL", "The token's issuer (iss)");
    of_token("--audience", options.audience, "URI", "The API resource it is for (aud)");
    of_token("--organization", options.organization, "ID",
             "The organization it is bound to; without --audience, that it is for");
    of_token("--scope", options.scope, "SCOPES", "Its scopes, separated by spaces");
    of_token("--subject", options.subject, "ID", "Who it speaks for (sub)")->capture_default_str();
    of_token("--client", options.client, "ID", "Which client got it (client_id)")
        ->capture_default_str();
    of_token("--lifetime", options.lifetime, "DURATION", "How long from now it is valid")
        ->capture_default_str();
    of_token("--claim", options.claims, "NAME=JSON",
             "A further claim, or another value for one of these; may be repeated");
}

}  // namespace

void add_token_command(CLI::App& app, Action& action) {
    CLI::App* command =
        app.add_subcommand("token", "Mint an access token from a key file (for development)");
    const auto options = std::make_shared<TokenOptions>();
    add_options(*command, *options);
    command->footer(
        "A key once, and its public half for `jwks_file:` in the configuration:\n"
        "  bearergate token --generate dev.jwk > keys.json\n"
        "\n"
        "Then a token for each of the three models:\n"
        "  bearergate token --key dev.jwk --issuer https://dev.example --scope read:items \\\n"
        "      --audience https://api.example                        a global API resource\n"
        "  ... --audience https://api.example --organization acme    one of an organization\n"
        "  ... --organization acme                                   the organization itself");
    command->callback([options, &action] { action = [options] { return act(*options); }; });
}

}  // namespace bearergate::cli
