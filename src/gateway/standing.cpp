// How this process stands, in one line, for whoever supervises it.
#include "server_state.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>

namespace bearergate::gateway {

namespace {

// Beyond the drain itself, for the last log lines.
constexpr std::chrono::seconds until_gone{5};

}  // namespace

std::string Server::State::standing() const {
    const std::size_t routes = snapshot->policy.routes.size();
    std::string line = fmt::format("Serving {} route{}", routes, routes == 1 ? "" : "s");
    const std::vector<std::string> keyless = readiness().issuers_without_keys;
    if (!keyless.empty()) line += fmt::format("; no keys of {}", fmt::join(keyless, ", "));
    if (reload_errors) line += "; the configuration as it is now was refused: see the log";
    return line;
}

// Ready is who serves, and has asked every issuer for its keys once. It does not wait for an issuer
// that is away: the routes that need none of its keys are served, and a start that failed for it
// would be tried again and again.
void Server::State::look_whether_started() {
    if (draining || finishing) return;
    if (!told_ready) {
        const bool keys_had_their_chance = std::ranges::none_of(
            *keys->ring(), [](const core::IssuerKeys& k) { return k.first_fetch_pending; });
        if (!workers_run || !keys_had_their_chance) return;
        told_ready = true;
        return tell_ready();
    }
    // In the middle of a reload, what it comes to is told at its end.
    if (!next) tell(supervisor.status(standing()));
}

void Server::State::tell_ready() {
    if (told_ready) tell(supervisor.ready(standing()));
}

void Server::State::tell_reloading() {
    if (told_ready) tell(supervisor.reloading("Reloading"));
}

void Server::State::tell_stopping() {
    const auto within =
        std::chrono::ceil<std::chrono::seconds>(snapshot->config.server.timeouts.drain);
    tell(supervisor.stopping(fmt::format("Draining {} connections", shared.connections.load()),
                             within + until_gone));
}

void Server::State::tell(bool was_delivered) {
    if (was_delivered || std::exchange(told_of_silence, true)) return;
    log.event(config::LogLevel::warning, "what was told to NOTIFY_SOCKET did not arrive");
}

}  // namespace bearergate::gateway
