#pragma once

namespace bearergate::cli {

// Standard output is a terminal whose owner has not asked for plain text (no-color.org).
bool wants_colours();

}  // namespace bearergate::cli
