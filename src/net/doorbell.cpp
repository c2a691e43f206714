// A posted call whose memory is there beforehand.
#include <bearergate/net/doorbell.hpp>
#include <bearergate/net/operation_room.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <utility>

namespace bearergate::net {

struct Doorbell::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, std::function<void()> what)
        : loop(io.get_executor()), answer(std::move(what)) {}

    void answer_now() {
        is_rung = false;  // first: who rings from here on means something later
        if (is_answered) answer();
    }

    OperationRoom room{};
    const boost::asio::io_context::executor_type loop;
    const std::function<void()> answer;
    std::atomic<bool> is_rung = false;
    bool is_answered = true;
};

Doorbell::Doorbell(boost::asio::io_context& io, std::function<void()> answer)
    : state_(std::make_shared<State>(io, std::move(answer))) {}

Doorbell::~Doorbell() {
    state_->is_answered = false;
}

void Doorbell::ring() noexcept {
    if (state_->is_rung.exchange(true)) return;
    boost::asio::post(state_->loop,
                      boost::asio::bind_allocator(state_->room.allocator(),
                                                  [state = state_] { state->answer_now(); }));
}

}  // namespace bearergate::net
