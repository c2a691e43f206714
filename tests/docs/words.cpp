#include "docs/words.hpp"

#include "config/schema_places.hpp"
#include "net/certificates.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_issuer.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

namespace bearergate::test {
namespace {

using Words = std::set<std::string>;

// Of other programs and other people's formats, where they look like ours.
const Words foreign_options{"--rm"};
const Words foreign_keys{"typ", "b64", "alg", "crit", "tags", "http_method_override"};

Words words_like(const std::string& text, const std::string& pattern) {
    const std::regex word(pattern);
    Words words;
    for (std::sregex_iterator at(text.begin(), text.end(), word); at != std::sregex_iterator();
         ++at) {
        words.insert(at->str(1));
    }
    return words;
}

const std::string option_pattern = "(?:^|[ ,|\\[(])(--[a-z][a-z-]+|-[a-zA-Z])(?![a-zA-Z-])";

std::string help_of(const std::vector<std::string>& command) {
    std::vector<std::string> words{BEARERGATE_BINARY};
    words.insert(words.end(), command.begin(), command.end());
    words.emplace_back("--help");
    return run(words).output;
}

// By command.
const std::map<std::string, Words>& options() {
    static const std::map<std::string, Words> all = [] {
        std::map<std::string, Words> by_command;
        const std::string help = help_of({});
        const std::size_t begin = help.find("Subcommands:");
        const std::string list = help.substr(begin, help.find("\n\n", begin) - begin);
        for (const std::string& command : words_like(list, "\n  ([a-z]+) ")) {
            by_command[command] = words_like(help_of({command}), option_pattern);
        }
        return by_command;
    }();
    return all;
}

Words options_of_scripts() {
    Words all;
    for (const auto& entry :
         std::filesystem::directory_iterator(BEARERGATE_SOURCE_DIR "/scripts")) {
        all.merge(words_like(read_file(entry.path()), option_pattern));
    }
    all.merge(words_like(read_file(BEARERGATE_SOURCE_DIR "/.ci/run"), option_pattern));
    return all;
}

bool exists_somewhere(const std::string& option) {
    static const Words of_scripts = options_of_scripts();
    if (foreign_options.contains(option) || of_scripts.contains(option)) return true;
    for (const auto& [command, known] : options()) {
        if (known.contains(option)) return true;
    }
    return false;
}

struct Keys {
    Words keys{};
    Words paths{};  // "server.timeouts.drain", "issuers.*.claims.scope"
};

const Keys& keys() {
    static const Keys all = [] {
        const JsonSchema schema(nlohmann::ordered_json::parse(
            read_file(BEARERGATE_SOURCE_DIR "/config/bearergate.schema.json")));
        Keys found;
        for (const SchemaPlace& one : schema_places(schema)) {
            found.keys.insert(one.key);
            found.paths.insert(one.block.empty() ? one.key : one.block + "." + one.key);
        }
        return found;
    }();
    return all;
}

bool is_path(std::string dotted) {
    for (std::size_t at = 0; (at = dotted.find("NAME", at)) != std::string::npos;) {
        dotted.replace(at, 4, "*");
    }
    for (const std::string& path : keys().paths) {
        if (path == dotted || path.ends_with("." + dotted)) return true;
    }
    return false;
}

}  // namespace

std::string unknown_options(const std::string& text) {
    static const std::regex command("(?:^|[ /(])bearergate (?!bearergate )([a-z]+)( [^|&;]*)?");
    std::smatch found;
    std::string rest = text;
    std::string unknown;
    const auto judge = [&unknown](const std::string& where, const Words& given,
                                  const Words& known) {
        for (const std::string& option : given) {
            if (!known.contains(option)) unknown += fmt::format("{} has no {}\n", where, option);
        }
    };
    while (std::regex_search(rest, found, command)) {
        const auto known = options().find(found.str(1));
        if (known == options().end()) return "no such command: " + found.str(1);
        judge(found.str(1), words_like(found.str(2), option_pattern), known->second);
        rest = found.prefix().str() + found.suffix().str();
    }
    // Without the command it is said by the text around it whose option it is.
    if (text.starts_with("--") || text.starts_with("scripts/") || text.starts_with(".ci/")) {
        for (const std::string& option : words_like(rest, "(?:^| )(--[a-z][a-z-]+)")) {
            if (!exists_somewhere(option)) unknown += fmt::format("nothing has {}\n", option);
        }
    }
    return unknown;
}

std::string unknown_key(const std::string& text) {
    static const std::regex dotted("[a-z_]+(\\.([a-z_]+|NAME))+");
    static const std::regex pair("([a-z_]+):( .*)?");
    static const Words extensions{"yaml", "md",      "json",   "crt",     "key", "jwt",
                                  "jwk",  "service", "socket", "example", "app", "mjs",
                                  "cpp",  "sh",      "py",     "php"};
    std::smatch found;
    if (std::regex_match(text, dotted)) {
        const bool is_ours = keys().keys.contains(text.substr(0, text.find('.')));
        const bool is_file = extensions.contains(text.substr(text.rfind('.') + 1));
        if (is_ours && !is_file && !is_path(text)) return "no such place: " + text;
    } else if (std::regex_match(text, found, pair)) {
        const std::string key = found.str(1);
        if (!keys().keys.contains(key) && !foreign_keys.contains(key)) return "no such key: " + key;
    }
    return "";
}

std::string faults_by_check(const std::string& text) {
    const TemporaryFolder folder;
    const Issuer issuer;
    net::test::Authority authority;
    const net::test::Identity identity = authority.issue({});
    for (const std::string& name : words_like(text, "([A-Za-z0-9-]+\\.(?:crt|key|json))")) {
        const bool is_key = name.ends_with(".key");
        folder.write(name, name.ends_with(".json") ? issuer.jwks()
                           : is_key                ? read_file(identity.private_key)
                                                   : read_file(identity.certificate));
    }
    const Outcome outcome =
        run({BEARERGATE_BINARY, "check", "-c", folder.write("bearergate.yaml", text)},
            {.environment = {"LOGTO_ENDPOINT=https://acme.logto.app"}});
    return outcome.code == 0 ? "" : outcome.errors;
}

}  // namespace bearergate::test
