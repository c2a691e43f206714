// From one configuration to the next, with every request served by exactly one of them. Whatever is
// wrong with the new one, the old one stays.
#include "server_state.hpp"
#include "start_up_log.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <stdexcept>

namespace bearergate::gateway {

using config::LogLevel;

namespace {

// How often it is asked whether the requests that wait for keys have got them.
constexpr std::chrono::milliseconds until_asked_again{20};
// For how long: as a request waits for them. While issuers are away, somebody always does.
constexpr std::chrono::seconds keys_patience{2};

void add_file(std::vector<std::string>& files, const std::string& name) {
    if (!name.empty()) files.push_back(name);
}

std::vector<std::string> tls_files_of(const config::Config& config) {
    std::vector<std::string> files;
    if (const auto& tls = config.server.tls) {
        for (const auto* name : {&tls->certificate, &tls->private_key, &tls->client_ca}) {
            add_file(files, *name);
        }
    }
    for (const config::Upstream& upstream : config.upstreams) {
        const auto& tls = upstream.tls;
        for (const auto* name : {&tls.ca, &tls.certificate, &tls.private_key}) {
            add_file(files, *name);
        }
    }
    for (const config::KeySource& source : config.key_sources) add_file(files, source.ca);
    return files;
}

bool any_of_them(const std::vector<std::string>& files, const std::set<std::string>& changed) {
    return std::ranges::any_of(files, [&](const auto& file) { return changed.contains(file); });
}

// What is wrong with the whole of a file is of little use without its name.
void name_file(config::Diagnostic& error, const std::string& file) {
    if (error.line > 0) return;
    error.message = config::printable(file) + ": " + error.message;
}

void log_error(LogWriter& log, const config::Diagnostic& error) {
    if (error.line < 1) return log.event(LogLevel::error, error.message);
    log.event(LogLevel::error, error.message,
              {{"line", std::to_string(error.line)}, {"column", std::to_string(error.column)}});
}

}  // namespace

std::vector<std::string> files_of(const config::Config& config) {
    std::vector<std::string> files = tls_files_of(config);
    for (const config::KeySource& source : config.key_sources) add_file(files, source.jwks_file);
    add_file(files, config.file);
    return files;
}

void Server::State::files_changed(const std::set<std::string>& changed) {
    const config::Config& config = snapshot->config;
    const bool keys_changed = std::ranges::any_of(config.key_sources, [&](const auto& source) {
        return !source.jwks_file.empty() && changed.contains(source.jwks_file);
    });
    if (keys_changed) keys->reload_files();
    // Half of it may let in more than all of it. When it is whole it is read, and the others with
    // it.
    if (files->is_being_written(config.file)) return;
    if (changed.contains(config.file)) return reload("the file changed");
    // Those of the next configuration may have been read already.
    if (any_of_them(tls_files_of(config), changed) ||
        (next && any_of_them(tls_files_of(next->snapshot->config), changed))) {
        return reload("a TLS file changed");
    }
    // It may be what a reload lacked that failed.
    if (reload_errors && !changed.empty()) reload("a file changed after a reload had failed");
}

void Server::State::reload(std::string_view cause) {
    if (!options.read_again || draining || finishing) return;
    // What is in use already is settled, whatever becomes of the one that comes.
    if (next && next->is_in_use) settle_in();
    next.reset();
    try {
        tell_reloading();
        config::LoadResult read = options.read_again();
        for (config::Diagnostic& error : read.errors) {
            name_file(error, snapshot->config.file);
            log_error(log, error);
        }
        if (!read.loaded) return reload_failed(std::move(read.errors));
        watch_also(read.loaded->config);
        Next coming{.warnings = read.loaded->warnings, .cause = std::string(cause)};
        coming.snapshot = make_snapshot(std::move(*read.loaded), ++generations);
        coming.addresses = make_addresses(*coming.snapshot);
        next = std::move(coming);
        // Whoever needs a name that has not resolved by then is told so, as at any other time.
        reload_time.set(names_patience);
        next->addresses->start([this, generation = generations] {
            // It may be in use by then, and another one be waiting.
            if (next && next->snapshot->generation == generation) reload_time.set({});
        });
    } catch (const std::exception& error) {
        log.event(LogLevel::error, error.what());
        reload_failed({{.message = error.what()}});
    }
}

// From before its files are read: what changes afterwards is heard of.
void Server::State::watch_also(const config::Config& coming) {
    if (!files) return;
    std::vector<std::string> all = files_of(snapshot->config);
    std::ranges::move(files_of(coming), std::back_inserter(all));
    files->watch(all);
}

void Server::State::reload_failed(std::vector<config::Diagnostic> why) {
    next.reset();
    reload_time.clear();
    ++reload_failures;
    log.event(LogLevel::error, "the configuration was not reloaded: the one before stays in use",
              {{"version", snapshot->version}});
    reload_errors = std::make_shared<const std::vector<config::Diagnostic>>(std::move(why));
    tell_ready();
}

// There is one reload at most under way, so that its time is nobody else's.
void Server::State::turn_over_or_wait() {
    if (!next) return;
    if (draining || finishing) return next.reset();
    try {
        if (!next->is_in_use && !turn_over()) return reload_time.set(until_asked_again);
        if (next) settle_in();
    } catch (const std::exception&) {
        // For want of memory: it goes on from where it is.
        reload_time.set(until_asked_again);
    }
}

bool Server::State::turn_over() {
    // Workers turn when they have the addresses of their upstreams, and not before.
    if (!next->resolved) return false;
    // Who waits for keys waits for those of the old configuration.
    const net::SteadyTime now = std::chrono::steady_clock::now();
    if (!next->turns_at) next->turns_at = now + keys_patience;
    if (keys->is_asked() && now < *next->turns_at) return false;
    try {
        // And hands them to the workers. What can fail does so before anything has changed.
        keys->reconfigure(next->snapshot->config.key_sources, next->snapshot->generation);
    } catch (const std::runtime_error& error) {
        log.event(LogLevel::error, error.what());
        reload_failed({{.message = error.what()}});
        return true;
    }
    snapshot = next->snapshot;
    each_worker([this](Worker& worker) {
        worker.use_snapshot(snapshot);
        worker.use_upstreams(next->resolved);
    });
    addresses = std::move(next->addresses);
    next->is_in_use = true;
    ++reloads;
    reload_errors = nullptr;
    in_use_since = shared.wall_now();
    return true;
}

// What no request waits for. May be begun again.
void Server::State::settle_in() {
    log.use(snapshot->config.logging);
    if (admin) admin->use(snapshot->config.admin);
    if (files) files->watch(files_of(snapshot->config));
    warnings = std::make_shared<const std::vector<config::Diagnostic>>(next->warnings);
    log.event(LogLevel::info, "configuration reloaded",
              {{"cause", next->cause},
               {"version", snapshot->version},
               {"routes", std::to_string(snapshot->policy.routes.size())}});
    log_warnings(log, *warnings);
    tell_limit();
    tell_what_waits();
    next.reset();
    tell_ready();
}

void Server::State::tell_what_waits() {
    std::string settings;
    const auto name = [&settings](bool differs, std::string_view setting) {
        if (!differs) return;
        if (!settings.empty()) settings += ", ";
        settings += setting;
    };
    const config::Config& config = snapshot->config;
    name(config.server.listen != server_at_start.listen, "server.listen");
    name(config.server.workers != server_at_start.workers, "server.workers");
    name(config.admin.listen != admin_at_start.listen, "admin.listen");
    awaiting_restart = settings;
    if (settings.empty()) return;
    log.event(LogLevel::warning, "what changed here takes effect at the next start",
              {{"settings", settings}});
}

}  // namespace bearergate::gateway
