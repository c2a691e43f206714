#pragma once

#include <cstddef>
#include <limits>

namespace bearergate::test {

// While it lives, every n-th allocation of this process fails, whoever makes it and on whichever
// thread, OpenSSL's own included: 1 for all of them. For executables that are made with
// support/starvation.cpp, which replaces operator new.
class Starvation {
public:
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
    explicit Starvation(std::size_t every, std::size_t at_most = unlimited);
    ~Starvation();
    Starvation(const Starvation&) = delete;
    Starvation& operator=(const Starvation&) = delete;

    // The same until it is said anew; 0 for none. Also for signal handlers.
    static void set(std::size_t every, std::size_t at_most = unlimited) noexcept;
    // How many have failed in this process so far.
    static std::size_t refused();
};

}  // namespace bearergate::test
