#pragma once

#include <bearergate/config/diagnostics.hpp>

#include <cstdint>
#include <string>

namespace bearergate::config {

// A file that a configuration names. Loading only takes it down: this layer reads no files, and
// what is wrong with one is said at the place where it is named.
struct NamedFile {
    enum class Use : std::uint8_t { certificate, private_key, authorities, key_set, token };
    Use use{};
    std::string path{};
    std::string written{};  // the path for people: a variable by its name
    Diagnostic place{};     // without a message
};

}  // namespace bearergate::config
