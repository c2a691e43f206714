// Puts the gateway together, in order and by hand, and takes it apart again.

#include <bearergate/gateway/process.hpp>

#include "server_state.hpp"
#include "start_up_log.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <system_error>

namespace bearergate::gateway {

using config::LogLevel;

namespace {

constexpr std::size_t log_bytes_per_worker = 1024 * 1024;
// Half a second of P-384 verifications a thread that has a CPU: who would wait longer is told to
// come back.
constexpr std::size_t queued_signatures_per_thread = 1024;
constexpr std::size_t spare_descriptors = 16;
// Between two events that say the same.
constexpr std::chrono::minutes pace_of_telling{1};

std::size_t worker_count(const config::Server& server) {
    return server.workers == 0 ? usable_cpus() : server.workers;
}

[[noreturn]] void refuse_without_threads(const std::system_error& error) {
    throw std::runtime_error(
        fmt::format("not enough threads could be created: {}", error.code().message()));
}

LogLevel level_of(std::string_view name) {
    if (name == "error") return LogLevel::error;
    if (name == "debug") return LogLevel::debug;
    return name == "warning" ? LogLevel::warning : LogLevel::info;
}

}  // namespace

// ---- Putting it together

Server::State::State(config::Loaded loaded, Options its_options)
    : options(std::move(its_options)),
      warnings(std::make_shared<const std::vector<config::Diagnostic>>(loaded.warnings)),
      snapshot(make_snapshot(std::move(loaded), 1)),
      listening(snapshot->config.server.listen, worker_count(snapshot->config.server),
                options.inherited),
      log(snapshot->config.logging, options.log_line),
      server_at_start(snapshot->config.server),
      admin_at_start(snapshot->config.admin) {
    shared.wall_now = options.wall_now ? options.wall_now : [] {
        return core::WallTime(std::chrono::system_clock::now());
    };
    make_workers();
    make_keepers();
    started = in_use_since = shared.wall_now();
    make_observer();
    make_admin();
    refuse_strangers();
    if (options.read_again) watch_files();
    if (options.handle_signals) watch_signals();
    limit_connections();
}

// Clients must not have the descriptors that their requests need to go anywhere. Everything else
// that stays open is open now, but for fetches, lookups, files and who comes to the admin listener.
void Server::State::limit_connections() {
    const std::size_t fetches = snapshot->config.key_sources.size();
    shared.affordable = affordable_connections(descriptor_limit(),
                                               open_descriptors() + spare_descriptors + fetches);
}

void Server::State::tell_limit() {
    const std::size_t configured = snapshot->config.server.limits.connections;
    if (configured <= shared.affordable) return;
    log.event(LogLevel::warning,
              "fewer connections than configured: there are not enough file descriptors",
              {{"connections", std::to_string(shared.affordable)},
               {"configured", std::to_string(configured)},
               {"descriptors", std::to_string(descriptor_limit())}});
}

void Server::State::make_workers() {
    const std::size_t count = worker_count(snapshot->config.server);
    try {
        verifiers = std::make_unique<VerifierPool>(count, count * queued_signatures_per_thread);
    } catch (const std::system_error& error) {
        refuse_without_threads(error);
    }
    shared.verifiers = verifiers.get();
    shared.questions.ask = [this](const KeyQuestion& question) { keys->ask(question); };
    shared.find_room = [this] { each_worker([](Worker& worker) { worker.make_room(); }); };
    shared.held_back = [this](net::Listener::Pause why) {
        post([this, why] { tell_of_waiting(why); });
    };
    shared.unreached = [this](const Unreached& told) {
        post([this, told] {
            log.event(LogLevel::warning, "an upstream cannot be reached",
                      {{"upstream", told.upstream}, {"server", told.server}, {"what", told.why}});
        });
    };
    for (std::size_t i = 0; i < count; ++i) {
        workers.push_back(std::make_unique<Worker>(i, shared, snapshot, log_bytes_per_worker));
        workers.back()->listen(listening.take(i));
        log.add(workers.back()->log());
    }
}

void Server::State::make_keepers() {
    KeyKeeper::Hooks key_hooks{
        .publish =
            [this](const std::shared_ptr<const core::KeyRing>& ring, std::uint64_t generation) {
                each_worker([&](Worker& w) { w.use_keys(ring, generation); });
                keys_came.ring();
            },
        .answered =
            [this](const KeyQuestion& question, net::SteadyTime ask_again) {
                each_worker([&](Worker& w) { w.keys_answered(question, ask_again); });
            },
        .log =
            [this](std::string_view level, const std::string& issuer, const std::string& message) {
                log.event(level_of(level), message, {{"issuer", issuer}});
            }};
    keys = std::make_unique<KeyKeeper>(control, resolver, snapshot->config.key_sources,
                                       snapshot->generation, std::move(key_hooks));
    addresses = make_addresses(*snapshot);
}

std::unique_ptr<AddressKeeper> Server::State::make_addresses(const Snapshot& of) {
    struct Waking {
        Waking(asio::io_context& io) : alarm(io, [this] { keeper->wake(); }) {}
        net::Alarm alarm;
        AddressKeeper* keeper = nullptr;
    };
    const auto waking = std::make_shared<Waking>(control);  // goes with the keeper's hooks
    AddressKeeper::Hooks hooks{
        .resolve = [this](net::HostPort where,
                          auto done) { resolver.resolve(std::move(where), std::move(done)); },
        .schedule = [waking](std::chrono::milliseconds after) { waking->alarm.set(after); },
        .changed =
            [this, generation = of.generation](std::shared_ptr<const AddressKeeper::All> all) {
                if (generation == snapshot->generation) {
                    each_worker([&](Worker& w) { w.use_upstreams(all); });
                } else if (next && generation == next->snapshot->generation) {
                    next->resolved = std::move(all);
                }
            },
        .log =
            [this](std::string_view level, const std::string& host, const std::string& message) {
                log.event(level_of(level), message, {{"host", host}});
            }};
    auto keeper =
        std::make_unique<AddressKeeper>(of.config.upstreams, std::move(hooks), addresses.get());
    waking->keeper = keeper.get();
    return keeper;
}

// Nobody would ever accept from it, and its clients would wait for ever.
void Server::State::refuse_strangers() {
    if (options.inherited.empty()) return;
    const net::InheritedListener& stranger = options.inherited.front();
    throw std::runtime_error(
        fmt::format("the service manager passed a socket on {} (\"{}\"), which is not what "
                    "server.listen or admin.listen says",
                    stranger.address, stranger.name));
}

void Server::State::watch_files() {
    try {
        files = std::make_unique<FileWatch>(
            control, [this](const std::set<std::string>& changed) { files_changed(changed); });
        files->watch(files_of(snapshot->config));
    } catch (const std::system_error& error) {
        log.event(LogLevel::warning, "files are not watched: only SIGHUP reloads",
                  {{"what", error.code().message()}});
    }
}

void Server::State::watch_signals() {
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) signals.add(number);
    await_signal();
}

