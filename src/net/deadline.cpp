// The coarse clock: one timer for all deadlines of a worker.
#include <bearergate/net/deadline.hpp>

namespace bearergate::net {

DeadlineSweep::DeadlineSweep(boost::asio::io_context& io, std::chrono::milliseconds period)
    : alarm_(io,
             [this] {
                 alarm_.set(period_);  // first: a session may stop the sweep
                 sweep(now());
             }),
      period_(period) {}

void DeadlineSweep::add(Deadline& deadline) {
    deadlines_.push_back(deadline);
}

SteadyTime DeadlineSweep::now() const {
    return std::chrono::steady_clock::now();
}

void DeadlineSweep::start() {
    alarm_.set(period_);
}

void DeadlineSweep::stop() {
    alarm_.clear();
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
