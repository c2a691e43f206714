// What of a client's head goes no further, and whom a trusted proxy says it speaks for.
#include <bearergate/http/forward.hpp>

#include "authority.hpp"
#include "characters.hpp"
#include "field_names.hpp"

#include <algorithm>
#include <ranges>

namespace bearergate::http {

Hygiene::Hygiene(const std::vector<core::IdentityHeader>& identity,
                 const std::vector<std::string>& organization_headers)
    : protected_(organization_headers) {
    for (const core::IdentityHeader& header : identity) {
        identity_.push_back(core::folded(header.name));
    }
}

bool Hygiene::drops(std::string_view name) const {
    return drops(name, facts_of(name));
}

bool Hygiene::drops(std::string_view name, const NameFacts& facts) const {
    if (facts.has(trait::hop_by_hop | trait::dropped) || is_alias(name)) return true;
    const auto folds = [&](const std::string& folded) { return core::folds_to(name, folded); };
    return std::any_of(identity_.begin(), identity_.end(), folds);
}

bool Hygiene::is_protected(std::string_view name) const {
    return is_protected(name, facts_of(name));
}

bool Hygiene::is_protected(std::string_view name, const NameFacts& facts) const {
    const auto folds = [&](const std::string& folded) { return core::folds_to(name, folded); };
    const auto is_same = [&](const std::string& other) { return same_but_case(name, other); };
    return facts.has(trait::kept_request) ||
           std::any_of(identity_.begin(), identity_.end(), folds) ||
           std::any_of(protected_.begin(), protected_.end(), is_same);
}

std::string_view client_address(std::span<const Field> fields, std::string_view peer,
                                const std::function<bool(std::string_view)>& is_trusted) {
    std::string_view nearest = peer;
    if (!is_trusted(nearest)) return nearest;
    for (const Field& field : fields | std::views::reverse) {
        if (facts_of(field.name).name != Name::x_forwarded_for) continue;
        std::string_view rest = field.value;
        while (true) {
            const std::size_t comma = rest.rfind(',');
            const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
            const auto address = address_of(trimmed(rest.substr(begin)));
            if (!address) return nearest;
            nearest = *address;
            if (!is_trusted(nearest)) return nearest;
            if (begin == 0) break;
            rest = rest.substr(0, comma);
        }
    }
    return nearest;
}

}  // namespace bearergate::http
