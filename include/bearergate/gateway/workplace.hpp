#pragma once

#include <bearergate/gateway/access_log.hpp>
#include <bearergate/gateway/authenticator.hpp>
#include <bearergate/gateway/idle_seat.hpp>
#include <bearergate/gateway/metrics.hpp>
#include <bearergate/gateway/recent_refusals.hpp>
#include <bearergate/gateway/request_ids.hpp>
#include <bearergate/gateway/setup.hpp>
#include <bearergate/gateway/worker.hpp>
#include <bearergate/net/buffer_pool.hpp>
#include <bearergate/net/buzzer.hpp>
#include <bearergate/net/deadline.hpp>
#include <bearergate/net/turn.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace bearergate::gateway {

class Exchange;

// What the sessions of one worker share. Only the worker's thread touches it, but for one bell.
struct Workplace {
    Workplace(std::unique_ptr<boost::asio::io_context> context, Shared& shared,
              std::shared_ptr<const Snapshot> snapshot, std::size_t log_bytes);
    ~Workplace();
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;

    std::unique_ptr<boost::asio::io_context> io;
    Shared& shared;
    net::DeadlineSweep sweep;
    net::Turns turns;
    net::BufferPool upstream_buffers;
    std::shared_ptr<const Setup> setup;
    // Before the authenticator, and so longer: until that is gone, the pool's threads ring it.
    net::Buzzer verdicts_came{*io, [this] { authenticator.collect(); }};
    Authenticator authenticator;
    AccessRing log;
    Counters counters{};
    RecentRefusals refusals{};
    RequestIds request_ids{};
    IdleSeats idle{};
    bool draining = false;

    // Exchanges are kept for reuse: a warm request finds its strings and vectors large enough.
    std::unique_ptr<Exchange> borrow_exchange();
    void give_back(std::unique_ptr<Exchange> exchange);

    // Where a request of a setup, which may be an older one, is counted; by its route, if any.
    Counters::Route& route_counters(const Setup& of, const core::Route* route);

private:
    std::vector<std::unique_ptr<Exchange>> spare_exchanges_{};
};

}  // namespace bearergate::gateway
