// What a hit allocates: nothing of ours, and of OpenSSL's no more than the one context that its
// digests make each time. Replaces the allocation functions of the whole process, so it is a
// program of its own.
#include "desk.hpp"

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations = 0;
thread_local std::size_t openssl_allocations = 0;

void* counted(std::size_t bytes) {
    ++allocations;
    void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
    if (!memory) throw std::bad_alloc();
    return memory;
}

void* openssl_malloc(std::size_t bytes, const char*, int) {
    ++openssl_allocations;
    return std::malloc(bytes);
}
void* openssl_realloc(void* memory, std::size_t bytes, const char*, int) {
    ++openssl_allocations;
    return std::realloc(memory, bytes);
}
void openssl_free(void* memory, const char*, int) {
    std::free(memory);
}

// OpenSSL allocates by itself; it listens only before its first allocation.
const bool openssl_counts =
    CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1;

}  // namespace

void* operator new(std::size_t bytes) {
    return counted(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    ++allocations;
    const auto step = static_cast<std::size_t>(alignment);
    if (void* memory = std::aligned_alloc(step, (bytes + step - 1) / step * step)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace bearergate::gateway {

namespace {

using namespace desk;

TEST(AuthenticatorHit, DoesNotAllocate) {
    ASSERT_TRUE(openssl_counts);
    Desk d;
    d.use_issuers_keys();
    std::vector<std::string> tokens;
    for (int i = 0; i < 50; ++i) {
        tokens.push_back(d.token(i));
        const std::size_t before = allocations;
        ASSERT_EQ(d.outcome(tokens.back()), "ok");
        ASSERT_GT(allocations, before) << "a first look does, or nothing is counted";
    }
    Client client;
    std::size_t permitted = 0;
    const std::size_t before = allocations;
    const std::size_t openssl_before = openssl_allocations;
    for (int round = 0; round < 100; ++round) {
        for (const std::string& token : tokens) {
            const auto verdict = d.authenticator->authenticate(token, d.snapshot, d.now, d.steady,
                                                               true, client.waiter);
            permitted += verdict && verdict->has_value();
        }
    }
    const std::size_t after = allocations;
    EXPECT_EQ(after - before, 0u);
    EXPECT_LE(openssl_allocations - openssl_before, 5000u);
    EXPECT_EQ(permitted, 5000u);
    EXPECT_EQ(d.authenticator->figures().hits, 5000u);
}

TEST(AuthenticatorHit, NeitherDoesOneThatHasExpired) {
    Desk d;
    d.use_issuers_keys();
    const std::string token = d.issuer.token();
    ASSERT_EQ(d.outcome(token), "ok");
    Client client;
    d.now = test::at(test::Issuer::expires_at + 100);
    const std::size_t before = allocations;
    const auto verdict =
        d.authenticator->authenticate(token, d.snapshot, d.now, d.steady, true, client.waiter);
    EXPECT_EQ(allocations - before, 0u);
    EXPECT_EQ(verdict->error(), core::Reason::token_expired);
}

}  // namespace

}  // namespace bearergate::gateway
