#pragma once

#include <bearergate/gateway/explain.hpp>

#include <string>
#include <string_view>

namespace bearergate::cli {

using gateway::ExplainedCheck;
using gateway::Explanation;
using gateway::shown;

// For people. `colours` as ANSI escapes.
std::string render(const ExplainedCheck& check, bool colours);
std::string render(const Explanation& explanation, std::string_view file, bool colours);

}  // namespace bearergate::cli
