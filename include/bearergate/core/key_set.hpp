#pragma once

#include <bearergate/core/jwk.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::core {

// Immutable: a refresh makes another. Two different keys with one kid that fit a common algorithm
// are both unusable and not in here; identical copies count once.
class KeySet {
public:
    KeySet() = default;
    explicit KeySet(std::vector<PublicKey> usable) : keys_(std::move(usable)) {}

    // The key for a token's kid and alg. A token without kid gets a key only if exactly one fits.
    const PublicKey* find(std::optional<std::string_view> id, Algorithm algorithm) const;
    std::span<const PublicKey> keys() const { return keys_; }
    bool empty() const { return keys_.empty(); }

private:
    std::vector<PublicKey> keys_{};
};

struct SkippedKey {
    std::string id;  // "" where the key has none; printable ASCII, at most 64 characters
    std::string why;
};
struct KeySetDocument {
    KeySet set{};
    std::vector<SkippedKey> skipped{};  // for the log
    // Ids, as a log may show them, of keys in the set whose private half stands beside them:
    // whoever can read the key set can sign by them.
    std::vector<std::string> lost{};
};
enum class KeySetFault : std::uint8_t {
    too_large,
    not_json,
    no_keys_array,
    too_many_keys,
    no_usable_key
};
std::string_view describe(KeySetFault fault);

inline constexpr std::size_t max_key_set_bytes = 256UL * 1024;
inline constexpr std::size_t max_key_set_keys = 100;

// Reads an RFC 7517 key set. A key that cannot be used is skipped, never the whole set; a set
// without a usable key is a fault.
Result<KeySetDocument, KeySetFault> parse_key_set(std::string_view text);

}  // namespace bearergate::core
