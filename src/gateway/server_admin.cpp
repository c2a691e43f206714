// What the gateway tells its operators about itself.
#include "server_state.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace bearergate::gateway {

namespace {

constexpr std::chrono::seconds process_figures_last{10};

}  // namespace

void Server::State::make_observer() {
    std::vector<Observer::Ask> asks;
    asks.reserve(workers.size());
    for (const auto& worker : workers) {
        asks.push_back(
            [&worker = *worker](Observer::Answer answer) { worker.gather(std::move(answer)); });
    }
    observer = std::make_unique<Observer>(control, std::move(asks),
                                          [this](Observation& to) { add_observed(to); });
}

void Server::State::make_admin() {
    const config::Admin& settings = snapshot->config.admin;
    if (!settings.listen) return;
    Admin::Sources sources{
        .readiness = [this] { return readiness(); },
        .observe = [this](TakeObservation take) { observer->observe(std::move(take)); },
        .metrics =
            [this](Admin::TakeText take) {
                observer->observe([this, take = std::move(take)](
                                      const std::shared_ptr<const Observation>& seen) mutable {
                    take(exposition.text(seen));
                });
            },
        .ground =
            [this] {
                return ExplainGround{.snapshot = snapshot,
                                     .keys = keys->ring(),
                                     .now = shared.wall_now(),
                                     .steady_now = std::chrono::steady_clock::now()};
            }};
    try {
        admin = std::make_unique<Admin>(
            control, settings, std::move(sources),
            net::take_one_on(listen_address(*settings.listen), options.inherited));
    } catch (const std::system_error& error) {
        throw cannot_listen(*settings.listen, error);
    }
}

Readiness Server::State::readiness() const {
    Readiness now{.draining = draining};
    const std::vector<KeyKeeper::Figures> figures = keys->figures();
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const bool is_needed =
            std::ranges::any_of(snapshot->policy.routes, [i](const core::Route& route) {
                const core::Rule& rule = route.rule;
                const bool asks =
                    rule.access == core::Access::token || rule.access == core::Access::optional;
                return asks && i < rule.accepts_issuer.size() && rule.accepts_issuer[i];
            });
        if (is_needed && !figures[i].store.usable) {
            now.issuers_without_keys.push_back(figures[i].name);
        }
    }
    return now;
}

// Descriptors are counted one by one, and there may be many: not every second.
const ProcessFigures& Server::State::process() {
    const auto now = std::chrono::steady_clock::now();
    if (!process_read || now - process_read->first >= process_figures_last) {
        process_read.emplace(now, process_figures());
    }
    return process_read->second;
}

void Server::State::add_observed(Observation& to) {
    to.at = shared.wall_now();
    to.steady_at = std::chrono::steady_clock::now();
    to.started = started;
    to.readiness = readiness();
    to.process = process();
    to.snapshot = snapshot;
    to.in_use_since = in_use_since;
    to.reloads = reloads;
    to.reload_failures = reload_failures;
    to.warnings = warnings;
    to.reload_errors = reload_errors;
    to.awaiting_restart = awaiting_restart;
    to.connection_limit = std::min(shared.affordable, snapshot->config.server.limits.connections);
    to.issuers = keys->figures();
    to.queued_verifications = verifiers->queued();
    to.dropped_log_lines = log.dropped();
}

}  // namespace bearergate::gateway
