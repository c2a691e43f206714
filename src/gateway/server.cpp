// Puts the gateway together, in order and by hand, and takes it apart again.

#include <bearergate/gateway/address_keeper.hpp>
#include <bearergate/gateway/admin.hpp>
#include <bearergate/gateway/key_keeper.hpp>
#include <bearergate/gateway/log_writer.hpp>
#include <bearergate/gateway/process.hpp>
#include <bearergate/gateway/server.hpp>
#include <bearergate/gateway/verifier_pool.hpp>
#include <bearergate/gateway/worker.hpp>

#include "listening.hpp"
#include "start_up_log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace bearergate::gateway {

namespace asio = boost::asio;
using config::LogLevel;

namespace {

constexpr std::size_t log_bytes_per_worker = 1024 * 1024;
// Half a second of P-384 verifications a thread: who would wait longer is told to come back.
constexpr std::size_t queued_signatures_per_thread = 1024;
// How long clients wait in the kernel's queue for the upstreams' names to resolve at start.
constexpr std::chrono::seconds names_patience{2};

std::size_t worker_count(const config::Server& server) {
    return server.workers == 0 ? usable_cpus() : server.workers;
}

LogLevel level_of(std::string_view name) {
    if (name == "error") return LogLevel::error;
    return name == "warning" ? LogLevel::warning : LogLevel::info;
}

}  // namespace

struct Server::State {
    State(config::Loaded loaded, Options its_options);
    ~State();

    void make_workers();
    void make_keepers();
    void make_admin();
    void watch_signals();

    void run_control();
    void start_workers();
    void begin_drain();
    void worker_drained();
    void finish();
    void signalled(int number);
    Readiness readiness() const;
    void each_worker(const std::function<void(Worker&)>& what);
    template <class What>
    void post(What&& what) {
        asio::post(control, std::forward<What>(what));
    }

    Options options;
    std::vector<config::Diagnostic> warnings;
    std::shared_ptr<const Snapshot> snapshot;
    Listening listening;
    asio::io_context control{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{control.get_executor()};
    net::Resolver resolver{control};
    asio::signal_set signals{control};
    asio::steady_timer names_timer{control};
    asio::steady_timer lookup_timer{control};
    asio::steady_timer drain_timer{control};
    Shared shared{};
    std::unique_ptr<VerifierPool> verifiers{};
    std::vector<std::unique_ptr<Worker>> workers{};
    LogWriter log;  // behind the workers: it reads their rings to its end
    std::unique_ptr<KeyKeeper> keys{};
    std::unique_ptr<AddressKeeper> addresses{};
    std::unique_ptr<Admin> admin{};

    // Of the control thread.
    std::vector<std::thread> worker_threads{};
    std::size_t undrained = 0;
    bool workers_run = false;
    bool draining = false;
    bool finishing = false;

    std::thread control_thread{};
    std::mutex mutex{};
    std::condition_variable ended{};
    bool has_ended = false;  // under the mutex
};

// ---- Putting it together

Server::State::State(config::Loaded loaded, Options its_options)
    : options(std::move(its_options)),
      warnings(loaded.warnings),
      snapshot(make_snapshot(std::move(loaded), 1)),
      listening(snapshot->config.server.listen, worker_count(snapshot->config.server)),
      log(snapshot->config.logging, options.log_line) {
    shared.wall_now = options.wall_now ? options.wall_now : [] {
        return core::WallTime(std::chrono::system_clock::now());
    };
    make_workers();
    make_keepers();
    make_admin();
    if (options.handle_signals) watch_signals();
}

void Server::State::make_workers() {
    const std::size_t count = worker_count(snapshot->config.server);
    verifiers = std::make_unique<VerifierPool>(count, count * queued_signatures_per_thread);
    shared.verifiers = verifiers.get();
    shared.questions.ask = [this](std::size_t issuer) { keys->ask(issuer); };
    for (std::size_t i = 0; i < count; ++i) {
        workers.push_back(std::make_unique<Worker>(i, shared, snapshot, log_bytes_per_worker));
        workers.back()->listen(listening.take(i));
        log.add(workers.back()->log());
    }
}

void Server::State::make_keepers() {
    KeyKeeper::Hooks key_hooks{
        .publish =
            [this](const std::shared_ptr<const core::KeyRing>& ring) {
                each_worker([&](Worker& w) { w.use_keys(ring, snapshot->generation); });
            },
        .answered =
            [this](std::size_t issuer, net::SteadyTime ask_again) {
                each_worker([&](Worker& w) { w.keys_answered(issuer, ask_again); });
            },
        .log =
            [this](std::string_view level, const std::string& issuer, const std::string& message) {
                log.event(level_of(level), message, {{"issuer", issuer}});
            }};
    keys = std::make_unique<KeyKeeper>(control, resolver, snapshot->config.key_sources,
                                       std::move(key_hooks));
    AddressKeeper::Hooks address_hooks{
        .resolve = [this](net::HostPort where,
                          auto done) { resolver.resolve(std::move(where), std::move(done)); },
        .schedule =
            [this](std::chrono::milliseconds after, std::function<void()> what) {
                lookup_timer.expires_after(after);
                lookup_timer.async_wait([what = std::move(what)](const auto& error) {
                    if (!error) what();
                });
            },
        .changed =
            [this](const std::shared_ptr<const AddressKeeper::All>& all) {
                each_worker([&](Worker& w) { w.use_upstreams(all); });
            },
        .log =
            [this](std::string_view level, const std::string& host, const std::string& message) {
                log.event(level_of(level), message, {{"host", host}});
            }};
    addresses =
        std::make_unique<AddressKeeper>(snapshot->config.upstreams, std::move(address_hooks));
}

void Server::State::make_admin() {
    const config::Admin& settings = snapshot->config.admin;
    if (!settings.listen) return;
    try {
        admin = std::make_unique<Admin>(
            control, settings, Admin::Sources{.readiness = [this] { return readiness(); }});
    } catch (const std::system_error& error) {
        throw cannot_listen(*settings.listen, error);
    }
}

void Server::State::watch_signals() {
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) signals.add(number);
    signals.async_wait([this](const auto& error, int number) {
        if (error) return;
        watch_signals();
        signalled(number);
    });
}

