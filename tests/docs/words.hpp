#pragma once

#include <string>

namespace bearergate::test {

// The first option of `bearergate` or of a script in this text that does not exist, with why; "".
std::string unknown_options(const std::string& text);

// What in this text reads as a key of the configuration and is none; "".
std::string unknown_key(const std::string& text);

// What `bearergate check` has to say against a configuration, given every file that it names; "".
std::string faults_by_check(const std::string& text);

}  // namespace bearergate::test
