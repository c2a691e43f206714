#include <bearergate/gateway/authenticator.hpp>
#include <bearergate/gateway/token_cache.hpp>
#include <bearergate/gateway/verifier_pool.hpp>
#include <bearergate/gateway/verifier_set.hpp>
#include <bearergate/gateway/waiting_room.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace bearergate::gateway {

namespace {

using core::Reason;

// What the cache may hold in memory for each entry that it is allowed, on average.
constexpr std::size_t cached_bytes_per_entry = 8 * 1024;
// What tokens that wait may hold in memory together; beyond it they are refused at once.
constexpr std::size_t most_waiting_bytes = 4 * 1024 * 1024;
// A verification that has not come back by then never will.
constexpr std::chrono::seconds lost_after{30};

// What the pool came to say of a signature, and with which key.
struct Proof {
    core::Thumbprint key{};
    bool valid = false;
};

// Where an examined token stands: decided, or what it lacks.
struct KeysPending {};
struct KeyMissing {};  // the issuer has keys, but not the one that it names
struct NeedsPool {
    core::PublicKey key{};
};
using Standing = std::variant<Verdict, KeysPending, KeyMissing, NeedsPool>;

Verdict refused(Reason reason) {
    return std::unexpected(reason);
}

}  // namespace

struct Authenticator::State {
    // A request, as authenticate() got it.
    struct Request {
        std::string_view token;
        const std::shared_ptr<const Snapshot>& snapshot;
        core::WallTime now;
        net::SteadyTime steady_now;
        bool may_wait;
        VerdictWaiter& waiter;
    };

    std::optional<Verdict> look_up(const TokenDigest& digest, const Request& request);
    std::optional<Verdict> join(WaitingToken& waiting, const TokenName& name,
                                const Request& request);
    std::optional<Verdict> examine(const TokenName& name, const Request& request);
    void enter(const core::Examined& examined, const TokenName& name, const Request& request,
               bool verifying);

    Standing judge(const core::Examined& examined, const TokenName& name, const Snapshot& snapshot,
                   const Proof* proof);
    Verdict admit(const core::Examined& examined, const core::PublicKey& key, const TokenName& name,
                  const Snapshot& snapshot);
    bool submit(const core::Examined& examined, const TokenName& name, const core::PublicKey& key);
    void complete(const VerifierPool::Job& job);
    std::optional<Verdict> look_again(const TokenName& name, WaitingToken& waiting,
                                      const Proof* proof);
    template <class Which>
    void look_again_at(Which which);

    bool may_still_come(const TokenName& name, std::size_t issuer) const {
        return keys.is_pending(name.generation, issuer) || keys.is_asked({issuer, name.generation});
    }
    Reason lack(const TokenName& name, std::size_t issuer) const {
        return keys.keys_of(name.generation, issuer) ? Reason::key_unknown
                                                     : Reason::keys_unavailable;
    }
    void ask_if_allowed(const TokenName& name, std::size_t issuer, net::SteadyTime now);

    Settings settings;
    VerifierPool& pool;
    KeyQuestions questions;
    // Shared with the jobs that are still on the pool.
    std::shared_ptr<VerifierPool::Tray> tray;
    TokenHasher hash{};
    TokenCache cache{settings.cache_entries, settings.cache_entries* cached_bytes_per_entry};
    VerifierSet verifiers{};
    WorkerKeys keys{};
    WaitingRoom room{most_waiting_bytes};
    std::optional<std::uint64_t> judged_generation{};  // that `keeps_payloads` is about
    bool keeps_payloads = true;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t former_evictions = 0;  // of caches that are no more
};

