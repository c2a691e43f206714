#pragma once

#include <bearergate/core/request.hpp>

#include <string_view>
#include <vector>

// The grammar of a whole head, read by boost::beast::http::basic_parser into views. It is the
// second opinion after HeadScan: what means what is decided on its result, by the parsers.
namespace bearergate::http {

struct StartLine {
    std::string_view method{};
    std::string_view target{};
    unsigned status = 0;
    std::string_view reason{};
    int minor_version = 1;
};

// False when Beast refuses the head, does not take exactly all of it, or shows a field that is not
// a view into it (a value that it joined from folded lines).
bool read_request_grammar(std::string_view head, StartLine& line, std::vector<core::Field>& fields);
bool read_response_grammar(std::string_view head, StartLine& line,
                           std::vector<core::Field>& fields);

}  // namespace bearergate::http
