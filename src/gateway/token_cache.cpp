#include <bearergate/gateway/token_cache.hpp>

#include <cstring>
#include <utility>

namespace bearergate::gateway {

namespace {

constexpr std::size_t no_slot = static_cast<std::size_t>(-1);
constexpr std::size_t first_slots = 64;
// How far the hand goes for one that was not used: eviction takes constant time even when all were.
constexpr int most_steps = 64;

std::uint64_t first_word(const TokenDigest& digest) {
    std::uint64_t word = 0;
    std::memcpy(&word, digest.data(), sizeof word);
    return word;
}

// The upper half tells most strangers apart before their digests are compared.
std::uint64_t slot_value(const TokenDigest& digest, std::size_t index) {
    return (first_word(digest) & 0xFFFF'FFFF'0000'0000U) | (index + 1);
}
std::size_t index_in(std::uint64_t slot) {
    return (slot & 0xFFFF'FFFFU) - 1;
}

// Where a thousand tokens are in use, one that comes again is in none of the CPU's caches. What a
// request reads of it is asked for all at once, and not waited for piece by piece (0.8 % less CPU a
// warm request).
void expect(const core::VerifiedToken& token) {
    constexpr std::size_t read_by_each = 192;
    static_assert(sizeof token > read_by_each);
    const auto* const bytes = reinterpret_cast<const char*>(&token);
    for (std::size_t at = 0; at <= read_by_each; at += TokenCache::cache_line) {
        __builtin_prefetch(bytes + at);
    }
    __builtin_prefetch(token.identity.own().data());
}

}  // namespace

TokenCache::TokenCache(std::size_t most_entries, std::size_t most_bytes)
    : most_entries_(most_entries), most_bytes_(most_bytes), slots_(first_slots) {
    static_assert(sizeof(Stored) == cache_line);
}

std::size_t TokenCache::home_of(const TokenDigest& digest) const {
    return first_word(digest) & (slots_.size() - 1);
}

std::size_t TokenCache::find_slot(const TokenDigest& digest) const {
    const std::uint64_t wanted = slot_value(digest, 0) >> 32;
    for (std::size_t slot = home_of(digest);; slot = (slot + 1) & (slots_.size() - 1)) {
        const std::uint64_t value = slots_[slot];
        if (value == 0) return no_slot;
        if (value >> 32 == wanted && entries_[index_in(value)].digest == digest) return slot;
    }
}

TokenCache::Entry* TokenCache::find(const TokenDigest& digest) {
    const std::size_t slot = find_slot(digest);
    if (slot == no_slot) return nullptr;
    Stored& stored = entries_[index_in(slots_[slot])];
    if (stored.entry.token) expect(*stored.entry.token);
    stored.used = true;
    return &stored.entry;
}

std::shared_ptr<const core::VerifiedToken> TokenCache::keep(const TokenDigest& digest,
                                                            core::VerifiedToken token,
                                                            std::uint64_t generation,
                                                            std::uint64_t keys_revision) {
    if (most_entries_ > 0) lists_.share(token);
    const std::size_t bytes = footprint(token);
    auto kept = std::make_shared<const core::VerifiedToken>(std::move(token));
    insert(digest, {kept, generation, keys_revision}, bytes);
    return kept;
}

void TokenCache::insert(const TokenDigest& digest, Entry entry, std::size_t bytes) {
    erase(digest);
    if (most_entries_ == 0 || bytes > most_bytes_) return;
    while (entries_.size() >= most_entries_ || bytes_ + bytes > most_bytes_) evict_one();
    if ((entries_.size() + 1) * 2 > slots_.size()) grow();
    // Unused to begin with: tokens that come once push out one another, not those in use.
    entries_.push_back({.digest = digest, .entry = std::move(entry), .bytes = bytes});
    bytes_ += bytes;
    link(entries_.size() - 1);
}

void TokenCache::erase(const TokenDigest& digest) {
    const std::size_t slot = find_slot(digest);
    if (slot != no_slot) remove(slot);
}

void TokenCache::link(std::size_t index) {
    const TokenDigest& digest = entries_[index].digest;
    std::size_t slot = home_of(digest);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = slot_value(digest, index);
}

// Moves back what only stood further on because of this slot, so that no grave stays behind.
void TokenCache::unlink(std::size_t slot) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = slot;
    for (std::size_t next = (hole + 1) & mask; slots_[next] != 0; next = (next + 1) & mask) {
        const std::size_t home = home_of(entries_[index_in(slots_[next])].digest);
        if (((next - home) & mask) < ((next - hole) & mask)) continue;
        slots_[hole] = slots_[next];
        hole = next;
    }
    slots_[hole] = 0;
}

void TokenCache::remove(std::size_t slot) {
    const std::size_t index = index_in(slots_[slot]);
    const std::size_t last = entries_.size() - 1;
    unlink(slot);
    bytes_ -= entries_[index].bytes;
    if (index != last) {
        const std::size_t moved = find_slot(entries_[last].digest);
        slots_[moved] = slot_value(entries_[last].digest, index);
        entries_[index] = std::move(entries_[last]);
    }
    entries_.pop_back();
}

void TokenCache::evict_one() {
    for (int step = 0; step < most_steps; ++step) {
        if (hand_ >= entries_.size()) hand_ = 0;
        if (!std::exchange(entries_[hand_].used, false)) break;
        ++hand_;
    }
    if (hand_ >= entries_.size()) hand_ = 0;
    ++evictions_;
    // The last entry takes this place, so the hand moves on past it: it is the newest.
    remove(find_slot(entries_[hand_].digest));
    ++hand_;
}

void TokenCache::grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (std::size_t index = 0; index < entries_.size(); ++index) link(index);
}

std::size_t footprint(const core::VerifiedToken& token) {
    const core::Claims& claims = token.claims;
    std::size_t bytes = sizeof token + core::bytes_of(claims.issuer) +
                        core::bytes_of(claims.subject) + claims.audience.bytes() +
                        claims.scopes.bytes() + token.identity.bytes() + claims.all.bytes();
    if (token.key_id) bytes += core::bytes_of(*token.key_id);
    if (claims.client) bytes += core::bytes_of(*claims.client);
    if (claims.organization) bytes += core::bytes_of(*claims.organization);
    return bytes;
}

}  // namespace bearergate::gateway
