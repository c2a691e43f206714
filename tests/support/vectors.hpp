#pragma once

#include "support/files.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

// Collections of test vectors that are not part of this repository. A test that needs them is
// skipped, loudly, where they are not there:
//     if (!test::has_vectors("wycheproof")) GTEST_SKIP() << test::no_vectors;
namespace bearergate::test {

inline constexpr const char* no_vectors = "SKIPPED: no test vectors at " BEARERGATE_VECTORS;

inline std::filesystem::path vectors_path(const std::string& name) {
    return std::filesystem::path(BEARERGATE_VECTORS) / name;
}

inline bool has_vectors(const std::string& name) {
    return std::filesystem::exists(vectors_path(name));
}

inline nlohmann::json read_vectors(const std::string& name) {
    return nlohmann::json::parse(read_file(vectors_path(name)));
}

// One of its lists by value, for a range-for to keep: what it would borrow from a temporary is gone
// by then without C++23's rule about that, which g++ 14 does not have yet.
inline nlohmann::json read_cases(const std::string& name, const char* list = "cases") {
    return read_vectors(name).at(list);
}

inline std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

}  // namespace bearergate::test
