#pragma once

#include <bearergate/gateway/authenticator.hpp>
#include <bearergate/gateway/verifier_pool.hpp>

#include "support/authenticate.hpp"
#include "support/test_issuer.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

// An Authenticator at work, with a worker's loop, clocks and key questions that tests hold in hand.
namespace bearergate::gateway::desk {

using namespace std::chrono_literals;

// How the pool's threads call the worker; it comes when the test says so.
class Bell {
public:
    void ring() noexcept {
        const std::scoped_lock lock(mutex_);
        ++rings_;
        rang_.notify_all();
    }
    // Until it has rung once more; false when it does not.
    bool wait() {
        std::unique_lock lock(mutex_);
        if (!rang_.wait_for(lock, 20s, [this] { return rings_ > 0; })) return false;
        --rings_;
        return true;
    }

private:
    std::mutex mutex_{};
    std::condition_variable rang_{};
    std::size_t rings_ = 0;
};

// One request that authenticates a token.
struct Client {
    net::Signal signal{};
    VerdictWaiter waiter{signal, 1};

    // "ok", a reason's name, or "waits".
    std::string outcome() {
        if (auto verdict = waiter.take()) known = std::move(verdict);
        return known ? test::outcome(*known) : "waits";
    }
    std::optional<Verdict> known{};
};

inline std::shared_ptr<const Snapshot> make_snapshot_of(core::Policy policy,
                                                        std::uint64_t generation) {
    return std::make_shared<const Snapshot>(Snapshot{.config = {},
                                                     .policy = std::move(policy),
                                                     .hygiene = http::Hygiene({}, {}),
                                                     .generation = generation});
}

inline core::Policy policy_with(std::initializer_list<std::string> issuers) {
    core::Policy policy;
    for (const std::string& issuer : issuers) {
        policy.issuers.push_back({.name = issuer, .issuer = issuer});
    }
    policy.identity = core::default_identity_headers();
    return policy;
}

struct Desk {
    explicit Desk(core::Algorithm algorithm = core::Algorithm::es256, std::size_t pool_threads = 1,
                  std::size_t pool_queue = 64, std::size_t cache = 100)
        : issuer("https://issuer.example/oidc", algorithm), pool(pool_threads, pool_queue) {
        snapshot = make_snapshot_of(policy_with({issuer.issuer(), other.issuer()}), 1);
        KeyQuestions questions{.ask = [this](const KeyQuestion& question) {
            if (cannot_ask) throw std::bad_alloc();
            asked.push_back(question.issuer);
        }};
        authenticator = std::make_unique<Authenticator>(
            Authenticator::Settings{.cache_entries = cache}, pool, std::move(questions),
            [this]() noexcept { bell.ring(); });
    }

    void use(core::IssuerKeys keys, std::uint64_t generation = 1) {
        core::KeyRing ring{std::move(keys), test::keys_of(other.jwks())};
        authenticator->use_keys(std::make_shared<const core::KeyRing>(std::move(ring)), generation);
    }
    // Requests from now on belong to another configuration, with the same issuers.
    void turn_to_generation(std::uint64_t generation) {
        snapshot = make_snapshot_of(policy_with({issuer.issuer(), other.issuer()}), generation);
    }
    KeyQuestion about(std::size_t its_issuer) const {
        return {.issuer = its_issuer, .generation = snapshot->generation};
    }
    void use_issuers_keys() { use(test::keys_of(issuer.jwks())); }

    std::string begin(Client& client, const std::string& token, bool may_wait = true) {
        client.known =
            authenticator->authenticate(token, snapshot, now, steady, may_wait, client.waiter);
        return client.outcome();
    }
    // A request by itself, which leaves at once if it would have to wait.
    std::string outcome(const std::string& token, bool may_wait = true) {
        Client client;
        return begin(client, token, may_wait);
    }
    // Takes in what the pool has to say, when it rings; false when it does not.
    bool collect() {
        if (!bell.wait()) return false;
        authenticator->collect();
        return true;
    }
    // The same until nobody waits.
    bool collect_all() {
        while (authenticator->figures().waiting > 0) {
            if (!collect()) return false;
        }
        return true;
    }
    std::string token(int number) const {
        return issuer.token("{\"jti\":\"" + std::to_string(number) + "\"}");
    }

    test::Issuer issuer;
    test::Issuer other{"https://other.example"};
    Bell bell{};
    std::vector<std::size_t> asked{};
    bool cannot_ask = false;
    core::WallTime now = test::at(test::Issuer::issued_at + 60);
    net::SteadyTime steady{1000h};
    std::shared_ptr<const Snapshot> snapshot{};
    VerifierPool pool;  // ends before the bell does
    std::unique_ptr<Authenticator> authenticator{};
};

}  // namespace bearergate::gateway::desk
