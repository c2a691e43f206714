#include <bearergate/gateway/waiting_room.hpp>

#include <utility>

namespace bearergate::gateway {

std::size_t WaitingRoom::bytes_of(std::string_view token) {
    constexpr std::size_t map_node = 48;
    return sizeof(Tokens::value_type) + map_node + token.size();
}

bool WaitingRoom::has_room_for(std::string_view token) const {
    return bytes_ + bytes_of(token) <= most_bytes_;
}

WaitingToken& WaitingRoom::enter(const TokenName& name, std::string_view token) {
    std::string text(token);  // first: what throws must leave the count as it was
    const auto [place, is_new] = tokens_.try_emplace(name);
    if (is_new) {
        place->second.text = std::move(text);
        bytes_ += bytes_of(token);
    }
    return place->second;
}

void WaitingRoom::leave(Place place) {
    bytes_ -= bytes_of(place->second.text);
    tokens_.erase(place);
}

std::size_t WaitingRoom::waiters() const {
    std::size_t count = 0;
    for (const auto& [name, token] : tokens_) count += token.waiters.size();
    return count;
}

void Deliveries::add(Waiters&& waiters, const Verdict& verdict) {
    for (VerdictWaiter& waiter : waiters) waiter.decide(verdict);
    decided_.splice(decided_.end(), waiters);
}

void Deliveries::deliver() {
    // One at a time from the front: whoever is answered may take others away with it.
    while (!decided_.empty()) decided_.front().tell();
}

}  // namespace bearergate::gateway