// A hit. It decides what a first look would: the text, header and issuer of these very bytes have
// passed, so the clock and the key are what is left to ask.
std::optional<Verdict> Authenticator::State::look_up(const TokenDigest& digest,
                                                     const Request& request) {
    TokenCache::Entry* const entry = cache.find(digest);
    const Snapshot& snapshot = *request.snapshot;
    if (!entry || entry->generation != snapshot.generation) return std::nullopt;
    const core::VerifiedToken& token = *entry->token;
    const core::TimeRules& rules = snapshot.policy.issuers[token.issuer].times;
    if (const auto reason = core::check_times(token.claims.times, rules, request.now)) {
        return refused(*reason);
    }
    // Keys seldom change, and what tells one from another lies in four places of memory.
    if (entry->keys_revision == keys.revision()) return entry->token;
    const core::KeySet* const set = keys.keys_of(entry->generation, token.issuer);
    if (!set) return std::nullopt;  // none now: the long way says what that means
    const core::PublicKey* const key = set->find(token.key_id, token.algorithm);
    if (key && key->thumbprint == token.key) {
        entry->keys_revision = keys.revision();
        return entry->token;
    }
    cache.erase(digest);
    return std::nullopt;
}

std::optional<Verdict> Authenticator::State::join(WaitingToken& waiting, const TokenName& name,
                                                  const Request& request) {
    const core::TimeRules& rules = waiting.snapshot->policy.issuers[waiting.issuer].times;
    if (const auto reason = core::check_times(waiting.times, rules, request.now)) {
        return refused(*reason);
    }
    if (!waiting.verifying && !request.may_wait) return refused(lack(name, waiting.issuer));
    if (waiting.waiters.empty()) {  // those before have gone: the time begins anew
        waiting.arrived = request.now;
        waiting.deadline = request.steady_now + settings.patience;
    }
    waiting.waiters.push_back(request.waiter);
    return std::nullopt;
}

std::optional<Verdict> Authenticator::State::examine(const TokenName& name,
                                                     const Request& request) {
    const Snapshot& snapshot = *request.snapshot;
    const auto examined = core::examine(request.token, snapshot.policy, request.now);
    if (!examined) return refused(examined.error());
    const std::size_t issuer = examined->issuer;
    const bool has_room = room.has_room_for(request.token);

    const Standing standing = judge(*examined, name, snapshot, nullptr);
    if (const auto* verdict = std::get_if<Verdict>(&standing)) {
        if (*verdict == refused(Reason::keys_unavailable)) {
            // Not worth waiting for, but worth knowing soon.
            ask_if_allowed(name, issuer, request.steady_now);
        }
        return *verdict;
    }
    if (const auto* needs = std::get_if<NeedsPool>(&standing)) {
        if (!has_room || !submit(*examined, name, needs->key)) return refused(Reason::overloaded);
        enter(*examined, name, request, true);
        return std::nullopt;
    }
    // The waiter is in its place before the question goes out: an answer may come at once.
    const bool worth_it =
        may_still_come(name, issuer) || keys.may_ask({issuer, name.generation}, request.steady_now);
    const bool waits = request.may_wait && has_room && worth_it;
    const Reason reason = lack(name, issuer);
    if (waits) enter(*examined, name, request, false);
    if (std::holds_alternative<KeyMissing>(standing)) {
        ask_if_allowed(name, issuer, request.steady_now);
    }
    if (waits) return std::nullopt;
    return refused(reason);
}

void Authenticator::State::enter(const core::Examined& examined, const TokenName& name,
                                 const Request& request, bool verifying) {
    WaitingToken& waiting = room.enter(name, request.token);
    waiting.snapshot = request.snapshot;
    waiting.issuer = examined.issuer;
    if (examined.header.key_id) waiting.key_id = std::string(*examined.header.key_id);
    waiting.algorithm = examined.header.algorithm;
    waiting.times = examined.times;
    waiting.arrived = request.now;
    waiting.deadline = request.steady_now + settings.patience;
    waiting.lost = waiting.deadline + lost_after;
    waiting.verifying = verifying;
    waiting.waiters.push_back(request.waiter);
}

