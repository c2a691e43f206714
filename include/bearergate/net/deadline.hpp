#pragma once

#include <bearergate/net/alarm.hpp>
#include <bearergate/net/signal.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include <chrono>

namespace bearergate::net {

using SteadyTime = std::chrono::steady_clock::time_point;

// Raises a bit of a Signal, once, when its time is over: one field write to set, no timer. The
// sweep makes it up to one period late, never early.
class Deadline : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    Deadline(Signal& signal, Signal::Bits bits) : signal_(signal), bits_(bits) {}

    void set(SteadyTime when) { when_ = when; }
    void clear() { when_ = SteadyTime::max(); }
    SteadyTime when() const { return when_; }

private:
    friend class DeadlineSweep;
    Signal& signal_;
    Signal::Bits bits_;
    SteadyTime when_ = SteadyTime::max();
};

// The coarse clock of one worker: one timer, every `period`, over all its deadlines.
class DeadlineSweep {
public:
    explicit DeadlineSweep(boost::asio::io_context& io,
                           std::chrono::milliseconds period = std::chrono::milliseconds(250));
    void add(Deadline& deadline);  // leaves by itself when destroyed
    void start();
    void stop();
    SteadyTime now() const;  // read fresh
    // What the timer does each period: ends the deadlines that are over at `now`. A session that
    // this resumes may do with deadlines what it likes, but not destroy the sweep.
    void sweep(SteadyTime now);

private:
    using List = boost::intrusive::list<Deadline, boost::intrusive::constant_time_size<false>>;
    Alarm alarm_;
    std::chrono::milliseconds period_;
    List deadlines_{};
};

}  // namespace bearergate::net
