#pragma once

#include <bearergate/gateway/address_keeper.hpp>
#include <bearergate/gateway/admin.hpp>
#include <bearergate/gateway/exposition.hpp>
#include <bearergate/gateway/file_watch.hpp>
#include <bearergate/gateway/key_keeper.hpp>
#include <bearergate/gateway/listening.hpp>
#include <bearergate/gateway/log_writer.hpp>
#include <bearergate/gateway/observer.hpp>
#include <bearergate/gateway/server.hpp>
#include <bearergate/gateway/supervisor.hpp>
#include <bearergate/gateway/verifier_pool.hpp>
#include <bearergate/gateway/worker.hpp>
#include <bearergate/net/alarm.hpp>
#include <bearergate/net/doorbell.hpp>
#include <bearergate/net/operation_room.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace bearergate::gateway {

namespace asio = boost::asio;

// How long clients at start, and a reload, wait for upstreams' names to resolve.
inline constexpr std::chrono::seconds names_patience{2};

// Every file that a configuration stands in or names.
std::vector<std::string> files_of(const config::Config& config);

// Everything that `run` is made of. server.cpp puts it together and takes it apart, reload.cpp
// turns it to another configuration, server_admin.cpp tells operators of it, standing.cpp a
// service manager.
struct Server::State {
    State(config::Loaded loaded, Options its_options);
    ~State();

    void make_workers();
    void make_keepers();
    std::unique_ptr<AddressKeeper> make_addresses(const Snapshot& of);
    void make_observer();
    void make_admin();
    void refuse_strangers();
    void watch_files();
    void watch_signals();
    void await_signal();

    void hire_workers();
    void run_control();
    void start_workers();
    void release_workers(bool to_run);
    void answer_wishes();
    void begin_drain();
    void drain_is_over();
    void look_whether_drained();
    void finish();
    void signalled(int number);

    // Reloading: the file is read, then the names in it are resolved, then everything turns over.
    void files_changed(const std::set<std::string>& files);
    void reload(std::string_view cause);
    void watch_also(const config::Config& coming);
    void turn_over_or_wait();
    bool turn_over();  // false: not yet
    void settle_in();
    void reload_failed(std::vector<config::Diagnostic> why);
    void tell_what_waits();

    // Told to the supervisor, if there is one.
    void look_whether_started();
    void tell_ready();
    void tell_reloading();
    void tell_stopping();
    void tell(bool was_delivered);
    std::string standing() const;

    void limit_connections();
    void tell_limit();
    void tell_of_waiting(net::Listener::Pause why);
    Readiness readiness() const;
    const ProcessFigures& process();
    void add_observed(Observation& to);
    void each_worker(const std::function<void(Worker&)>& what);
    template <class What>
    void post(What&& what) {
        asio::post(control, std::forward<What>(what));
    }

    Options options;
    Diagnoses warnings;
    std::shared_ptr<const Snapshot> snapshot;
    Listening listening;
    net::OperationRoom signal_room{};  // outlives the operations of the loop
    asio::io_context control{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{control.get_executor()};
    net::Resolver resolver{control, options.look_up};
    asio::signal_set signals{control};
    net::Alarm names_time{control, [this] { start_workers(); }};
    net::Alarm reload_time{control, [this] { turn_over_or_wait(); }};
    net::Alarm drain_time{control, [this] { drain_is_over(); }};
    Shared shared{};
    std::unique_ptr<VerifierPool> verifiers{};
    std::vector<std::unique_ptr<Worker>> workers{};
    LogWriter log;  // behind the workers: it reads their rings to its end
    std::unique_ptr<KeyKeeper> keys{};
    std::unique_ptr<AddressKeeper> addresses{};
    std::unique_ptr<Observer> observer{};
    Exposition exposition{};
    std::unique_ptr<Admin> admin{};
    std::unique_ptr<FileWatch> files{};
    const config::Server server_at_start;  // what of it cannot change before the next start
    const config::Admin admin_at_start;

    // A configuration that is read and right, and waits for its names to resolve.
    struct Next {
        std::shared_ptr<const Snapshot> snapshot{};
        std::unique_ptr<AddressKeeper> addresses{};
        std::shared_ptr<const AddressKeeper::All> resolved{};
        std::vector<config::Diagnostic> warnings{};
        std::string cause{};
        std::optional<net::SteadyTime> turns_at{};  // whoever still waits for keys by then
        bool is_in_use = false;                     // what is left is what no request waits for
    };

    // Of the control thread.
    std::optional<Next> next{};
    std::map<net::Listener::Pause, net::SteadyTime> told_of_waiting{};
    std::uint64_t generations = 1;
    std::uint64_t reloads = 0;
    std::uint64_t reload_failures = 0;
    Diagnoses reload_errors{};       // of the last reload, if that failed
    std::string awaiting_restart{};  // settings
    core::WallTime started{};
    core::WallTime in_use_since{};  // the configuration
    std::optional<std::pair<net::SteadyTime, ProcessFigures>> process_read{};
    Supervisor supervisor{options.notify_socket};
    bool told_ready = false;
    bool told_of_silence = false;
    std::vector<std::thread> worker_threads{};
    enum class Word : int { none, run, end };
    std::atomic<Word> word = Word::none;  // that their threads wait for
    std::atomic<std::size_t> drained_workers = 0;
    bool workers_run = false;
    bool draining = false;
    bool finishing = false;

    // From other threads.
    std::atomic<bool> shall_drain = false;
    std::atomic<bool> shall_stop = false;
    net::Doorbell wishes{control, [this] { answer_wishes(); }};
    net::Doorbell drained_one{control, [this] { look_whether_drained(); }};
    net::Doorbell keys_came{control, [this] { look_whether_started(); }};

    std::thread control_thread{};
    std::mutex mutex{};
    std::condition_variable ended{};
    bool has_ended = false;  // under the mutex
};

}  // namespace bearergate::gateway
