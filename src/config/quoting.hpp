#pragma once

#include <bearergate/config/document.hpp>

#include <string>
#include <string_view>

// What to say where YAML takes a pattern or an address for something else because it is not in
// quotes: `{tenant}.acme.example/x`, `*.acme.example/x`, `[::]:8080`, `${NAME}` in a flow map.
namespace bearergate::config {

// About a key that is a map or a sequence. `line` is its source line.
std::string key_hint(std::string_view line, const Node& key);

// About a flow map or sequence where text was expected; "" when quotes would not help.
std::string value_hint(std::string_view line, const Node& value);

struct SyntaxHint {
    Place place{};
    std::string message{};
};
// About a place where the YAML parser gave up with `fault`.
SyntaxHint syntax_hint(std::string_view line, Place place, std::string_view fault);

}  // namespace bearergate::config
