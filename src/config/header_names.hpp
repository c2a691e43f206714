#pragma once

#include <string_view>

namespace bearergate::config {

// Fields that frame the message, carry the client's credentials or tell of the way it came; as
// core::folded() spells them. The gateway drops them or writes them anew, so nobody can be told
// anything else by one.
bool has_meaning_of_its_own(std::string_view folded);

// A field that reaches the upstream as the client sent it, in no spelling that a backend could
// take for another one's.
bool is_forwarded_as_it_came(std::string_view name);

}  // namespace bearergate::config
