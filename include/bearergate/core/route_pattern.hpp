#pragma once

#include <bearergate/core/result.hpp>
#include <bearergate/core/target.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::core {

// One element of a pattern's path, in the order in which the more specific wins.
struct Segment {
    enum class Kind : std::uint8_t { literal, capture, rest_capture, any_rest };
    Kind kind = Kind::literal;
    std::string text{};  // the literal, or the capture's name; "" for any_rest
};

struct HostPattern {
    enum class Kind : std::uint8_t { exact, wildcard, none };  // in the order in which they win
    Kind kind = Kind::none;
    std::string text{};  // lower case: the host, or what follows the first label ("acme.example")
    std::string capture{};  // of a wildcard: the first label's name, "" for `*`
};

// What a pattern answers that names no method, in the order of an Allow field.
inline constexpr std::array<std::string_view, 7> usual_methods{"GET",   "HEAD",   "POST",   "PUT",
                                                               "PATCH", "DELETE", "OPTIONS"};
bool is_usual_method(std::string_view method);

// `[METHODS ][HOST]/PATH`, read and normalised; see docs/configuration.md.
struct RoutePattern {
    std::vector<std::string> methods{};  // as written; empty: none named
    HostPattern host{};
    std::vector<Segment> segments{};
    bool trailing_slash = false;  // matters only where `/a` and `/a/` are distinct

    bool answers(std::string_view method) const;     // HEAD also where only GET is named
    std::vector<std::string> capture_names() const;  // host label first, then left to right
};

struct PatternFault {
    std::string message;     // what is wrong and what would be right
    std::size_t offset = 0;  // into the text
};
Result<RoutePattern, PatternFault> parse_route_pattern(std::string_view text,
                                                       const TargetRules& rules);

}  // namespace bearergate::core