void Server::State::await_signal() {
    signals.async_wait(
        asio::bind_allocator(signal_room.allocator(), [this](const auto& error, int number) {
            if (error) return;
            await_signal();
            signalled(number);
        }));
}

// ---- Running

void Server::State::run_control() {
    post([this] {
        keys->start();
        names_time.set(names_patience);
        addresses->start([this] { names_time.set({}); });
        if (admin) admin->start();
    });
    // An exception here is a fault of ours or want of memory. What was being done is lost; to
    // stop refreshing keys altogether would be worse.
    for (bool again = true; again;) {
        try {
            control.run();
            again = false;
        } catch (const std::exception& error) {
            log.event(LogLevel::error, "the control thread goes on after a fault",
                      {{"what", error.what()}});
        }
    }
    if (!workers_run) release_workers(false);
    for (std::thread& thread : worker_threads) thread.join();
    verifiers.reset();
    next.reset();
    addresses.reset();
    admin.reset();
    observer.reset();
    files.reset();
    log.event(LogLevel::info, "stopped");
    log.stop();
    if (options.drained && draining) options.drained();
    const std::lock_guard lock(mutex);
    has_ended = true;
    ended.notify_all();
}

// Before anything else runs, so that a start without enough of them is none: clients of a worker
// that never ran would wait for ever.
void Server::State::hire_workers() {
    for (const auto& worker : workers) {
        worker_threads.emplace_back([this, &worker = *worker] {
            word.wait(Word::none);
            if (word == Word::run) worker.run();
        });
    }
}

