// The epoll that a loop's streams share, and how it stands in Asio's own.
#include "poller.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/detail/descriptor_read_op.hpp>
#include <boost/asio/post.hpp>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace bearergate::net {

namespace asio = boost::asio;

namespace {

// That the peer has ended, too: whoever read less than there was room for need not ask for it.
constexpr Poller::Events to_read = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET;

bool control(int epoll, int what, int descriptor, Poller::Events events, Poller::Watched& who) {
    epoll_event event{.events = events, .data = {.ptr = &who}};
    return ::epoll_ctl(epoll, what, descriptor, &event) == 0;
}

}  // namespace

// What Asio "reads" from the epoll. To wait for it instead would cost a system call each time, by
// which Asio asks whether something is there already. That takes a look behind its curtain, where
// one operation of its reactor is specialised for this type; the outcome that nothing is left is
// Asio's own, for writes.
struct EventWindow {
    explicit EventWindow(Poller& of) : poller(&of), shown(nullptr, 1) {}

    using value_type = asio::mutable_buffer;
    using const_iterator = const value_type*;
    const_iterator begin() const { return &shown; }
    const_iterator end() const { return &shown + 1; }

    // Whether anything was noted, and whether that was all.
    struct Noted {
        bool something = false;
        bool all = true;
    };
    Noted note() const {
        const std::size_t count = poller->note_events();
        return {.something = count > 0, .all = count < poller->events_.size()};
    }

    Poller* poller;
    value_type shown;  // to Asio, which asks only whether there is room
};

}  // namespace bearergate::net

namespace boost::asio::detail {

template <>
class descriptor_read_op_base<bearergate::net::EventWindow> : public reactor_op {
public:
    using Window = bearergate::net::EventWindow;

    descriptor_read_op_base(const boost::system::error_code& success, int, const Window& window,
                            func_type when_complete)
        : reactor_op(success, &do_perform, when_complete), window_(window) {}

    static status do_perform(reactor_op* base) {
        const auto noted = static_cast<descriptor_read_op_base*>(base)->window_.note();
        if (!noted.something) return not_done;
        return noted.all ? done_and_exhausted : done;
    }

private:
    Window window_;
};

}  // namespace boost::asio::detail

namespace bearergate::net {

asio::execution_context::id Poller::id;

Poller::Poller(asio::execution_context& loop)
    : service(loop), loop_(static_cast<asio::io_context&>(loop)), epoll_(loop_.get_executor()) {
    const int made = ::epoll_create1(EPOLL_CLOEXEC);
    if (made < 0) throw std::system_error(errno, std::generic_category(), "epoll");
    boost::system::error_code error;
    epoll_.assign(made, error);
    if (!error) return;
    ::close(made);
    throw std::system_error(error.value(), std::generic_category(), "epoll");
}

Poller::~Poller() = default;

Poller& Poller::of(asio::io_context& loop) {
    return asio::use_service<Poller>(loop);
}

void Poller::shutdown() {
    boost::system::error_code ignored;
    epoll_.close(ignored);
    row_.clear();
}

bool Poller::watch(int descriptor, Watched& who, Events further) {
    if (!waits_) arm();
    const int epoll = epoll_.native_handle();
    const bool is_watched = control(epoll, EPOLL_CTL_ADD, descriptor, to_read | further, who);
    const int why = errno;
    if (is_watched) ++watched_;
    rest_if_idle();
    errno = why;
    return is_watched;
}

// Closing takes a descriptor out of an epoll, as long as nobody else has it: this process neither
// forks nor passes its connections on.
void Poller::forget(Watched& who) {
    if (who.is_linked()) who.unlink();
    who.noted_ = 0;
    --watched_;
    rest_if_idle();
}

// A loop is over when there is nothing for it to wait for, and this is for others.
void Poller::rest_if_idle() {
    if (watched_ > 0 || !waits_) return;
    boost::system::error_code ignored;
    epoll_.cancel(ignored);
}

// What is watched already can only be changed with success.
void Poller::watch_for_room(int descriptor, Watched& who) {
    control(epoll_.native_handle(), EPOLL_CTL_MOD, descriptor, to_read | EPOLLOUT, who);
}

void Poller::call_again(Watched& who) {
    if (!who.is_linked()) row_.push_back(who);
    if (is_called_) return;
    asio::post(loop_, asio::bind_allocator(room_of_call_.allocator(), [this] {
                   is_called_ = false;
                   tell_those_noted();
               }));
    is_called_ = true;
}

void Poller::arm() {
    epoll_.async_read_some(
        EventWindow(*this),
        asio::bind_allocator(room_of_wait_.allocator(),
                             [this](const boost::system::error_code&, std::size_t) {
                                 waits_ = false;
                                 if (!epoll_.is_open()) return;
                                 if (watched_ > 0) arm();
                                 tell_those_noted();
                             }));
    waits_ = true;
}

std::size_t Poller::note_events() {
    const int count =
        ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
    for (int index = 0; index < count; ++index) {
        const epoll_event& event = events_[static_cast<std::size_t>(index)];
        auto& who = *static_cast<Watched*>(event.data.ptr);
        who.noted_ |= event.events;
        if (!who.is_linked()) row_.push_back(who);
    }
    return static_cast<std::size_t>(std::max(count, 0));
}

// Telling one may end others of the row, and have some called again.
void Poller::tell_those_noted() {
    struct Round {
        explicit Round(Row& of) : row(of) { now.swap(row); }
        Round(const Round&) = delete;
        Round& operator=(const Round&) = delete;
        // Who was not told for an exception is told the next time: no event comes twice.
        ~Round() { row.splice(row.begin(), now); }
        Row& row;
        Row now{};
    } round(row_);
    while (!round.now.empty()) {
        Watched& who = round.now.front();
        who.unlink();
        who.on_events(std::exchange(who.noted_, 0));
    }
}

}  // namespace bearergate::net
