// What one more authorised request costs on warm connections, from the client's socket to the
// upstream's and back: system calls and allocations of the worker's thread, counted.

#include "gateway/front.hpp"
#include "support/system_call.hpp"

#include <openssl/crypto.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <future>
#include <iostream>
#include <memory>
#include <vector>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BEARERGATE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BEARERGATE_SANITIZED 1
#endif
#endif

namespace {

// Only what the worker's thread does is counted, not what its peers do.
thread_local bool is_worker = false;
struct Counts {
    std::atomic<std::size_t> receives{0};
    std::atomic<std::size_t> sends{0};
    std::atomic<std::size_t> others{0};
    std::atomic<std::size_t> allocations{0};
    std::atomic<std::size_t> openssl_allocations{0};  // not among the others
};
Counts counts;

void count(std::atomic<std::size_t> Counts::* what) {
    if (is_worker) ++(counts.*what);
}

}  // namespace

#ifndef BEARERGATE_SANITIZED
// Whoever allocates, the standard library included, comes by here.
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t size) noexcept {
    count(&Counts::allocations);
    return __libc_malloc(size);
}
void* calloc(size_t number, size_t size) noexcept {
    count(&Counts::allocations);
    return __libc_calloc(number, size);
}
void* realloc(void* memory, size_t size) noexcept {
    count(&Counts::allocations);
    return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) noexcept {
    count(&Counts::allocations);
    return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) noexcept {
    count(&Counts::allocations);
    *memory = __libc_memalign(alignment, size);
    return *memory == nullptr ? ENOMEM : 0;
}
}

namespace {

// OpenSSL allocates by itself; it listens only before its first allocation.
const bool openssl_counts = CRYPTO_set_mem_functions(
                                [](std::size_t bytes, const char*, int) {
                                    count(&Counts::openssl_allocations);
                                    return __libc_malloc(bytes);
                                },
                                [](void* memory, std::size_t bytes, const char*, int) {
                                    count(&Counts::openssl_allocations);
                                    return __libc_realloc(memory, bytes);
                                },
                                [](void* memory, const char*, int) { std::free(memory); }) == 1;

}  // namespace
#endif

extern "C" {
// The linker sends our calls here, see CMakeLists.txt.
long __wrap_syscall(long number, ...) {
    count(number == SYS_recvfrom ? &Counts::receives
          : number == SYS_sendto ? &Counts::sends
                                 : &Counts::others);
    va_list arguments;
    va_start(arguments, number);
    const long result = bearergate::test::go_on_with(number, arguments);
    va_end(arguments);
    return result;
}
ssize_t __real_recv(int, void*, size_t, int);
ssize_t __wrap_recv(int descriptor, void* data, size_t size, int flags) {
    count(&Counts::receives);
    return __real_recv(descriptor, data, size, flags);
}
ssize_t __real_recvmsg(int, msghdr*, int);
ssize_t __wrap_recvmsg(int descriptor, msghdr* message, int flags) {
    count(&Counts::receives);
    return __real_recvmsg(descriptor, message, flags);
}
ssize_t __real_send(int, const void*, size_t, int);
ssize_t __wrap_send(int descriptor, const void* data, size_t size, int flags) {
    count(&Counts::sends);
    return __real_send(descriptor, data, size, flags);
}
ssize_t __real_sendmsg(int, const msghdr*, int);
ssize_t __wrap_sendmsg(int descriptor, const msghdr* message, int flags) {
    count(&Counts::sends);
    return __real_sendmsg(descriptor, message, flags);
}
int __real_epoll_ctl(int, int, int, epoll_event*);
int __wrap_epoll_ctl(int set, int operation, int descriptor, epoll_event* event) {
    count(&Counts::others);
    return __real_epoll_ctl(set, operation, descriptor, event);
}
int __real_getsockopt(int, int, int, void*, socklen_t*);
int __wrap_getsockopt(int descriptor, int level, int name, void* value, socklen_t* size) {
    count(&Counts::others);
    return __real_getsockopt(descriptor, level, name, value, size);
}
int __real_setsockopt(int, int, int, const void*, socklen_t);
int __wrap_setsockopt(int descriptor, int level, int name, const void* value, socklen_t size) {
    count(&Counts::others);
    return __real_setsockopt(descriptor, level, name, value, size);
}
}

