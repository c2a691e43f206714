#pragma once

#include <sys/resource.h>

#include <cstddef>

namespace bearergate::test {

// Lets this process open so many files, as `bearergate run` does for itself; a shell's usual limit
// is 1024. False: the system does not let it.
inline bool may_open(std::size_t files) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    if (limit.rlim_cur < files) {
        limit.rlim_cur = limit.rlim_max;
        if (limit.rlim_max < files || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    }
    return true;
}

}  // namespace bearergate::test
