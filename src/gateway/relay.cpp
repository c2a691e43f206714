// Both directions of an exchange at once, and how long each peer is waited for.
#include <bearergate/gateway/forwarding.hpp>
#include <bearergate/gateway/workplace.hpp>

#include <algorithm>

namespace bearergate::gateway {

using core::Reason;

net::Task<std::optional<Reason>> Forwarding::relay() {
    constexpr event::Bits events =
        event::client_writable | event::upstream_received | event::upstream_writable;
    moved_ = {.request = client_->now(), .any = client_->now()};
    for (;;) {
        advance();
        if (response_.has_begun() && !account_.until_head) {
            account_.until_head =
                std::chrono::duration_cast<std::chrono::microseconds>(moved_.any - began_);
        }
        if (client_->gone()) co_return std::nullopt;
        if (response_.is_over() && client_->outbox.empty()) co_return std::nullopt;
        if (const auto fault = request_->flow.fault()) co_return fault;

        const auto client = clients_deadline();
        const auto upstream = upstreams_deadline();
        client_->arm(std::min(client, upstream));
        const auto up = co_await client_->wait(events);
        if ((up & event::upstream_writable) != 0) request_->flow.wake();
        if ((up & event::deadline) == 0) continue;
        const auto now = client_->now();
        if (now >= upstream) {
            if (!request_->flow.is_taken(connection_->stream)) co_return Reason::upstream_timeout;
            moved_ = {.request = now, .any = now};
        } else if (now >= client) {
            if (client_->outbox.empty()) co_return Reason::body_timeout;
            if (!client_->outbox.is_taken(client_->stream)) {
                client_->give_up();  // it does not take what it asked for
                co_return std::nullopt;
            }
            moved_.any = now;
        }
    }
}

void Forwarding::advance() {
    const bool request_moved = request_->flow.advance(*client_, connection_->stream);
    const bool says_no_more = client_->ended() && client_->inbox.empty();
    const bool keep_alive = request_->head.keep_alive && request_->flow.is_read() &&
                            !request_->flow.fault() && !says_no_more && !place_.draining;
    const bool response_moved = response_.advance(*client_, *connection_, terms_, keep_alive);
    if (!request_moved && !response_moved) return;
    moved_.any = client_->now();
    if (request_moved) moved_.request = moved_.any;
}

// Between bytes of its body, and while a write to it makes no progress.
net::SteadyTime Forwarding::clients_deadline() const {
    const bool reads_from_it = request_->flow.waits_for_client();
    const bool writes_to_it = !client_->outbox.empty();
    if (!reads_from_it && !writes_to_it) return net::SteadyTime::max();
    return moved_.any + request_->snapshot().config.server.timeouts.idle;
}

// While it takes no more of the request, or has all of it and does not answer, or stops in the
// middle of its answer. What the client takes its time for is not held against the upstream. Pieces
// of a head and interim heads are no answer: they gain it no time.
net::SteadyTime Forwarding::upstreams_deadline() const {
    if (!client_->outbox.empty()) return net::SteadyTime::max();
    if (response_.has_begun()) return moved_.any + settings().timeouts.body;
    if (request_->flow.waits_for_client()) return net::SteadyTime::max();
    return moved_.request +
           request_->route->response_timeout.value_or(settings().timeouts.response);
}

}  // namespace bearergate::gateway
