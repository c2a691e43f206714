#pragma once

#include <bearergate/config/reader.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace bearergate::config {

// A value as JSON: text in quotes is a string, without them a number, true, false or null is what
// JSON says it is, and what YAML readers disagree about (010, yes) is an error.
std::optional<std::string> json_scalar(const Node& node, std::string_view what, Reading& reading);
// Maps and lists too.
std::optional<std::string> json_value(const Node& node, std::string_view what, Reading& reading);

}  // namespace bearergate::config
