#include "docs/stage.hpp"

#include "support/files.hpp"
#include "support/free_port.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace bearergate::test {
namespace {

bool serves_until_ended(const std::string& command) {
    static const std::regex serving("bearergate (run|issuer|demo) .*");
    return std::regex_match(command, serving);
}

// What listens where it would be in the way of other tests listens elsewhere.
std::string with_listeners(std::string configuration, const std::string& public_address,
                           const std::string& admin_address) {
    const auto has = [&](const char* key) { return ("\n" + configuration).contains(key); };
    if (!has("\nserver:")) configuration += "server: { listen: \"" + public_address + "\" }\n";
    if (!has("\nadmin:")) configuration += "admin: { listen: \"" + admin_address + "\" }\n";
    return configuration;
}

// Whether a gateway is asked that none of them runs.
bool wants_a_gateway(const std::vector<Command>& commands) {
    return std::ranges::any_of(commands,
                               [](const Command& command) {
                                   return command.text.contains("127.0.0.1:8080") ||
                                          command.text.contains("127.0.0.1:9901");
                               }) &&
           std::ranges::none_of(commands, [](const Command& command) {
               return command.text.starts_with("bearergate run ");
           });
}

constexpr const char* some_cases =
    "tests:\n  - name: nobody reads without a token\n    request: GET /items\n"
    "    expect: { reason: token_missing }\n";

// Stands before the real one in PATH: the admin listener is not where it is by default.
constexpr const char* wrapper = R"(#!/bin/sh
case "$*" in
ready) exec "{0}" ready --admin 127.0.0.1:{1} ;;
*) exec "{0}" "$@" ;;
esac
)";

constexpr const char* beginning = R"(exec 2>&1
cd {0}
export PATH={0}/bin:$PATH CURL_HOME={0} APP_ID=app APP_SECRET=secret
trap 'kill $(jobs -p) 2>/dev/null' EXIT
await() {{
    for _ in $(seq 400); do
        curl -sf -o /dev/null "$1" && return
        sleep 0.05
    done
    echo "nothing at $1"
    cat served.log
    return 1
}}
serve() {{
    [ -z "$BEARERGATE_PID" ] || {{ kill "$BEARERGATE_PID"; wait "$BEARERGATE_PID"; }}
    "$@" >served.log 2>&1 &
    BEARERGATE_PID=$!
}}
)";

// The shell is to see the end of each command, and nothing of the next one's output.
std::string framed(std::size_t number, const std::string& command) {
    return fmt::format("printf '@@begin %d\\n' {0}\n{1}\nprintf '\\n@@end %d %d\\n' {0} $?\n",
                       number, command);
}

Ran read_back(const std::string& output, std::size_t number) {
    const std::string begin = fmt::format("@@begin {}\n", number);
    const std::string end = fmt::format("\n@@end {} ", number);
    const std::size_t from = output.find(begin);
    const std::size_t to = output.find(end);
    if (from == output.npos || to == output.npos) return {.code = -1, .output = output};
    const std::size_t start = from + begin.size();
    return {.code = std::stoi(output.substr(to + end.size())),
            .output = to > start ? output.substr(start, to - start) : ""};
}

// One line of what is expected as a regular expression.
std::regex pattern_of(const std::string& line) {
    static const std::regex special(R"([.^$|()\[\]{}*+?\\])");
    std::string pattern = std::regex_replace(line, special, R"(\$&)");
    static const std::regex anything("…");
    return std::regex(std::regex_replace(pattern, anything, ".*"));
}

bool matches_from(const std::vector<std::string>& expected, std::size_t e,
                  const std::vector<std::string>& actual, std::size_t a) {
    if (e == expected.size()) return a == actual.size();
    if (expected[e] == "…") {
        for (std::size_t skipped = a; skipped <= actual.size(); ++skipped) {
            if (matches_from(expected, e + 1, actual, skipped)) return true;
        }
        return false;
    }
    return a < actual.size() && std::regex_match(actual[a], pattern_of(expected[e])) &&
           matches_from(expected, e + 1, actual, a + 1);
}

void add_lines(const Block& block, std::vector<Command>& commands) {
    bool goes_on = false;
    for (const std::string& line : lines_of(block.text)) {
        if (goes_on) {
            commands.back().text += "\n" + line;
        } else if (!line.empty() && !line.starts_with('#')) {
            commands.push_back({.line = block.line, .text = line});
        }
        goes_on = line.ends_with('\\') || (goes_on && line.ends_with('|'));
    }
}

