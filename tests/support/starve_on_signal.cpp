// Lets a test starve a program of its own: SIGRTMIN ends it, SIGRTMIN + n fails each n-th
// allocation from then on.
#include "support/starvation.hpp"

#include <csignal>
#include <initializer_list>

namespace {

void starve(int number) {
    bearergate::test::Starvation::set(static_cast<std::size_t>(number - SIGRTMIN));
}

const bool listens = [] {
    struct sigaction what{};
    what.sa_handler = starve;
    what.sa_flags = SA_RESTART;
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) {
        if (::sigaction(number, &what, nullptr) != 0) return false;
    }
    return true;
}();

}  // namespace
