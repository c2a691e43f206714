#pragma once

#include <cstddef>

namespace bearergate::test {

// While it lives, every n-th allocation of this process fails, whoever makes it and on whichever
// thread: 1 for all of them. For executables that are made with support/starvation.cpp, which
// replaces operator new.
class Starvation {
public:
    explicit Starvation(std::size_t every);
    ~Starvation();
    Starvation(const Starvation&) = delete;
    Starvation& operator=(const Starvation&) = delete;

    // How many have failed in this process so far.
    static std::size_t refused();
};

// Keeps the memory of one thread out of it: that of a test's own clients and upstreams.
class WellFed {
public:
    WellFed();
    ~WellFed();
    WellFed(const WellFed&) = delete;
    WellFed& operator=(const WellFed&) = delete;

private:
    bool before_;
};

}  // namespace bearergate::test
