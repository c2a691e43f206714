#pragma once

#include <string>
#include <string_view>

namespace bearergate::core {

// UTF-8 text in lower case, as the most generous of those reads it who ignore case: ASCII letters,
// and the characters outside ASCII that some folding takes for them. Those are U+017F, U+212A and
// the ligatures of Unicode's case folding, and the two letters i that Java's and Python's ignoring
// of case adds. What else is outside ASCII stays as it is.
std::string case_folded(std::string_view text);

// True unless all that is outside ASCII belongs to scripts without upper and lower case, like Han,
// Arabic or Devanagari. Malformed UTF-8 may be another encoding's letters.
bool may_have_case_beyond_ascii(std::string_view text);

}  // namespace bearergate::core
