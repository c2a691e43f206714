#pragma once

#include <bearergate/core/authorize.hpp>
#include <bearergate/gateway/access_log.hpp>
#include <bearergate/gateway/authenticator.hpp>
#include <bearergate/gateway/metrics.hpp>
#include <bearergate/gateway/recent_refusals.hpp>
#include <bearergate/gateway/snapshot.hpp>
#include <bearergate/net/listener.hpp>
#include <bearergate/net/upstream_pool.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {

// A connection to an upstream that did not come about.
struct Unreached {
    std::string upstream{};  // its name
    std::string server{};    // its URL as it stands in the file
    std::string why{};
};

// What all workers share, and everything a test replaces. Outlives the workers.
struct Shared {
    std::function<core::WallTime()> wall_now{};
    VerifierPool* verifiers = nullptr;
    KeyQuestions questions{};                 // `ask` answers through Worker::keys_answered()
    std::atomic<std::size_t> connections{0};  // of the process, against limits.connections
    std::size_t affordable = std::numeric_limits<std::size_t>::max();  // whatever was configured
    // At the limit somebody waits, and this worker has no idle connection that could make room.
    std::function<void()> find_room{};
    // New connections wait, or others have gone for them; at most once a second from each worker.
    std::function<void(net::Listener::Pause)> held_back{};
    // At most once in ten seconds of each upstream, from each worker.
    std::function<void(const Unreached&)> unreached{};
};

// One thread's world: an event loop, listeners, sessions, upstream pools, token cache, counters.
// Nothing in it is shared on the hot path. All functions but the constructor, run() and
// the posting ones belong to its thread; those marked so may be called from any.
class Worker {
public:
    Worker(std::size_t index, Shared& shared, std::shared_ptr<const Snapshot> snapshot,
           std::size_t log_bytes);
    ~Worker();

    void listen(const std::vector<int>& descriptors);  // before run(); takes ownership
    void run();                                        // until stopped: the thread's body
    AccessRing& log();

    // From any thread: the worker does it soon, in this order, without memory a moment later. Only
    // keys_answered() and gather() may throw, for want of memory; gather() may drop `take`.
    void use_snapshot(std::shared_ptr<const Snapshot> snapshot);
    void use_keys(std::shared_ptr<const core::KeyRing> ring, std::uint64_t generation);
    void keys_answered(const KeyQuestion& question, net::SteadyTime ask_again = {});
    void use_upstreams(std::shared_ptr<const std::vector<net::UpstreamAddresses>> addresses);
    // Empties the accept queue, stops accepting, closes idle connections, lets requests in flight
    // end with `Connection: close`; `drained` is called on the worker's thread when all are gone.
    void drain(std::function<void()> drained);
    // Lets the connection go that has idled for longest, if the process is at its limit.
    void make_room();
    void stop();  // cuts what is left; run() returns
    struct Figures {
        Counters counters{};
        Authenticator::Figures tokens{};
        std::shared_ptr<const Snapshot> snapshot{};
        std::size_t idle_upstream_connections = 0;
        RefusalList refusals{};
    };
    void gather(std::function<void(Figures)> take);  // on the worker's thread

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bearergate::gateway
