// The coarse clock: one timer for all deadlines of a worker.
#include <bearergate/net/deadline.hpp>

namespace bearergate::net {

DeadlineSweep::DeadlineSweep(boost::asio::io_context& io, std::chrono::milliseconds period)
    : timer_(io.get_executor()), period_(period) {}

void DeadlineSweep::add(Deadline& deadline) {
    deadlines_.push_back(deadline);
}

SteadyTime DeadlineSweep::now() const {
    return std::chrono::steady_clock::now();
}

void DeadlineSweep::start() {
    alive_ = std::make_shared<bool>(true);
    tick();
}

void DeadlineSweep::stop() {
    alive_.reset();
    timer_.cancel();
}

void DeadlineSweep::tick() {
    timer_.expires_after(period_);
    // A timer that has fired can no longer be cancelled: its handler may find that the sweep was
    // stopped or destroyed meanwhile.
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code&) {
        if (alive.expired()) return;
        sweep(now());
        if (!alive.expired()) tick();
    });
}

void DeadlineSweep::sweep(SteadyTime now) {
    // Raising a bit resumes a session, which may set, clear, add or destroy any deadline, also one
    // that is due now. So those that are due are moved to a list first, which they leave by
    // themselves when destroyed, and each is looked at again when its turn comes.
    List due;
    for (auto here = deadlines_.begin(); here != deadlines_.end();) {
        Deadline& deadline = *here++;
        if (deadline.when_ > now) continue;
        deadline.unlink();
        due.push_back(deadline);
    }
    while (!due.empty()) {
        Deadline& deadline = due.front();
        deadline.unlink();
        deadlines_.push_back(deadline);
        if (deadline.when_ > now) continue;
        deadline.clear();
        deadline.signal_.raise(deadline.bits_);
    }
}

}  // namespace bearergate::net