void Server::State::release_workers(bool to_run) {
    word = to_run ? Word::run : Word::end;
    word.notify_all();
}

void Server::State::start_workers() {
    if (std::exchange(workers_run, true)) return;
    release_workers(true);
    look_whether_started();
}

void Server::State::each_worker(const std::function<void(Worker&)>& what) {
    for (const auto& worker : workers) what(*worker);
}

void Server::State::tell_of_waiting(net::Listener::Pause why) {
    const auto now = std::chrono::steady_clock::now();
    const auto [last, is_first] = told_of_waiting.try_emplace(why, now);
    if (!is_first && now - last->second < pace_of_telling) return;
    last->second = now;
    const std::string open = std::to_string(shared.connections.load());
    switch (why) {
        case net::Listener::Pause::full:
            log.event(LogLevel::warning,
                      "the limit of connections is reached: idle ones are closed, new ones wait",
                      {{"connections", open}});
            break;
        case net::Listener::Pause::exhausted:
            log.event(LogLevel::warning, "out of file descriptors: new connections wait",
                      {{"connections", open}});
            break;
    }
}

// ---- Taking it apart

void Server::State::signalled(int number) {
    if (number == SIGHUP) {
        log.event(LogLevel::info, "SIGHUP: files are read again");
        keys->reload_files();
        return reload("SIGHUP");
    }
    if (!draining) return begin_drain();
    log.event(LogLevel::warning, "second signal: exiting at once");
    log.stop(std::chrono::milliseconds(100));
    std::_Exit(1);
}

void Server::State::answer_wishes() {
    if (shall_stop) finish();
    if (shall_drain) begin_drain();
}

// First what has to be done, then what is told of it, which takes memory.
void Server::State::begin_drain() {
    if (finishing || std::exchange(draining, true)) return;
    drain_time.set(snapshot->config.server.timeouts.drain);
    log.event(LogLevel::info, "draining: no new connections, open ones end with their requests");
    start_workers();
    each_worker([this](Worker& worker) {
        worker.drain([this] {
            ++drained_workers;
            drained_one.ring();
        });
    });
    tell_stopping();
}

void Server::State::drain_is_over() {
    if (finishing) return;
    finish();
    log.event(LogLevel::warning, "drain time is over: cutting what is left",
              {{"connections", std::to_string(shared.connections.load())}});
}

void Server::State::look_whether_drained() {
    if (drained_workers == workers.size()) finish();
}

void Server::State::finish() {
    if (std::exchange(finishing, true)) return;
    each_worker([](Worker& worker) { worker.stop(); });
    control.stop();  // after this turn, whatever comes of what is left
    if (admin) admin->stop();
}

Server::State::~State() {
    if (control_thread.joinable()) {
        shall_stop = true;
        wishes.ring();
        control_thread.join();
        return;
    }
    // It has not been started, or could not be.
    release_workers(false);
    for (std::thread& thread : worker_threads) thread.join();
}

// ---- Server

Server::Server(config::Loaded loaded, Options options)
    : state_(std::make_unique<State>(std::move(loaded), std::move(options))) {}

Server::~Server() = default;

void Server::start() {
    State& state = *state_;
    try {
        state.log.start();
        state.hire_workers();
        log_start_up(state.log, *state.snapshot, *state.warnings, state.workers.size(),
                     state.listening, admin_port());
        log_unprotected(state.log, state.options.unprotected);
        state.tell_limit();
        state.control_thread = std::thread([&state] { state.run_control(); });
    } catch (const std::system_error& error) {
        refuse_without_threads(error);
    }
}

void Server::wait() {
    std::unique_lock lock(state_->mutex);
    state_->ended.wait(lock, [this] { return state_->has_ended; });
}

void Server::drain() {
    state_->shall_drain = true;
    state_->wishes.ring();
}

void Server::stop() {
    state_->shall_stop = true;
    state_->wishes.ring();
}

std::vector<std::uint16_t> Server::ports() const {
    return state_->listening.ports();
}

std::uint16_t Server::admin_port() const {
    return state_->admin ? state_->admin->port() : 0;
}

}  // namespace bearergate::gateway
