#pragma once

#include <bearergate/core/refusal.hpp>
#include <bearergate/core/result.hpp>

#include <string>
#include <string_view>

namespace bearergate::core {

struct TargetRules {
    bool semicolon_is_opaque = false;  // false: `;` and %3B in a path are refused
};

// A request target in its one normal form: what is matched is byte for byte what is forwarded.
// parse() is the only way to get one. Views into the raw target where that was normal already
// (nothing is copied), else into `scratch`; both must outlive it.
class Target {
public:
    // Origin-form (RFC 9112 section 3.2.1); bad_target for whatever two servers may read in two
    // ways. RFC 3986 section 6.2.2: unreserved escapes decoded, hex upper-cased, dot segments
    // removed. The query is kept as it came; a `_method` parameter in it is refused.
    static Result<Target, Reason> parse(std::string_view raw, const TargetRules& rules,
                                        std::string& scratch);

    std::string_view path() const { return path_; }  // starts with '/'
    bool has_query() const { return query_.data() != nullptr; }
    std::string_view query() const { return query_; }  // without the '?'

private:
    Target() = default;
    std::string_view path_{};
    std::string_view query_{};
};

// Decodes every escape, once; what is not a well-formed escape stays as it is. For captures and
// query parameters.
std::string percent_decoded(std::string_view text);

}  // namespace bearergate::core
