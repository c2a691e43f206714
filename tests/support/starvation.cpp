// Allocation that fails when it is told to.
#include "support/starvation.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> every_n{0};  // 0: none fails
std::atomic<std::size_t> asked{0};
std::atomic<std::size_t> failed{0};
thread_local bool well_fed = false;

bool is_refused() {
    const std::size_t every = every_n.load(std::memory_order_relaxed);
    if (every == 0 || well_fed) return false;
    if (asked.fetch_add(1, std::memory_order_relaxed) % every != every - 1) return false;
    failed.fetch_add(1, std::memory_order_relaxed);
    return true;
}

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

Starvation::Starvation(std::size_t every) {
    asked = 0;
    every_n = every;
}
Starvation::~Starvation() {
    every_n = 0;
}
std::size_t Starvation::refused() {
    return failed;
}

WellFed::WellFed() : before_(well_fed) {
    well_fed = true;
}
WellFed::~WellFed() {
    well_fed = before_;
}

}  // namespace bearergate::test