// ---- Running

void Server::State::run_control() {
    post([this] {
        keys->start();
        names_timer.expires_after(names_patience);
        names_timer.async_wait([this](const auto&) { start_workers(); });
        addresses->start([this] { names_timer.cancel(); });
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
    for (std::thread& thread : worker_threads) thread.join();
    verifiers.reset();  // its threads post to workers: before them
    addresses.reset();
    admin.reset();
    log.event(LogLevel::info, "stopped");
    log.stop();
    if (options.drained && draining) options.drained();
    const std::lock_guard lock(mutex);
    has_ended = true;
    ended.notify_all();
}

void Server::State::start_workers() {
    if (std::exchange(workers_run, true)) return;
    for (const auto& worker : workers) {
        worker_threads.emplace_back([&worker = *worker] { worker.run(); });
    }
}

void Server::State::each_worker(const std::function<void(Worker&)>& what) {
    for (const auto& worker : workers) what(*worker);
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

// ---- Taking it apart

void Server::State::signalled(int number) {
    if (number == SIGHUP) {
        log.event(LogLevel::info, "SIGHUP: key files are read again");
        return keys->reload_files();
    }
    if (!draining) return begin_drain();
    log.event(LogLevel::warning, "second signal: exiting at once");
    log.stop(std::chrono::milliseconds(100));
    std::_Exit(1);
}

void Server::State::begin_drain() {
    if (finishing || std::exchange(draining, true)) return;
    log.event(LogLevel::info, "draining: no new connections, open ones end with their requests");
    start_workers();
    undrained = workers.size();
    each_worker(
        [this](Worker& worker) { worker.drain([this] { post([this] { worker_drained(); }); }); });
    drain_timer.expires_after(snapshot->config.server.timeouts.drain);
    drain_timer.async_wait([this](const auto& error) {
        if (error || finishing) return;
        log.event(LogLevel::warning, "drain time is over: cutting what is left",
                  {{"connections", std::to_string(shared.connections.load())}});
        finish();
    });
}

void Server::State::worker_drained() {
    if (--undrained == 0) finish();
}

void Server::State::finish() {
    if (std::exchange(finishing, true)) return;
    each_worker([](Worker& worker) { worker.stop(); });
    if (admin) admin->stop();
    control.stop();
}

Server::State::~State() {
    if (control_thread.joinable()) {
        post([this] { finish(); });
        control_thread.join();
    }
}

// ---- Server

Server::Server(config::Loaded loaded, Options options)
    : state_(std::make_unique<State>(std::move(loaded), std::move(options))) {}

Server::~Server() = default;

void Server::start() {
    state_->log.start();
    log_start_up(state_->log, *state_->snapshot, state_->warnings, state_->workers.size(), ports(),
                 admin_port());
    state_->control_thread = std::thread([state = state_.get()] { state->run_control(); });
}

void Server::wait() {
    std::unique_lock lock(state_->mutex);
    state_->ended.wait(lock, [this] { return state_->has_ended; });
}

void Server::drain() {
    state_->post([state = state_.get()] { state->begin_drain(); });
}

void Server::stop() {
    state_->post([state = state_.get()] { state->finish(); });
}

std::vector<std::uint16_t> Server::ports() const {
    return state_->listening.ports();
}

std::uint16_t Server::admin_port() const {
    return state_->admin ? state_->admin->port() : 0;
}

}  // namespace bearergate::gateway
