// Allocation that fails when it is told to.
#include "support/starvation.hpp"

#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> every_n{0};  // 0: none fails
std::atomic<std::size_t> asked{0};
std::atomic<std::size_t> failed{0};
std::atomic<std::size_t> left{0};  // that may still fail

bool is_refused() {
    const std::size_t every = every_n.load(std::memory_order_relaxed);
    if (every == 0) return false;
    if (asked.fetch_add(1, std::memory_order_relaxed) % every != every - 1) return false;
    for (std::size_t some = left; some > 0;) {
        if (!left.compare_exchange_weak(some, some - 1)) continue;
        failed.fetch_add(1, std::memory_order_relaxed);
        return true;
    }
    return false;
}

void* allocate(std::size_t bytes, const char*, int) {
    return is_refused() ? nullptr : std::malloc(bytes);
}
void* allocate_anew(void* memory, std::size_t bytes, const char*, int) {
    return bytes > 0 && is_refused() ? nullptr : std::realloc(memory, bytes);
}
void release(void* memory, const char*, int) {
    std::free(memory);
}
// Before OpenSSL has allocated anything; later it would not take them.
const bool openssl_is_told = CRYPTO_set_mem_functions(allocate, allocate_anew, release) == 1;

}  // namespace

void* operator new(std::size_t bytes) {
    void* const memory = is_refused() ? nullptr : std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return is_refused() ? nullptr : std::malloc(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    void* const memory =
        is_refused() ? nullptr : std::aligned_alloc(step, (bytes + step - 1) / step * step);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
// The library's own arrays go by what is above and below. A sanitizer's do not.
void* operator new[](std::size_t bytes) {
    return operator new(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t& nothrow) noexcept {
    return operator new(bytes, nothrow);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace bearergate::test {

Starvation::Starvation(std::size_t every, std::size_t at_most) {
    if (!openssl_is_told) std::abort();
    set(every, at_most);
}
Starvation::~Starvation() {
    set(0);
}
void Starvation::set(std::size_t every, std::size_t at_most) noexcept {
    asked = 0;
    left = at_most;
    every_n = every;
}
std::size_t Starvation::refused() {
    return failed;
}

}  // namespace bearergate::test
