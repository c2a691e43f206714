#pragma once

#include <array>
#include <cstdarg>

extern "C" long __real_syscall(long, ...);

namespace bearergate::test {

// Goes on with a call of syscall(2) that the linker sent to a test (-Wl,--wrap=syscall). Whoever
// passed fewer arguments than the most has the kernel pass over the rest.
inline long go_on_with(long number, va_list arguments) {
    std::array<long, 6> all{};
    for (long& each : all) each = va_arg(arguments, long);
    return __real_syscall(number, all[0], all[1], all[2], all[3], all[4], all[5]);
}

}  // namespace bearergate::test
