// One thread's world: it accepts, keeps the sessions, and takes in what the control thread posts.
#include <bearergate/gateway/session.hpp>
#include <bearergate/gateway/worker.hpp>
#include <bearergate/gateway/workplace.hpp>
#include <bearergate/net/doorbell.hpp>

#include "worker_mail.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <utility>

namespace bearergate::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds housekeeping_period{250};
constexpr std::chrono::seconds pace_of_telling{1};
// What could not begin for want of memory is begun again then.
constexpr std::chrono::milliseconds pause_before_beginning{100};
// Others post to a worker's loop, and that is locked; its sockets are its own, and need none (0.1
// µs a request).
constexpr int hint = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;

}  // namespace

struct Worker::State {
    using Sessions = boost::intrusive::list<Session, boost::intrusive::constant_time_size<false>>;

    State(Shared& shared, std::shared_ptr<const Snapshot> snapshot, std::size_t log_bytes)
        : place(std::make_unique<asio::io_context>(hint), shared, std::move(snapshot), log_bytes) {}
    ~State();

    void listen(int descriptor);
    std::size_t limit() const {
        return std::min(place.shared.affordable,
                        place.setup->snapshot->config.server.limits.connections);
    }
    bool is_full() const {
        return place.shared.connections.load(std::memory_order_relaxed) >= limit();
    }
    void make_room();
    void hold_back(net::Listener::Pause why);
    void tell(net::Listener::Pause why);
    void begin_session(net::Socket socket);
    void end_session(Session& session);
    void bury_sessions();
    void raise_in_all(event::Bits bits);
    net::Task<void> keep_house();
    bool begin();
    void read_mail();
    void do_what_it_says();
    void use_snapshot(std::shared_ptr<const Snapshot> snapshot);
    void use_upstreams(const std::shared_ptr<const std::vector<net::UpstreamAddresses>>& addresses);
    void use_next_setup();
    void drain(std::function<void()> when_drained);
    void stop();
    void look_whether_over();
    Figures figures();
    // From any thread: has the worker told by what `write` does to its mail.
    template <class Write>
    void tell_worker(const Write& write) {
        {
            const std::scoped_lock lock(mutex);
            write(letters);
        }
        mail_came.ring();
    }

    Workplace place;
    asio::executor_work_guard<asio::io_context::executor_type> work{place.io->get_executor()};
    std::shared_ptr<Setup> next_setup{};  // until its upstreams' addresses are known
    std::vector<std::unique_ptr<net::Listener>> listeners{};
    Sessions sessions{};
    Sessions ended{};
    std::function<void()> drained{};
    net::Signal housekeeping{};
    net::Deadline housekeeping_due{housekeeping, event::deadline};
    std::map<net::Listener::Pause, net::SteadyTime> told{};
    bool stopping = false;
    WorkerMail mail{};  // being done
    std::mutex mutex{};
    WorkerMail letters{};  // under the mutex: those that have come since
    net::Doorbell mail_came{*place.io, [this] { read_mail(); }};
    net::Doorbell somebody_died{*place.io, [this] { bury_sessions(); }};
};

Worker::State::~State() {
    const auto dispose = [](Session* session) { delete session; };
    ended.clear_and_dispose(dispose);
    sessions.clear_and_dispose(dispose);
}

// ---- Connections

void Worker::State::listen(int descriptor) {
    listeners.push_back(std::make_unique<net::Listener>(
        *place.io, descriptor, [this] { return !is_full() || !place.idle.empty(); },
        [this](net::Socket socket) { begin_session(std::move(socket)); },
        [this](net::Listener::Pause why) { hold_back(why); }));
}

// One that has nothing under way loses nothing but a handshake. Without this, whoever opens enough
// connections and says nothing on them, or never the end of anything, would shut everybody else
// out.
void Worker::State::make_room() {
    if (is_full()) place.idle.make_room();
}

void Worker::State::hold_back(net::Listener::Pause why) {
    tell(why);
    if (why == net::Listener::Pause::full && place.shared.find_room) place.shared.find_room();
}