Standing Authenticator::State::judge(const core::Examined& examined, const TokenName& name,
                                     const Snapshot& snapshot, const Proof* proof) {
    const core::KeyRing* const ring = keys.ring(name.generation);
    if (!ring || keys.is_pending(name.generation, examined.issuer)) return KeysPending{};
    const auto key = core::choose_key(examined, *ring);
    if (!key) {
        // Only a key that is named can be missing; a token that names none is told at once.
        const bool may_be_new = key.error() == Reason::key_unknown && examined.header.key_id;
        if (may_be_new) return KeyMissing{};
        return refused(key.error());
    }
    bool valid = false;
    if (proof && proof->key == (*key)->thumbprint) {
        valid = proof->valid;
    } else if (core::is_expensive(**key)) {
        return NeedsPool{**key};
    } else {
        valid = verifiers.verify(**key, examined.header.algorithm, examined.token.signed_text(),
                                 examined.token.signature());
    }
    if (!valid) return refused(Reason::signature_invalid);
    return admit(examined, **key, name, snapshot);
}

Verdict Authenticator::State::admit(const core::Examined& examined, const core::PublicKey& key,
                                    const TokenName& name, const Snapshot& snapshot) {
    auto token = core::admit(examined, key, snapshot.policy);
    if (!token) return refused(token.error());
    if (judged_generation != snapshot.generation) {
        judged_generation = snapshot.generation;
        const auto looks = [](const core::Route& route) { return !route.rule.claims.empty(); };
        keeps_payloads = std::ranges::any_of(snapshot.policy.routes, looks);
    }
    // Parsed, a payload takes many times its size: it stays only where a route looks into it.
    if (!keeps_payloads) token->claims.all = {};
    return cache.keep(name.digest, *std::move(token), snapshot.generation, keys.revision());
}

bool Authenticator::State::submit(const core::Examined& examined, const TokenName& name,
                                  const core::PublicKey& key) {
    return pool.submit({.tray = tray,
                        .name = name,
                        .key = key,
                        .algorithm = examined.header.algorithm,
                        .signed_text = std::string(examined.token.signed_text()),
                        .signature = std::string(examined.token.signature())});
}

void Authenticator::State::complete(const VerifierPool::Job& job) {
    const auto place = room.find(job.name);
    if (place == room.end()) return;
    Deliveries deliveries;
    // Nothing came of it for want of memory: whoever tries again has it looked at anew.
    std::optional<Verdict> verdict = refused(Reason::overloaded);
    if (job.valid) {
        const Proof proof{.key = job.key.thumbprint, .valid = *job.valid};
        try {
            // Also when nobody waits any more: whoever tries again finds it in the cache.
            verdict = look_again(job.name, place->second, &proof);
        } catch (const std::exception&) {
            // No memory for its claims: the same.
        }
    }
    if (!verdict) return;
    deliveries.add(std::move(place->second.waiters), *verdict);
    room.leave(place);
}

// What became of a token that waits; nothing when it still does.
std::optional<Verdict> Authenticator::State::look_again(const TokenName& name,
                                                        WaitingToken& waiting, const Proof* proof) {
    const core::KeySet* const set = keys.keys_of(name.generation, waiting.issuer);
    const bool has_key = set && set->find(waiting.key_id, waiting.algorithm);
    if (has_key) {
        const Snapshot& snapshot = *waiting.snapshot;
        const auto examined = core::examine(waiting.text, snapshot.policy, waiting.arrived);
        if (!examined) return refused(examined.error());
        const Standing standing = judge(*examined, name, snapshot, proof);
        if (const auto* verdict = std::get_if<Verdict>(&standing)) return *verdict;
        if (const auto* needs = std::get_if<NeedsPool>(&standing)) {
            if (!submit(*examined, name, needs->key)) return refused(Reason::overloaded);
            if (!waiting.verifying) waiting.deadline += settings.patience;
            waiting.lost = waiting.deadline + lost_after;
            waiting.verifying = true;
            return std::nullopt;
        }
    }
    waiting.verifying = false;
    if (may_still_come(name, waiting.issuer)) return std::nullopt;
    return refused(lack(name, waiting.issuer));
}

template <class Which>
void Authenticator::State::look_again_at(Which which) {
    Deliveries deliveries;
    for (auto place = room.begin(); place != room.end();) {
        const auto here = place++;
        auto& [name, waiting] = *here;
        if (waiting.verifying || !which(name, waiting)) continue;
        if (auto verdict = look_again(name, waiting, nullptr)) {
            deliveries.add(std::move(waiting.waiters), *verdict);
            room.leave(here);
        }
    }
}

