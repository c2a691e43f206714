#pragma once

#include <bearergate/core/authorize.hpp>
#include <bearergate/gateway/snapshot.hpp>
#include <bearergate/gateway/worker_keys.hpp>
#include <bearergate/net/deadline.hpp>
#include <bearergate/net/signal.hpp>

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace bearergate::gateway {

using TokenPtr = std::shared_ptr<const core::VerifiedToken>;
// What checks 8 to 13a came to.
using Verdict = core::Result<TokenPtr, core::Reason>;

// A request's place in the queue for a verdict that was not to be had at once. Raises a bit of the
// request's Signal when the verdict is there. Destroying it leaves the queue.
class VerdictWaiter : public boost::intrusive::list_base_hook<
                          boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    VerdictWaiter(net::Signal& signal, net::Signal::Bits bits) : signal_(signal), bits_(bits) {}
    void answer(Verdict verdict) {
        decide(std::move(verdict));
        tell();
    }
    // The same in two steps.
    void decide(Verdict verdict) { verdict_ = std::move(verdict); }
    void tell() {
        unlink();
        signal_.raise(bits_);
    }
    // The verdict, once; to be asked after the bit was raised.
    std::optional<Verdict> take() { return std::exchange(verdict_, std::nullopt); }

private:
    net::Signal& signal_;
    net::Signal::Bits bits_;
    std::optional<Verdict> verdict_{};
};

// The control thread's side of key keeping, as a worker sees it.
struct KeyQuestions {
    // Fetches if that is allowed now (single flight, once in 10 s), and posts an answer to the
    // worker: call Authenticator::keys_answered() on its thread, after use_keys() if there are new
    // ones. May be called from any thread.
    std::function<void(const KeyQuestion&)> ask{};
};

class VerifierPool;

// Token text to verified token, on one worker: the cache of verified tokens, the worker's copy of
// the key ring, the verifier pool for expensive signatures, and the requests that wait for either.
class Authenticator {
public:
    struct Settings {
        std::size_t cache_entries = 10'000;
        std::chrono::milliseconds patience{2000};  // how long a request waits for keys
    };
    // `ring` is called on the pool's threads, until this is gone: call collect() on the worker's.
    Authenticator(Settings settings, VerifierPool& pool, KeyQuestions questions,
                  std::move_only_function<void() noexcept> ring);
    ~Authenticator();

    // Checks 8 to 13a for the text that core::bearer_token() gave. A verdict at once if it can be
    // had without waiting (a cache hit neither allocates nor does any I/O); else nothing, and the
    // waiter is answered later, at the latest when `patience` is over (swept by sweep()).
    // `may_wait` false (shadow routes): what would wait for keys is key_unknown or
    // keys_unavailable at once. The snapshot is kept while its requests wait.
    std::optional<Verdict> authenticate(std::string_view token,
                                        const std::shared_ptr<const Snapshot>& snapshot,
                                        core::WallTime now, net::SteadyTime steady_now,
                                        bool may_wait, VerdictWaiter& waiter);

    // New keys for all issuers of a snapshot's generation. Requests that wait are looked at again.
    // Until the first call, every issuer's first fetch counts as pending.
    void use_keys(std::shared_ptr<const core::KeyRing> ring, std::uint64_t generation);
    // A question has been answered: whoever still lacks a key gets its refusal, and before
    // `ask_again` no further question is posted, whatever key ids arrive.
    void keys_answered(const KeyQuestion& question, net::SteadyTime ask_again = {});
    // Answers those whose signatures the pool has looked at since.
    void collect();
    void sweep(net::SteadyTime now);
    // Another policy: whatever was verified under the one before is forgotten.
    void forget(std::size_t cache_entries);

    struct Figures {
        std::uint64_t hits = 0, misses = 0, evictions = 0, entries = 0, waiting = 0;
    };
    Figures figures() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bearergate::gateway
