#pragma once

#include <bearergate/core/policy.hpp>

namespace bearergate::config {

// Whether a token takes part in the decision.
bool looks_at_tokens(const core::Rule& rule);
// Whether the token must be of one organization.
bool is_bound(const core::Rule& rule);
// Whether somebody may pass `weak` whom `strong` would refuse, and nobody the other way round, as
// far as the two can be compared.
bool is_weaker(const core::Route& weak, const core::Route& strong);

}  // namespace bearergate::config
