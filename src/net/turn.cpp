// What sessions do together, once a thread has looked at everything that was ready.
#include <bearergate/net/turn.hpp>

#include <boost/asio/post.hpp>

namespace bearergate::net {

struct Turns::State {
    explicit State(boost::asio::io_context& context) : io(context) {}

    // Raising a bit resumes a session, which may take a seat for the turn after this one.
    void go() {
        posted = false;
        Row now;
        now.swap(row);
        while (!now.empty()) {
            TurnSeat& seat = now.front();
            seat.unlink();
            seat.signal_.raise(seat.bits_);
        }
    }

    boost::asio::io_context& io;
    Row row{};
    bool posted = false;
};

Turns::Turns(boost::asio::io_context& io) : state_(std::make_shared<State>(io)) {}

Turns::~Turns() = default;

void Turns::take(TurnSeat& seat) {
    if (!state_->posted) {
        boost::asio::post(state_->io, [state = std::weak_ptr(state_)] {
            if (const auto here = state.lock()) here->go();
        });
        state_->posted = true;
    }
    state_->row.push_back(seat);
}

}  // namespace bearergate::net
