#pragma once

#include "support/http_client.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The one reading of a connection's bytes that leaves nothing to guess, written down for tests as
// plainly as RFC 9112 says it and without a line of the product's own: what the gateway forwards
// is held against it.
namespace bearergate::test {

struct Message {
    std::string method{};
    std::string target{};
    int minor_version = 1;
    Headers fields{};
    std::string body{};
};

struct Reading {
    enum class End {
        clean,       // after a whole message, or before any byte
        incomplete,  // more bytes could make a message of the last ones
        malformed,   // none could
    };
    // Up to the first that asks for the connection to be closed: what follows is nobody's.
    std::vector<Message> whole{};
    End end = End::clean;
    // First words, that of what is no whole message included: an answer to HEAD has no body.
    std::vector<std::string> methods{};
};

Reading read_strictly(std::string_view bytes);

}  // namespace bearergate::test
