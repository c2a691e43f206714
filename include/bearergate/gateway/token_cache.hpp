#pragma once

#include <bearergate/core/authorize.hpp>
#include <bearergate/gateway/common_lists.hpp>
#include <bearergate/gateway/token_hasher.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace bearergate::gateway {

// A token, under the policy by which it is judged.
struct TokenName {
    TokenDigest digest{};
    std::uint64_t generation = 0;  // of the policy
    friend auto operator<=>(const TokenName&, const TokenName&) = default;
};

// Verified tokens of one worker by their digest: only successes are in here, so nothing that
// fails verification can push anything out. Bounded in entries and in bytes; what was not used
// since the hand last passed goes first (second chance).
class TokenCache {
public:
    static constexpr std::size_t cache_line = 64;  // of the CPU

    TokenCache(std::size_t most_entries, std::size_t most_bytes);

    struct Entry {
        std::shared_ptr<const core::VerifiedToken> token{};
        std::uint64_t generation = 0;     // of the policy it was verified under
        std::uint64_t keys_revision = 0;  // of WorkerKeys, when its key was last seen among them
    };
    // Null when it is not there. Valid until the next change. Does not allocate.
    Entry* find(const TokenDigest& digest);
    // Inserts a token, which then shares with others what they have in common, and returns it.
    std::shared_ptr<const core::VerifiedToken> keep(const TokenDigest& digest,
                                                    core::VerifiedToken token,
                                                    std::uint64_t generation,
                                                    std::uint64_t keys_revision);
    // Replaces an entry with the same digest. `bytes`: what the token takes in memory.
    void insert(const TokenDigest& digest, Entry entry, std::size_t bytes);
    void erase(const TokenDigest& digest);

    std::size_t size() const { return entries_.size(); }
    std::size_t bytes() const { return bytes_; }
    std::uint64_t evictions() const { return evictions_; }

private:
    struct alignas(cache_line) Stored {
        TokenDigest digest{};
        Entry entry{};
        std::size_t bytes = 0;
        bool used = false;
    };
    std::size_t home_of(const TokenDigest& digest) const;
    std::size_t find_slot(const TokenDigest& digest) const;
    void link(std::size_t index);
    void unlink(std::size_t slot);
    void remove(std::size_t slot);
    void evict_one();
    void grow();

    CommonLists lists_{};
    std::size_t most_entries_;
    std::size_t most_bytes_;
    // Open addressing with linear probing, at most half full. A slot is 0 (empty), or half of a
    // digest's first word over the entry's index plus one.
    std::vector<std::uint64_t> slots_;
    std::vector<Stored> entries_{};
    std::size_t hand_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t evictions_ = 0;
};

// What a verified token occupies with all that it holds: an estimate, on the high side.
std::size_t footprint(const core::VerifiedToken& token);

}  // namespace bearergate::gateway
