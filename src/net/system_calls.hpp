#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BEARERGATE_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BEARERGATE_IS_SANITIZED 1
#endif
#endif

// recv(2) and send(2) that never block. Those of glibc are points where a thread may be cancelled,
// for which a process of several threads pays with two locked instructions a call, and nobody
// cancels threads here (1.5 % of a warm request). Sanitizers look at what passes through glibc's.
namespace bearergate::net {

inline ssize_t receive_from(int descriptor, void* bytes, std::size_t size, int flags = 0) {
    flags |= MSG_DONTWAIT;
#ifdef BEARERGATE_IS_SANITIZED
    return ::recv(descriptor, bytes, size, flags);
#else
    return ::syscall(SYS_recvfrom, descriptor, bytes, size, flags, nullptr, nullptr);
#endif
}

inline ssize_t send_to(int descriptor, const void* bytes, std::size_t size) {
    constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
#ifdef BEARERGATE_IS_SANITIZED
    return ::send(descriptor, bytes, size, flags);
#else
    return ::syscall(SYS_sendto, descriptor, bytes, size, flags, nullptr, 0);
#endif
}

}  // namespace bearergate::net
