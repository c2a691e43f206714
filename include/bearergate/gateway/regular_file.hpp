#pragma once

#include <bearergate/core/result.hpp>

#include <cstddef>
#include <string>

namespace bearergate::gateway {

// The first `most` bytes of a file, or why there are none, for people. A pipe or a device in its
// place is refused: it could hold up the thread that reads, and that is the control thread.
core::Result<std::string, std::string> read_regular_file(const std::string& path, std::size_t most);

}  // namespace bearergate::gateway