void Worker::State::tell(net::Listener::Pause why) {
    const auto now = place.sweep.now();
    try {
        const auto [last, is_first] = told.try_emplace(why, now);
        if (!place.shared.held_back || (!is_first && now - last->second < pace_of_telling)) return;
        last->second = now;
        place.shared.held_back(why);
    } catch (const std::exception&) {
        // For want of memory: it is told the next time.
    }
}

void Worker::State::begin_session(net::Socket socket) {
    if (is_full()) {
        make_room();
        tell(net::Listener::Pause::full);
    }
    auto session = std::make_unique<Session>(place, std::move(socket));
    sessions.push_back(*session);
    net::spawn(session->run(),
               [this, begun = session.get()](const std::exception_ptr&) { end_session(*begun); });
    static_cast<void>(session.release());  // to the list
    place.shared.connections.fetch_add(1, std::memory_order_relaxed);
    ++place.counters.connections_accepted;
    ++place.counters.connections_open;
}

// An exception, if one ended it, has been noted down by its request. Whoever raised the session's
// last event may still be in the middle of it: it is destroyed later.
void Worker::State::end_session(Session& session) {
    session.unlink();
    ended.push_back(session);
    somebody_died.ring();
}

void Worker::State::bury_sessions() {
    while (!ended.empty()) {
        delete &ended.front();
        place.shared.connections.fetch_sub(1, std::memory_order_relaxed);
        --place.counters.connections_open;
    }
    look_whether_over();
}

void Worker::State::raise_in_all(event::Bits bits) {
    for (auto here = sessions.begin(); here != sessions.end();) {
        Session& session = *here++;  // may leave the list
        session.raise(bits);
    }
}

net::Task<void> Worker::State::keep_house() {
    place.sweep.add(housekeeping_due);
    while (!stopping) {
        housekeeping_due.set(place.sweep.now() + housekeeping_period);
        co_await housekeeping.any(event::deadline | event::stop);
        try {
            const auto now = place.sweep.now();
            place.authenticator.sweep(now);
            for (const auto& upstream : place.setup->upstreams) upstream->pool.sweep(now);
        } catch (const std::exception&) {
            // For want of memory; it may be there again next time.
        }
        read_mail();
    }
}

// Nobody is let in before the house is kept.
bool Worker::State::begin() {
    try {
        net::spawn(keep_house(), [](const std::exception_ptr&) {});
    } catch (const std::exception&) {
        return false;
    }
    // After what was said before now: a first client may have said all it has to say already, and
    // its request must find keys and addresses.
    read_mail();
    for (const auto& listener : listeners) listener->start();
    return true;
}

// ---- What the control thread says

void Worker::State::read_mail() {
    try {
        do_what_it_says();
    } catch (const std::exception&) {
        // For want of memory. The rest of it is done when the house is kept next.
    }
    // These come at any rate.
    if (auto when_drained = std::exchange(mail.drained, nullptr)) drain(std::move(when_drained));
    if (std::exchange(mail.stop, false)) stop();
}

void Worker::State::do_what_it_says() {
    {
        const std::scoped_lock lock(mutex);
        mail.take(letters);
    }
    if (std::exchange(mail.make_room, false)) make_room();
    for (WorkerMail::Keys& keys : mail.keys) {
        if (keys.ring) place.authenticator.use_keys(keys.ring, keys.generation);
        keys = {};
    }
    while (!mail.answers.empty()) {
        const auto [question, ask_again] = mail.answers.front();
        mail.answers.erase(mail.answers.begin());
        place.authenticator.keys_answered(question, ask_again);
    }
    if (mail.snapshot) use_snapshot(mail.snapshot);
    mail.snapshot = nullptr;
    if (mail.addresses) use_upstreams(mail.addresses);
    mail.addresses = nullptr;
    use_next_setup();
}

void Worker::State::use_snapshot(std::shared_ptr<const Snapshot> snapshot) {
    next_setup = make_setup(std::move(snapshot), place.setup.get(), place.upstream_buffers);
}

