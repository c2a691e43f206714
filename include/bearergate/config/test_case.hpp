#pragma once

#include <bearergate/core/refusal.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::config {

// The token of a test case.
struct TestToken {
    enum class Kind : std::uint8_t { none, claims, file };
    Kind kind = Kind::none;
    std::string claims{};  // a JSON object: the payload, whose signature nobody checks
    std::string file{};    // a compact JWS on disk
};

// What a test case says must come of its request.
struct Expectation {
    bool allowed = true;
    std::optional<unsigned> status{};       // of a refusal
    std::optional<core::Reason> reason{};   // of a refusal
    std::optional<std::size_t> upstream{};  // of an allowed request: index into Config::upstreams
    // Identity headers by name, with the value that the upstream gets; none: no such header.
    std::vector<std::pair<std::string, std::optional<std::string>>> headers{};
};

// One case for `bearergate test`, its form checked: what it claims is for that command to see.
struct TestCase {
    std::string name{};
    int line = 0;  // of its file
    std::string method{};
    std::string host{};    // of an absolute URL; "" where the request names none
    std::string target{};  // origin-form, as written: "/orgs/b/projects?page=2"
    std::vector<std::pair<std::string, std::string>> headers{};
    TestToken token{};
    Expectation expect{};
};

}  // namespace bearergate::config