namespace bearergate::test {
namespace {

// As many as fit the client's buffer one behind the other: where it ends, a request comes in two
// pieces, which is one receive more.
constexpr std::size_t window = 20;

// What so many requests in a row have cost.
struct Cost {
    std::size_t receives = 0;
    std::size_t sends = 0;
    std::size_t others = 0;
    std::size_t allocations = 0;
    std::size_t openssl_allocations = 0;

    static Cost so_far() {
        return {counts.receives, counts.sends, counts.others, counts.allocations,
                counts.openssl_allocations};
    }
    Cost since(const Cost& before) const {
        return {receives - before.receives, sends - before.sends, others - before.others,
                allocations - before.allocations, openssl_allocations - before.openssl_allocations};
    }
    std::size_t all() const { return receives + sends + others + allocations; }
};

class WarmExchange : public Front {
protected:
    void count_the_worker() {
        std::promise<void> done;
        gateway_->worker().gather([&](const auto&) {
            is_worker = true;
            done.set_value();
        });
        done.get_future().wait();
    }
    // The cheapest window of a thousand requests.
    Cost cost_of(const std::string& request) {
        Connection client(gateway_->port());
        std::vector<Cost> after;
        Cost best{.receives = std::string::npos / 2};
        for (int i = 0; i < 1000; ++i) {
            client.send(request);
            EXPECT_EQ(client.read_reply().status, 200);
            after.push_back(Cost::so_far());
            if (after.size() <= window) continue;
            const Cost cost = after.back().since(after[after.size() - 1 - window]);
            if (cost.all() < best.all()) best = cost;
        }
        return best;
    }
};

// A client that is slow for once, on a busy machine, lets its connection take a nap, which costs
// calls of its own: an undisturbed window says what the price is. Nothing ever comes cheaper.
TEST_F(WarmExchange, CostsFourSystemCallsAndNoAllocation) {
#ifdef BEARERGATE_SANITIZED
    std::cerr << "SKIPPED: allocations are not counted, a sanitizer's allocator is in the way\n";
#else
    ASSERT_TRUE(openssl_counts);
#endif
    serve(
        "  GET /items: { scopes: [read:items] }\n"
        "  /orgs/{orgId}/items: { organization: '{orgId}', scopes: [read:items], "
        "claims: { level: { any: [1, 2] } } }\n"
        "  /open: public\n");
    const std::string fields = "User-Agent: test\r\nAccept: */*\r\nCookie: a=b\r\n";
    const struct {
        const char* what;
        std::string request;
    } cases[] = {
        {"a public route", get("/open?x=y", fields)},
        {"a scope", get("/items", fields + bearer(R"({"scope":"read:items write:items"})"))},
        {"an organization and a claim",
         get("/orgs/acme/items",
             fields + bearer(R"({"scope":"read:items","organization_id":"acme","level":2})"))},
        {"a body", "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"},
        {"a body in chunks",
         "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5\r\nhello\r\n0\r\n\r\n"},
    };
    count_the_worker();
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        const Cost cost = cost_of(c.request);
        EXPECT_EQ(cost.receives, 2 * window);
        EXPECT_EQ(cost.sends, 2 * window);
        EXPECT_EQ(cost.others, 0U);
        EXPECT_EQ(cost.allocations, 0U);
        EXPECT_LE(cost.openssl_allocations, 10U) << "for more request ids";
    }
    EXPECT_EQ(upstream_.connections(), 1U);
}

// What many requests hold at once is kept for the next many.
TEST_F(WarmExchange, OfManyClientsAtOnceAllocatesNothing) {
    serve("  GET /items: { scopes: [read:items] }\n");
    const std::string request = get("/items", bearer(R"({"scope":"read:items"})"));
    count_the_worker();
    std::vector<std::unique_ptr<Connection>> clients;
    for (int i = 0; i < 64; ++i) clients.push_back(std::make_unique<Connection>(gateway_->port()));
    std::size_t fewest = std::string::npos;
    for (int round = 0; round < 50 && fewest > 0; ++round) {
        const Cost before = Cost::so_far();
        for (const auto& client : clients) client->send(request);
        for (const auto& client : clients) EXPECT_EQ(client->read_reply().status, 200);
        fewest = std::min(fewest, Cost::so_far().since(before).allocations);
    }
    EXPECT_EQ(fewest, 0U);
}

}  // namespace
}  // namespace bearergate::test
