// Accepting connections on one worker.
#include <bearergate/net/alarm.hpp>
#include <bearergate/net/listener.hpp>
#include <bearergate/net/operation_room.hpp>

#include "poller.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

namespace bearergate::net {

namespace {

using namespace std::chrono_literals;

constexpr auto pause_when_exhausted = 100ms;
constexpr auto pause_when_full = 20ms;
// After so many in a row other connections get their turn.
constexpr unsigned most_at_once = 64;
// More than the kernel queues: a drain ends although new connections keep coming.
constexpr unsigned most_when_draining = 8192;

}  // namespace

struct Listener::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, int descriptor, std::function<bool()> may,
          std::function<void(Socket)> give, std::function<void(Pause)> tell)
        : loop(io),
          listening(io.get_executor(), descriptor),
          resume(io,
                 [this] {
                     const auto self = shared_from_this();
                     accept_some();
                 }),
          may_accept(std::move(may)),
          accepted(std::move(give)),
          paused(std::move(tell)) {
        Poller::of(io);  // who accepts has one: a process without descriptors fails at its start
    }

    enum class Outcome : std::uint8_t { accepted, nothing, passing, exhausted, full };

    Outcome accept_one() {
        if (!may_accept()) return somebody_waits() ? Outcome::full : Outcome::nothing;
        const int peer =
            ::accept4(listening.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer < 0) {
            switch (errno) {
                case EAGAIN: return Outcome::nothing;
                // The kernel reports what happened to a connection in the queue: the next one may
                // be well.
                case EINTR:
                case ECONNABORTED:
                case EPROTO:
                case EPERM:
                case ENETDOWN:
                case ENETUNREACH:
                case EHOSTDOWN:
                case EHOSTUNREACH:
                case ENONET:
                case ENOPROTOOPT:
                case EOPNOTSUPP: return Outcome::passing;
                // EMFILE, ENFILE, ENOBUFS, ENOMEM, and whatever else there may be.
                default: return Outcome::exhausted;
            }
        }
        // For want of memory it is closed, and the others wait until there may be some again.
        try {
            accepted(Socket(loop, peer));
        } catch (const std::exception&) {
            return Outcome::exhausted;
        }
        return Outcome::accepted;
    }

    bool somebody_waits() {
        pollfd queue{.fd = listening.native_handle(), .events = POLLIN, .revents = 0};
        return ::poll(&queue, 1, 0) != 0;
    }

    void wait() {
        listening.async_wait(boost::asio::posix::descriptor_base::wait_read,
                             boost::asio::bind_allocator(
                                 room.allocator(), [self = shared_from_this()](
                                                       const boost::system::error_code& error) {
                                     if (!self->listening.is_open()) return;
                                     if (error) return self->resume.set(pause_when_exhausted);
                                     self->accept_some();
                                 }));
    }

    void hold_back(Pause why, std::chrono::milliseconds time) {
        resume.set(time);
        if (paused) paused(why);
    }

    void accept_some() {
        for (unsigned count = 0; count < most_at_once; ++count) {
            const Outcome outcome = accept_one();
            // `accepted` may have drained or destroyed the Listener.
            if (!listening.is_open()) return;
            switch (outcome) {
                case Outcome::accepted:
                case Outcome::passing: continue;
                case Outcome::nothing: return wait();
                case Outcome::exhausted: return hold_back(Pause::exhausted, pause_when_exhausted);
                case Outcome::full: return hold_back(Pause::full, pause_when_full);
            }
        }
        wait();  // comes back at once if there is more
    }

    void drain() {
        for (unsigned count = 0; count < most_when_draining && listening.is_open(); ++count) {
            const Outcome outcome = accept_one();
            if (outcome != Outcome::accepted && outcome != Outcome::passing) break;
        }
        close();
    }

    void close() {
        boost::system::error_code ignored;
        listening.close(ignored);
        resume.clear();
    }

    boost::asio::io_context& loop;
    OperationRoom room{};
    boost::asio::posix::basic_stream_descriptor<Executor> listening;
    Alarm resume;  // after a pause
    std::function<bool()> may_accept;
    std::function<void(Socket)> accepted;
    std::function<void(Pause)> paused;
};

Listener::Listener(boost::asio::io_context& io, int descriptor, std::function<bool()> may_accept,
                   std::function<void(Socket)> accepted, std::function<void(Pause)> paused)
    : state_(std::make_shared<State>(io, descriptor, std::move(may_accept), std::move(accepted),
                                     std::move(paused))) {}

Listener::~Listener() {
    state_->close();
}

void Listener::start() {
    state_->accept_some();
}

void Listener::drain() {
    const std::shared_ptr<State> keep = state_;
    keep->drain();
}

}  // namespace bearergate::net
