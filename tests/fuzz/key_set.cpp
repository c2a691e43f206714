// Import of key sets: what comes out is fit for use, the same in any order, and proves nothing by
// itself.
#include <bearergate/core/key_set.hpp>
#include <bearergate/core/verifier.hpp>

#include "fuzz.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <string>

namespace bearergate::fuzz {

namespace {

using namespace core;
using nlohmann::json;

constexpr std::array algorithms{
    Algorithm::rs256, Algorithm::rs384, Algorithm::rs512, Algorithm::ps256, Algorithm::ps384,
    Algorithm::ps512, Algorithm::es256, Algorithm::es384, Algorithm::es512, Algorithm::eddsa};

void require_fit(const PublicKey& key) {
    require(key.handle != nullptr, "a key has its material");
    require(!key.algorithms.empty(), "and is for something");
    require((key.algorithms | algorithms_of(key.type)) == algorithms_of(key.type),
            "that its type can do");
    require(key.type != KeyType::rsa || (key.bits >= 2048 && key.bits <= 8192), "RSA of good size");
    (void)is_expensive(key);
}

// A key answers to its own kid and algorithms alone, and a signature that nobody made is refused.
void try_use(const KeySet& set, const PublicKey& key) {
    for (const Algorithm algorithm : algorithms) {
        const bool fits = key.algorithms.contains(algorithm);
        if (key.id && fits) {
            const PublicKey* found = set.find(*key.id, algorithm);
            require(found && found->thumbprint == key.thumbprint, "a kid means one key");
        }
        Verifier verifier(key, algorithm);
        require(!verifier.verify("a.b", ""), "an empty signature is none");
        for (const std::size_t size : {64U, 96U, 114U, 132U, 256U}) {
            require(!verifier.verify("a.b", std::string(size, '\0')), "zeros are no signature");
        }
    }
}

std::multiset<Thumbprint> thumbprints(const KeySet& set) {
    std::multiset<Thumbprint> result;
    for (const PublicKey& key : set.keys()) result.insert(key.thumbprint);
    return result;
}

void require_same_reversed(std::string_view text, const KeySet& set) {
    auto document = json::parse(text, nullptr, false);
    require(!document.is_discarded(), "a key set is JSON");
    std::reverse(document["keys"].begin(), document["keys"].end());
    const auto reversed = parse_key_set(document.dump());
    require(reversed && thumbprints(reversed->set) == thumbprints(set), "in any order the same");
}

}  // namespace

void try_input(std::string_view input) {
    const auto document = parse_key_set(input);
    if (!document) {
        require(!describe(document.error()).empty(), "a fault has words");
        return;
    }
    const KeySet& set = document->set;
    require(!set.empty() && set.keys().size() <= max_key_set_keys, "some keys, not too many");
    for (const SkippedKey& skipped : document->skipped) {
        const auto is_printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
        require(skipped.id.size() <= 64 &&
                    std::all_of(skipped.id.begin(), skipped.id.end(), is_printable),
                "an id for the log is printable");
        require(!skipped.why.empty(), "and there is a reason");
    }
    for (const PublicKey& key : set.keys()) {
        require_fit(key);
        try_use(set, key);
    }
    for (const Algorithm algorithm : algorithms) {
        const auto fits = [&](const PublicKey& key) { return key.algorithms.contains(algorithm); };
        std::set<Thumbprint> fitting;
        for (const PublicKey& key : set.keys()) {
            if (fits(key)) fitting.insert(key.thumbprint);
        }
        require((set.find(std::nullopt, algorithm) != nullptr) == (fitting.size() == 1),
                "without kid, one key must fit");
    }
    require_same_reversed(input, set);
}

}  // namespace bearergate::fuzz
