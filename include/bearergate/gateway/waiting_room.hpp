#pragma once

#include <bearergate/gateway/authenticator.hpp>
#include <bearergate/gateway/token_cache.hpp>

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::gateway {

using Waiters = boost::intrusive::list<VerdictWaiter, boost::intrusive::constant_time_size<false>>;

// One token that waits, for keys or for the verifier pool, however many requests carry it.
struct WaitingToken {
    std::string text{};
    std::shared_ptr<const Snapshot> snapshot{};
    std::size_t issuer = 0;
    std::optional<std::string> key_id{};
    core::Algorithm algorithm{};
    core::TokenTimes times{};
    core::WallTime arrived{};  // the moment by which its times are judged
    net::SteadyTime deadline{};
    net::SteadyTime lost{};  // when the pool, if it has it, counts as never to come back
    bool verifying = false;  // on the pool; else for keys
    Waiters waiters{};       // may become empty: clients vanish
};

// All that waits on one worker, bounded by what it holds in memory. In order, not hashed: nobody
// can make it slow by choosing tokens.
class WaitingRoom {
public:
    using Tokens = std::map<TokenName, WaitingToken>;
    using Place = Tokens::iterator;

    explicit WaitingRoom(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    bool has_room_for(std::string_view token) const;
    WaitingToken& enter(const TokenName& name, std::string_view token);
    void leave(Place place);

    Place find(const TokenName& name) { return tokens_.find(name); }
    Place begin() { return tokens_.begin(); }
    Place end() { return tokens_.end(); }
    bool empty() const { return tokens_.empty(); }
    std::size_t waiters() const;

private:
    static std::size_t bytes_of(std::string_view token);

    Tokens tokens_{};
    std::size_t bytes_ = 0;
    std::size_t most_bytes_;
};

// Verdicts collected while the room is looked through, delivered when that is over, also when it
// ends for want of memory: whoever gets one may come back with another token at once.
class Deliveries {
public:
    Deliveries() = default;
    Deliveries(const Deliveries&) = delete;
    Deliveries& operator=(const Deliveries&) = delete;
    ~Deliveries() { deliver(); }

    void add(Waiters&& waiters, const Verdict& verdict);  // needs no memory
    void deliver();

private:
    Waiters decided_{};
};

}  // namespace bearergate::gateway
