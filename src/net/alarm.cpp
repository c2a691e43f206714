// A timer of the kernel's, waited for as a descriptor that becomes readable.
#include <bearergate/net/alarm.hpp>
#include <bearergate/net/operation_room.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace bearergate::net {

namespace {

using Descriptor =
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

int make_timer() {
    const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer < 0) throw std::system_error(errno, std::system_category(), "timerfd");
    return timer;
}

void set_timer(int timer, std::chrono::nanoseconds after) noexcept {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(after);
    const itimerspec when{.it_interval = {},
                          .it_value = {.tv_sec = static_cast<time_t>(seconds.count()),
                                       .tv_nsec = static_cast<long>((after - seconds).count())}};
    ::timerfd_settime(timer, 0, &when, nullptr);
}

}  // namespace

struct Alarm::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, std::function<void()> what)
        : timer(io), ring(std::move(what)) {
        const int descriptor = make_timer();
        boost::system::error_code error;
        try {
            timer.assign(descriptor, error);
        } catch (...) {
            ::close(descriptor);
            throw;
        }
        if (error) {
            ::close(descriptor);
            throw std::system_error(error);
        }
    }

    // Waited for only while it is set: a loop with nothing else to do may end.
    void wait() {
        is_waiting = true;
        timer.async_wait(
            boost::asio::posix::descriptor_base::wait_read,
            boost::asio::bind_allocator(room.allocator(), [self = shared_from_this()](const auto&) {
                self->is_waiting = false;
                self->look();
            }));
    }

    // Whether it is over, and not set anew since.
    void look() {
        if (!timer.is_open() || !is_set) return;
        std::uint64_t times = 0;
        if (::read(timer.native_handle(), &times, sizeof times) != sizeof times) return wait();
        is_set = false;
        ring();
    }

    void set(std::chrono::nanoseconds after) {
        is_set = true;
        set_timer(timer.native_handle(), after);
        if (!is_waiting) wait();
    }

    void clear() {
        is_set = false;
        set_timer(timer.native_handle(), std::chrono::nanoseconds(0));
        boost::system::error_code ignored;
        timer.cancel(ignored);
    }

    OperationRoom room{};
    Descriptor timer;
    std::function<void()> ring;
    bool is_set = false;
    bool is_waiting = false;
};

Alarm::Alarm(boost::asio::io_context& io, std::function<void()> ring)
    : state_(std::make_shared<State>(io, std::move(ring))) {}

Alarm::~Alarm() {
    boost::system::error_code ignored;
    state_->timer.close(ignored);
}

// The wait's memory is in its room. NOLINTNEXTLINE(bugprone-exception-escape)
void Alarm::set(std::chrono::nanoseconds after) noexcept {
    // To the kernel, no time at all means never.
    state_->set(std::max(after, std::chrono::nanoseconds(1)));
}

void Alarm::clear() noexcept {
    state_->clear();
}

}  // namespace bearergate::net
