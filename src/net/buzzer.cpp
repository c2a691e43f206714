// An eventfd among the descriptors that a loop's poller watches.
#include <bearergate/net/buzzer.hpp>

#include "poller.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace bearergate::net {

struct Buzzer::State final : Poller::Watched {
    State(boost::asio::io_context& io, std::function<void()> what)
        : poller(Poller::of(io)), answer(std::move(what)) {
        descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
        if (poller.watch(descriptor, *this)) return;
        const int why = errno;
        ::close(descriptor);
        throw std::system_error(why, std::generic_category(), "eventfd");
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        poller.forget(*this);
        ::close(descriptor);
    }

    // Each write is an edge, also where nothing was read: nobody needs to.
    void on_events(Poller::Events) override {
        is_rung = false;  // first: who rings from here on means something later
        answer();
    }

    Poller& poller;
    const std::function<void()> answer;
    int descriptor = -1;
    std::atomic<bool> is_rung = false;
};

Buzzer::Buzzer(boost::asio::io_context& io, std::function<void()> answer)
    : state_(std::make_unique<State>(io, std::move(answer))) {}

Buzzer::~Buzzer() = default;

void Buzzer::ring() noexcept {
    if (state_->is_rung.exchange(true)) return;
    const std::uint64_t once = 1;
    // It cannot fail: nobody lives to see the count full.
    [[maybe_unused]] const auto written = ::write(state_->descriptor, &once, sizeof once);
}

}  // namespace bearergate::net
