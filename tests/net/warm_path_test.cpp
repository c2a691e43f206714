// What one more request on warm connections costs: system calls and allocations, counted.
#include <bearergate/net/deadline.hpp>
#include <bearergate/net/task.hpp>
#include <bearergate/net/upstream_pool.hpp>

#include "net/support.hpp"
#include "support/system_call.hpp"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include <array>
#include <cstdarg>
#include <cstdlib>
#include <map>
#include <new>
#include <string>

namespace {

// Only what happens between these two is counted; the peers' own calls are not.
bool counting = false;
std::size_t allocations = 0;
enum Call { receives, sends, others, calls };
std::array<std::size_t, calls> counts{};

void count(Call call) {
    if (counting) ++counts[call];
}

}  // namespace

void* operator new(std::size_t bytes) {
    if (counting) ++allocations;
    if (void* memory = std::malloc(bytes)) return memory;
    throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    if (counting) ++allocations;
    const auto step = static_cast<std::size_t>(alignment);
    if (void* memory = std::aligned_alloc(step, (bytes + step - 1) / step * step)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

extern "C" {
// The linker sends our calls here, see CMakeLists.txt.
long __wrap_syscall(long number, ...) {
    count(number == SYS_recvfrom ? receives : number == SYS_sendto ? sends : others);
    va_list arguments;
    va_start(arguments, number);
    const long result = bearergate::test::go_on_with(number, arguments);
    va_end(arguments);
    return result;
}
ssize_t __real_recv(int, void*, size_t, int);
ssize_t __wrap_recv(int descriptor, void* data, size_t size, int flags) {
    count(receives);
    return __real_recv(descriptor, data, size, flags);
}
ssize_t __real_recvmsg(int, msghdr*, int);
ssize_t __wrap_recvmsg(int descriptor, msghdr* message, int flags) {
    count(receives);
    return __real_recvmsg(descriptor, message, flags);
}
ssize_t __real_send(int, const void*, size_t, int);
ssize_t __wrap_send(int descriptor, const void* data, size_t size, int flags) {
    count(sends);
    return __real_send(descriptor, data, size, flags);
}
ssize_t __real_sendmsg(int, const msghdr*, int);
ssize_t __wrap_sendmsg(int descriptor, const msghdr* message, int flags) {
    count(sends);
    return __real_sendmsg(descriptor, message, flags);
}
int __real_epoll_ctl(int, int, int, epoll_event*);
int __wrap_epoll_ctl(int set, int operation, int descriptor, epoll_event* event) {
    count(others);
    return __real_epoll_ctl(set, operation, descriptor, event);
}
int __real_getsockopt(int, int, int, void*, socklen_t*);
int __wrap_getsockopt(int descriptor, int level, int name, void* value, socklen_t* size) {
    count(others);
    return __real_getsockopt(descriptor, level, name, value, size);
}
int __real_setsockopt(int, int, int, const void*, socklen_t);
int __wrap_setsockopt(int descriptor, int level, int name, const void* value, socklen_t size) {
    count(others);
    return __real_setsockopt(descriptor, level, name, value, size);
}
int __real_ioctl(int, unsigned long, void*);
int __wrap_ioctl(int descriptor, unsigned long request, void* value) {
    count(others);
    return __real_ioctl(descriptor, request, value);
}
int __real_timerfd_settime(int, int, const itimerspec*, itimerspec*);
int __wrap_timerfd_settime(int timer, int flags, const itimerspec* value, itimerspec* old) {
    count(others);
    return __real_timerfd_settime(timer, flags, value, old);
}
}

namespace bearergate::net {
namespace {

constexpr Signal::Bits client_received = 1;
constexpr Signal::Bits client_writable = 2;
constexpr Signal::Bits upstream_received = 4;
constexpr Signal::Bits upstream_writable = 8;
constexpr Signal::Bits late = 16;

// A proxy that understands nothing: what the data path does on these classes, and no more.
struct Proxy {
    Stream client;
    UpstreamPool& pool;
    BufferPool& buffers;
    DeadlineSweep& sweep;
    Signal signal{};
    Deadline deadline{signal, late};
    std::size_t exchanged = 0;

    Task<std::unique_ptr<UpstreamConnection>> exchange(std::string_view request) {
        auto upstream = pool.take(sweep.now());
        upstream->stream.attach(signal, upstream_received, upstream_writable);
        const std::array<std::string_view, 2> pieces{request.substr(0, 10), request.substr(10)};
        upstream->stream.send(pieces);
        deadline.set(sweep.now() + std::chrono::minutes(1));
        co_await signal.any(upstream_received | late);
        co_return upstream;
    }

    Task<> run() {
        sweep.add(deadline);
        client.attach(signal, client_received, client_writable);
        BufferPool::Block block = buffers.borrow();
        std::array<char, 4096> request{};
        client.start_receive(block.bytes());
        for (;;) {
            co_await signal.any(client_received);
            const Stream::Received got = *client.received();
            if (got.condition != Stream::Condition::open) co_return;
            std::memcpy(request.data(), block.bytes().data(), got.bytes);
            client.start_receive(block.bytes());
            auto upstream = co_await exchange({request.data(), got.bytes});
            const std::size_t answered = upstream->stream.received()->bytes;
            test::send(client, {upstream->buffer.bytes().data(), answered});
            pool.put(std::move(upstream), sweep.now(), {});
            ++exchanged;
        }
    }
};

TEST(WarmPath, AnExchangeCostsFourSystemCallsAndNoAllocation) {
    boost::asio::io_context io{1};
    BufferPool buffers(16'384);
    UpstreamPool pool({.idle = std::chrono::hours(1)}, buffers);
    DeadlineSweep sweep(io, std::chrono::hours(1));
    sweep.start();
    test::Pair client;
    test::Pair upstream;
    auto connection = std::make_unique<UpstreamConnection>();
    connection->stream = Stream(upstream.take_near(io));
    pool.put(std::move(connection), sweep.now(), {});
    Proxy proxy{Stream(client.take_near(io)), pool, buffers, sweep};
    bool over = false;
    spawn(proxy.run(), [&](const std::exception_ptr&) { over = true; });

    constexpr std::size_t warm_up = 20;
    constexpr std::size_t measured = 100;
    const std::string request(700, 'q');
    const std::string answer(1000, 'a');
    for (std::size_t round = 1; round <= warm_up + measured; ++round) {
        counting = false;
        client.write(request);
        counting = round > warm_up;
        io.run_one();
        counting = false;
        ASSERT_EQ(upstream.read(), request);
        upstream.write(answer);
        counting = round > warm_up;
        while (proxy.exchanged < round) io.run_one();
        counting = false;
        ASSERT_EQ(client.read(), answer);
    }
    EXPECT_EQ(counts[receives], 2 * measured);
    EXPECT_EQ(counts[sends], 2 * measured);
    EXPECT_EQ(counts[others], 0U);
    EXPECT_EQ(allocations, 0U);

    client.close_far();
    test::run_until(io, [&] { return over; });
}

TEST(WarmPath, WaitingForRoomAllocatesNothing) {
    boost::asio::io_context io{1};
    test::Pair pair(4096);
    Signal signal;
    Stream stream(pair.take_near(io));
    stream.attach(signal, client_received, client_writable);
    const std::string much(200'000, 'x');
    for (int round = 0; round < 50; ++round) {
        io.restart();
        counting = round > 10;
        while (test::send(stream, much).bytes != 0) {
        }
        stream.start_wait_writable();
        counting = false;
        while ((signal.raised() & client_writable) == 0) {
            pair.read();
            counting = round > 10;
            io.poll();
            counting = false;
        }
        signal.clear(client_writable);
    }
    EXPECT_EQ(allocations, 0U);
}

}  // namespace
}  // namespace bearergate::net
