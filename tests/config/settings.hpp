#pragma once

#include <bearergate/config/load.hpp>

#include <map>
#include <string>

namespace bearergate::test {

// All that loading made of a file, as text by name: two files mean the same when these are equal.
std::map<std::string, std::string> settings_of(const config::Loaded& loaded);

}  // namespace bearergate::test
