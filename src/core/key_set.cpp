#include <bearergate/core/key_set.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::core {

namespace {

constexpr int max_depth = 8;

// What a log may show of a key's id.
std::string printable(std::string_view id) {
    constexpr std::size_t max_size = 64;
    std::string text(id.substr(0, max_size));
    std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c > 0x7e; }, '?');
    return text;
}

bool identical(const PublicKey& a, const PublicKey& b) {
    return a.id == b.id && a.thumbprint == b.thumbprint && a.algorithms == b.algorithms;
}

// Whether a token could mean either key. To choose one would be to guess, and whoever can add a
// key to the set could then shadow another.
bool collide(const PublicKey& a, const PublicKey& b) {
    return a.id && a.id == b.id && a.thumbprint != b.thumbprint &&
           !(a.algorithms & b.algorithms).empty();
}

std::vector<PublicKey> without_collisions(const std::vector<PublicKey>& keys,
                                          std::vector<SkippedKey>& skipped) {
    std::vector<PublicKey> usable;
    for (const PublicKey& key : keys) {
        const auto collides = [&](const PublicKey& other) { return collide(key, other); };
        if (std::ranges::any_of(keys, collides)) {
            skipped.push_back({printable(*key.id), "shares its `kid` with a different key"});
        } else {
            usable.push_back(key);
        }
    }
    return usable;
}

}  // namespace

const PublicKey* KeySet::find(std::optional<std::string_view> id, Algorithm algorithm) const {
    const PublicKey* found = nullptr;
    for (const PublicKey& key : keys_) {
        if (!key.algorithms.contains(algorithm)) continue;
        if (id) {
            if (key.id == *id) return &key;
            continue;
        }
        if (found && found->thumbprint != key.thumbprint) return nullptr;
        if (!found) found = &key;
    }
    return found;
}

std::string_view describe(KeySetFault fault) {
    switch (fault) {
        case KeySetFault::too_large: return "is larger than 256 KiB";
        case KeySetFault::not_json: return "is not strict JSON";
        case KeySetFault::no_keys_array: return "is not an object with an array `keys`";
        case KeySetFault::too_many_keys: return "has more than 100 keys";
        case KeySetFault::no_usable_key: return "has no usable key";
    }
    return "cannot be used";
}

Result<KeySetDocument, KeySetFault> parse_key_set(std::string_view text) {
    if (text.size() > max_key_set_bytes) return std::unexpected(KeySetFault::too_large);
    const auto document = Json::parse(text, max_depth);
    if (!document) return std::unexpected(KeySetFault::not_json);
    const Json entries = document->at("keys");
    if (entries.type() != Json::Type::array) return std::unexpected(KeySetFault::no_keys_array);
    if (entries.size() > max_key_set_keys) return std::unexpected(KeySetFault::too_many_keys);

    KeySetDocument result;
    std::vector<PublicKey> keys;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const Json entry = entries.at(i);
        auto key = import_key(entry);
        const auto id = [&] { return printable(entry.at("kid").string().value_or("")); };
        if (key && has_private_members(entry)) result.lost.push_back(id());
        if (!key) {
            result.skipped.push_back({id(), std::string(describe(key.error()))});
        } else if (std::ranges::none_of(
                       keys, [&](const PublicKey& other) { return identical(*key, other); })) {
            keys.push_back(std::move(*key));
        }
    }
    result.set = KeySet(without_collisions(keys, result.skipped));
    if (result.set.empty()) return std::unexpected(KeySetFault::no_usable_key);
    return result;
}

}  // namespace bearergate::core
