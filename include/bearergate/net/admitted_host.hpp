#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bearergate::net {

// Whether a Host field is one that a web page cannot bring about by rebinding its own name to our
// address: an IP literal, localhost, or one of `names`; with or without a port.
bool is_admitted_host(std::string_view host, const std::vector<std::string>& names);

}  // namespace bearergate::net