void add_dialogue(const Block& block, std::vector<Command>& commands) {
    for (const std::string& line : lines_of(block.text)) {
        if (line.starts_with("$ ")) {
            commands.push_back({.line = block.line, .text = line.substr(2), .must_succeed = false});
        } else if (commands.empty() || commands.back().line != block.line) {
            throw std::runtime_error("a console block begins with `$ `");
        } else {
            commands.back().expected.push_back(line);
        }
    }
}

}  // namespace

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        line.erase(line.find_last_not_of(" \r") + 1);
        lines.push_back(line);
    }
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
}

bool matches(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
    return matches_from(expected, 0, actual, 0);
}

std::vector<Command> commands_of(const Page& page) {
    std::vector<Command> commands;
    for (const Block& block : page.blocks) {
        if (block.language == "sh" && block.mark.empty()) add_lines(block, commands);
        if (block.language == "console") add_dialogue(block, commands);
    }
    for (Command& command : commands) {
        while (!command.expected.empty() && command.expected.back().empty()) {
            command.expected.pop_back();
        }
    }
    return commands;
}

Stage::Stage(const Page& page) : admin_port_(free_port()) {
    issuer_ = std::make_unique<Process>(
        std::vector<std::string>{BEARERGATE_BINARY, "issuer", "--listen", "127.0.0.1:0"});
    if (!issuer_->wait_for_output("tokens ")) throw std::runtime_error("no issuer");
    const std::string& said = issuer_->output();
    const std::size_t url = said.find("http://");
    const std::string public_address = "127.0.0.1:" + std::to_string(free_port());
    const std::string admin_address = "127.0.0.1:" + std::to_string(admin_port_);
    names_ = {{"https://acme.logto.app/oidc", said.substr(url, said.find('\n', url) - url)},
              {"127.0.0.1:3000", "127.0.0.1:" + std::to_string(backend_.port())},
              {"127.0.0.1:3001", "127.0.0.1:" + std::to_string(free_port())},
              {"127.0.0.1:8080", public_address},
              {"127.0.0.1:9901", admin_address}};
    const auto save = [&](const std::string& name, const std::string& shown) {
        const std::string text = here(shown);
        const bool is_cases = name.ends_with(".tests.yaml");
        folder_.write(name, is_cases ? text : with_listeners(text, public_address, admin_address));
    };
    // For pages that name these without showing them.
    save("bearergate.yaml", read_file(BEARERGATE_SOURCE_DIR "/config/quickstart.yaml"));
    save("policy.tests.yaml", some_cases);
    for (const Block& block : page.blocks) {
        if (block.language == "yaml" && block.mark.ends_with(".yaml")) save(block.mark, block.text);
    }
    std::filesystem::create_directory(folder_.file("bin"));
    const std::string program =
        folder_.write("bin/bearergate", fmt::format(wrapper, BEARERGATE_BINARY, admin_port_));
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    folder_.write(".curlrc", "silent\n");
}

std::string Stage::here(std::string text) const {
    for (const auto& [there, it_is] : names_) {
        for (std::size_t at = 0; (at = text.find(there, at)) != std::string::npos;) {
            text.replace(at, there.size(), it_is);
            at += it_is.size();
        }
    }
    return text;
}

// Started behind what follows, which begins when it answers.
std::string Stage::served(const std::string& command) const {
    const std::string asked = command.contains("issuer") ? "http://127.0.0.1:3001/oidc/jwks"
                                                         : "http://127.0.0.1:9901/readyz";
    return here("serve " + command + "\nawait " + asked);
}

std::string Stage::script(const std::vector<Command>& commands) const {
    std::string script = fmt::format(beginning, folder_.path().string());
    // A member of acme, for commands that need a token that is not made on the page.
    script += here(
        "curl https://acme.logto.app/oidc/token -u app:secret -d grant_type=client_credentials "
        "-d resource=https://api.acme.example -d organization_id=acme -d scope=read:projects | "
        "jq -r .access_token >token.jwt\n");
    if (wants_a_gateway(commands)) script += served("bearergate run -c bearergate.yaml") + "\n";
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const std::string& command = commands[i].text;
        script += framed(i, serves_until_ended(command) ? served(command) : here(command));
    }
    return script;
}

std::vector<Ran> Stage::run(const std::vector<Command>& commands) {
    const std::string file = folder_.write("page.sh", script(commands));
    Process shell({"timeout", "-k", "5", "100", "bash", file});
    shell.wait(std::chrono::seconds(110));
    std::vector<Ran> all;
    all.reserve(commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) {
        all.push_back(read_back(shell.output(), i));
    }
    return all;
}

}  // namespace bearergate::test
