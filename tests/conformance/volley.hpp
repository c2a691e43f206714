#pragma once

#include "fixture.hpp"

#include <string>
#include <vector>

namespace bearergate::test {

// Many conversations at once, side by side in time: each a list of pieces, of which every one's
// first goes out before any one's second, and the gateway gets its turn in between. In the order
// given.
std::vector<Answers> converse_all(Fixture& fixture,
                                  const std::vector<std::vector<std::string>>& conversations);

}  // namespace bearergate::test
