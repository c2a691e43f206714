#include <bearergate/gateway/common_lists.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace bearergate::gateway {

namespace {

// Each list has one place, which the last one has that came to it: whoever makes many of them takes
// time and memory from nobody, and at most sharing. Together at most a megabyte.
constexpr std::size_t places = 512;
constexpr std::size_t most_bytes = 2UL * 1024;

std::size_t place_of(const core::TextList& list) {
    std::size_t hash = list.size();
    for (const std::string& text : list) hash = hash * 31 + std::hash<std::string_view>()(text);
    return hash % places;
}

}  // namespace

CommonLists::CommonLists() : places_(places) {}

void CommonLists::share(core::VerifiedToken& token) {
    token.claims.audience = known(token.claims.audience);
    token.claims.scopes = known(token.claims.scopes);
    token.identity.share_common(known(token.identity.common_text()));
}

// Whoever has a list that loses its place keeps it.
core::TextList CommonLists::known(const core::TextList& list) {
    if (list.empty() || list.bytes() > most_bytes) return list;
    core::TextList& place = places_[place_of(list)];
    if (place != list) place = list;
    return place;
}

}  // namespace bearergate::gateway