void Authenticator::State::ask_if_allowed(const TokenName& name, std::size_t issuer,
                                          net::SteadyTime now) {
    const KeyQuestion question{.issuer = issuer, .generation = name.generation};
    if (!keys.may_ask(question, now)) return;
    keys.asked(question);
    try {
        questions.ask(question);
    } catch (...) {
        keys.answered(question, now);  // it has not gone out: the next one may ask
        throw;
    }
}

Authenticator::Authenticator(Settings settings, VerifierPool& pool, KeyQuestions questions,
                             std::move_only_function<void() noexcept> ring)
    : state_(new State{.settings = settings,
                       .pool = pool,
                       .questions = std::move(questions),
                       .tray = std::make_shared<VerifierPool::Tray>(std::move(ring))}) {}

Authenticator::~Authenticator() {
    state_->tray->close();
}

std::optional<Verdict> Authenticator::authenticate(std::string_view token,
                                                   const std::shared_ptr<const Snapshot>& snapshot,
                                                   core::WallTime now, net::SteadyTime steady_now,
                                                   bool may_wait, VerdictWaiter& waiter) {
    if (token.size() > snapshot->policy.token_bytes) return refused(Reason::token_too_large);
    const State::Request request{token, snapshot, now, steady_now, may_wait, waiter};
    const TokenDigest digest = state_->hash(token);
    if (auto verdict = state_->look_up(digest, request)) {
        ++state_->hits;
        return verdict;
    }
    ++state_->misses;
    const TokenName name{digest, snapshot->generation};
    if (const auto place = state_->room.find(name); place != state_->room.end()) {
        return state_->join(place->second, name, request);
    }
    return state_->examine(name, request);
}

void Authenticator::use_keys(std::shared_ptr<const core::KeyRing> ring, std::uint64_t generation) {
    if (!state_->keys.use(std::move(ring), generation)) return;
    state_->verifiers.clear();
    state_->look_again_at([generation](const TokenName& name, const WaitingToken&) {
        return name.generation == generation;
    });
}

void Authenticator::keys_answered(const KeyQuestion& question, net::SteadyTime ask_again) {
    state_->keys.answered(question, ask_again);
    state_->look_again_at([&question](const TokenName& name, const WaitingToken& waiting) {
        return name.generation == question.generation && waiting.issuer == question.issuer;
    });
}

void Authenticator::collect() {
    constexpr std::size_t most_in_a_row = 32;  // sockets want their turn, too
    const VerifierPool::Jobs done = state_->tray->take(most_in_a_row);
    for (const VerifierPool::Job& job : done) state_->complete(job);
}

void Authenticator::sweep(net::SteadyTime now) {
    WaitingRoom& room = state_->room;
    Deliveries deliveries;
    for (auto place = room.begin(); place != room.end();) {
        const auto here = place++;
        auto& [name, waiting] = *here;
        if (now < waiting.deadline) continue;
        const Reason reason =
            waiting.verifying ? Reason::overloaded : state_->lack(name, waiting.issuer);
        deliveries.add(std::move(waiting.waiters), refused(reason));
        // What is on the pool stays until that has spoken, so that nobody has it verified twice.
        if (!waiting.verifying || now >= waiting.lost) room.leave(here);
    }
}

void Authenticator::forget(std::size_t cache_entries) {
    TokenCache empty(cache_entries, cache_entries * cached_bytes_per_entry);
    state_->former_evictions += state_->cache.evictions();
    state_->settings.cache_entries = cache_entries;
    state_->cache = std::move(empty);
}

Authenticator::Figures Authenticator::figures() const {
    return {.hits = state_->hits,
            .misses = state_->misses,
            .evictions = state_->former_evictions + state_->cache.evictions(),
            .entries = state_->cache.size(),
            .waiting = state_->room.waiters()};
}

}  // namespace bearergate::gateway
