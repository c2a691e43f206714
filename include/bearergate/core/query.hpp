#pragma once

#include <string>
#include <string_view>

namespace bearergate::core {

// The parameters of a query, one after the other, still encoded. Servers disagree about `;`: some
// take it for a separator, most for an ordinary character; the caller says how to read it.
class QueryReader {
public:
    QueryReader(std::string_view query, bool semicolon_separates)
        : rest_(query), separators_(semicolon_separates ? "&;" : "&") {}

    struct Parameter {
        std::string_view name{};
        std::string_view value{};  // "" also where there is no `=`
    };
    bool next(Parameter& parameter);  // false at the end; empty parameters are left out

private:
    std::string_view rest_;
    std::string_view separators_;
};

// A name or value as application/x-www-form-urlencoded: `+` is a space, escapes are decoded, and
// what is not a well-formed escape stays as it is.
std::string form_decoded(std::string_view text);

// The one name under which the laxest of frameworks would file a parameter with this decoded name:
// cut at the first NUL, without leading spaces and brackets, in lower case, every non-alphanumeric
// read as `_`. (PHP drops spaces, cuts at NUL and reads `.` as `_`; Rack and qs unwrap `[name]`.)
std::string folded_parameter(std::string_view decoded_name);

// True when a framework could take the folded name for `wanted`, itself folded: equal, or `wanted`
// with something nested in it, as `org[]` and `org.id` are.
bool may_mean(std::string_view folded, std::string_view wanted);

}  // namespace bearergate::core
