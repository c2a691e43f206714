// The loader of configurations: never a half-read one, nothing of a hostile file in a message, and
// no configuration that lets an anonymous request through a route that asks for a token. A file of
// tests follows behind a line of four dashes.
#include <bearergate/config/load.hpp>
#include <bearergate/core/authorize.hpp>

#include "config/config_support.hpp"
#include "fuzz.hpp"

#include <algorithm>
#include <string>

namespace bearergate::fuzz {

namespace {

using namespace config;

// The environment has hostile values too.
std::optional<std::string> environment(const std::string& name) {
    if (name == "PORT") return "3000";
    if (name == "HOST") return "api.internal";
    if (name == "HOSTILE") return "x\r\n\x1b[2J: &a *a \xff";
    return std::nullopt;
}
const Surroundings surroundings{.environment = environment, .folder = "/etc/gate"};

bool is_fit_for_a_terminal(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_length(text, at);
        const auto byte = static_cast<unsigned char>(text[at]);
        if (length == 0 || byte < 0x20 || byte == 0x7F) return false;
        // C1 controls move a terminal's cursor as escape sequences do.
        if (byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0) return false;
        at += length;
    }
    return true;
}

void require_fit(const std::vector<Diagnostic>& diagnostics, std::string_view severity) {
    require(diagnostics.size() <= Diagnostics::capacity + 1, "as many as are kept");
    int line = 0;
    for (const Diagnostic& each : diagnostics) {
        // The one that counts those that are left out has no line of its own.
        const bool is_rest = diagnostics.size() > Diagnostics::capacity &&
                             &each == &diagnostics.back() && each.line == 0;
        require(!each.message.empty() && is_fit_for_a_terminal(each.message), "a clean message");
        require(is_fit_for_a_terminal(each.source_line), "a clean line");
        require(each.line >= line || is_rest, "in the order of the file");
        line = each.line;
        std::string lines = render(each, "gate.yaml", severity);
        std::replace(lines.begin(), lines.end(), '\n', ' ');
        require(is_fit_for_a_terminal(lines), "clean as it is printed");
    }
}

// One anonymous request by each route's own words.
void require_closed(const core::Policy& policy, const core::Route& route) {
    std::string path;
    for (const core::Segment& segment : route.pattern.segments) {
        path += "/" + (segment.kind == core::Segment::Kind::literal ? segment.text : "x");
    }
    if (path.empty()) path = "/";
    std::string host = route.pattern.host.text;
    if (route.pattern.host.kind == core::HostPattern::Kind::wildcard) host = "x." + host;
    std::string scratch;
    const auto target = core::Target::parse(path, policy.target, scratch);
    if (!target) return;
    std::string_view method = "GET";
    if (!route.pattern.methods.empty()) method = route.pattern.methods.front();
    core::Account account;
    const auto decision = core::decide({.method = method, .host = host, .target = *target}, policy,
                                       nullptr, {}, account);
    if (account.match.outcome != core::Match::Outcome::found) return;
    const core::Access access = policy.routes[account.match.route].rule.access;
    require(std::holds_alternative<core::Allowed>(decision) ==
                (access == core::Access::open || access == core::Access::optional),
            "an anonymous request passes where the file says so, and nowhere else");
}

void require_whole(const Loaded& loaded) {
    const core::Policy& policy = loaded.policy;
    require(!policy.routes.empty(), "no policy without routes");
    require(policy.issuers.size() == loaded.config.key_sources.size(), "keys for every issuer");
    require(!loaded.config.server.listen.empty(), "somewhere to listen");
    for (const core::Issuer& issuer : policy.issuers) {
        require(!issuer.issuer.empty() && !issuer.algorithms.empty(), "an issuer has a name");
    }
    for (const core::Route& route : policy.routes) {
        const bool is_forwarded =
            route.rule.access != core::Access::deny || route.mode == core::Mode::shadow;
        require(!is_forwarded || route.upstream < loaded.config.upstreams.size(),
                "an upstream for every route that is forwarded");
        require(route.rule.access != core::Access::token ||
                    std::count(route.rule.accepts_issuer.begin(), route.rule.accepts_issuer.end(),
                               true) > 0,
                "a route that asks for a token says by whom");
        for (std::size_t i = 0; i < route.rule.audiences.size(); ++i) {
            const auto& audiences = route.rule.audiences[i];
            require(std::count(audiences.begin(), audiences.end(), "") == 0, "no empty audience");
        }
        require_closed(policy, route);
    }
}

void try_tests(std::string_view text) {
    static const auto subject = config::load(test::smallest, "gate.yaml", surroundings);
    const LoadedTests tests = load_tests(text, *subject.loaded, surroundings);
    require(tests.errors.empty() || tests.cases.empty(), "cases or errors");
    require_fit(tests.errors, "error");
    for (const TestCase& each : tests.cases) {
        require(!each.method.empty() && each.target.starts_with('/'), "a case has a request");
    }
}

}  // namespace

void try_input(std::string_view input) {
    const std::size_t end = input.find("\n----\n");
    if (end != input.npos) try_tests(input.substr(end + 6));
    const std::string text(input.substr(0, end));
    AskedKeys asked;
    Surroundings asking = surroundings;
    asking.asked = &asked;
    const LoadResult result = config::load(text, "gate.yaml", asking);
    require(result.loaded.has_value() == result.errors.empty(), "a configuration or errors");
    require_fit(result.errors, "error");
    if (!result.loaded) return;
    require_fit(result.loaded->warnings, "warning");
    require_whole(*result.loaded);
    const LoadResult again = config::load(text, "gate.yaml", surroundings);
    require(again.loaded && again.loaded->version == result.loaded->version &&
                again.loaded->warnings.size() == result.loaded->warnings.size(),
            "the same again");
}

}  // namespace bearergate::fuzz