void Worker::State::use_upstreams(
    const std::shared_ptr<const std::vector<net::UpstreamAddresses>>& addresses) {
    const auto& upstreams = next_setup ? next_setup->upstreams : place.setup->upstreams;
    for (std::size_t i = 0; i < std::min(upstreams.size(), addresses->size()); ++i) {
        upstreams[i]->turn_to({addresses, &(*addresses)[i]});
    }
}

void Worker::State::use_next_setup() {
    if (!next_setup || !next_setup->is_ready()) return;
    place.authenticator.forget(next_setup->snapshot->config.server.cache);
    place.counters.turn_to(next_setup->snapshot->policy, place.setup->snapshot->policy);
    retire_what_goes(*place.setup, *next_setup);
    place.setup = std::exchange(next_setup, nullptr);
    if (!shows_refusals(place.setup->snapshot->config)) place.refusals.forget();
}

void Worker::State::drain(std::function<void()> when_drained) {
    place.draining = true;
    drained = std::move(when_drained);
    for (const auto& listener : listeners) listener->drain();
    raise_in_all(event::drain);
    look_whether_over();
}

void Worker::State::stop() {
    stopping = true;
    listeners.clear();
    raise_in_all(event::stop);
    housekeeping.raise(event::stop);
    look_whether_over();
}

void Worker::State::look_whether_over() {
    if (!sessions.empty() || !ended.empty()) return;
    if (place.draining && drained) std::exchange(drained, nullptr)();
    if (stopping) place.io->stop();
}

Worker::Figures Worker::State::figures() {
    std::size_t idle = 0;
    for (const auto& upstream : place.setup->upstreams) idle += upstream->pool.size();
    return {.counters = place.counters,
            .tokens = place.authenticator.figures(),
            .snapshot = place.setup->snapshot,
            .idle_upstream_connections = idle,
            .refusals = place.refusals.list()};
}

// ---- Worker

Worker::Worker(std::size_t, Shared& shared, std::shared_ptr<const Snapshot> snapshot,
               std::size_t log_bytes)
    : state_(std::make_unique<State>(shared, std::move(snapshot), log_bytes)) {}

Worker::~Worker() = default;

void Worker::listen(const std::vector<int>& descriptors) {
    for (const int descriptor : descriptors) state_->listen(descriptor);
}

void Worker::run() {
    asio::io_context& io = *state_->place.io;
    state_->place.sweep.start();
    bool has_begun = false;
    while (!io.stopped()) {
        try {
            has_begun = has_begun || state_->begin();
            if (has_begun) {
                io.run();
            } else {
                io.run_for(pause_before_beginning);
            }
        } catch (const std::exception&) {
            // Thrown by something posted, for want of memory. The sessions go on.
        }
    }
    state_->place.sweep.stop();
}

AccessRing& Worker::log() {
    return state_->place.log;
}

void Worker::use_snapshot(std::shared_ptr<const Snapshot> snapshot) {
    state_->tell_worker([&](WorkerMail& mail) { mail.put(std::move(snapshot)); });
}

void Worker::use_keys(std::shared_ptr<const core::KeyRing> ring, std::uint64_t generation) {
    state_->tell_worker([&](WorkerMail& mail) {
        mail.put(WorkerMail::Keys{.ring = std::move(ring), .generation = generation});
    });
}

void Worker::keys_answered(const KeyQuestion& question, net::SteadyTime ask_again) {
    state_->tell_worker([&](WorkerMail& mail) { mail.answers.push_back({question, ask_again}); });
}

void Worker::use_upstreams(std::shared_ptr<const std::vector<net::UpstreamAddresses>> addresses) {
    state_->tell_worker([&](WorkerMail& mail) { mail.addresses = std::move(addresses); });
}

void Worker::drain(std::function<void()> drained) {
    state_->tell_worker([&](WorkerMail& mail) { mail.drained = std::move(drained); });
}

void Worker::make_room() {
    state_->tell_worker([](WorkerMail& mail) { mail.make_room = true; });
}

void Worker::stop() {
    state_->tell_worker([](WorkerMail& mail) { mail.stop = true; });
}

void Worker::gather(std::function<void(Figures)> take) {
    asio::post(*state_->place.io,
               [state = state_.get(), take = std::move(take)] { take(state->figures()); });
}

}  // namespace bearergate::gateway
