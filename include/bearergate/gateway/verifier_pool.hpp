#pragma once

#include <bearergate/core/jwk.hpp>
#include <bearergate/gateway/token_cache.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace bearergate::gateway {

// Threads that verify expensive signatures, so that no event loop waits for P-384; they are nicer
// than the rest of the process. The queue is bounded: beyond it, requests are refused as
// `overloaded` instead of piling up.
class VerifierPool {
public:
    struct Job;
    using Jobs = std::list<Job>;  // they go from one list to the next without memory
    class Tray;

    // While the first of the queue has been there for longer than `patience`, none is taken. Throws
    // std::system_error when the system has no more threads.
    VerifierPool(std::size_t threads, std::size_t queue,
                 std::chrono::milliseconds patience = std::chrono::seconds(1));
    ~VerifierPool();  // finishes what runs, drops what is queued

    // False: the queue is full, or too slow to wait in.
    bool submit(Job job);
    std::size_t queued() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// A signature to look at, and what came of it.
struct VerifierPool::Job {
    std::shared_ptr<Tray> tray{};  // where it comes back to; not null
    TokenName name{};              // whose signature it is
    core::PublicKey key{};
    core::Algorithm algorithm{};
    std::string signed_text{};
    std::string signature{};
    std::chrono::steady_clock::time_point queued{};  // by submit()
    std::optional<bool> valid{};  // when it comes back; nothing: there was no memory to find out
};

// Where one worker's jobs come back to.
class VerifierPool::Tray {
public:
    // `ring` is called on the pool's threads: something has come. One ring may be for several.
    using Ring = std::move_only_function<void() noexcept>;
    explicit Tray(Ring ring) : ring_(std::move(ring)) {}

    void put(Jobs done);          // and rings
    Jobs take(std::size_t most);  // of those that have come; rings where it leaves any
    void close();                 // when this returns, nobody rings any more

private:
    void ring();

    std::mutex mutex_{};
    Jobs done_{};
    std::mutex bell_mutex_{};
    Ring ring_;
};

}  // namespace bearergate::gateway
