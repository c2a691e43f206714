// One client connection, request by request.
#include <bearergate/gateway/session.hpp>
#include <bearergate/gateway/workplace.hpp>
#include <bearergate/http/head_scan.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::gateway {

using core::Reason;

namespace {

// A connection that has been quiet for this long gives its buffer back.
constexpr std::chrono::milliseconds nap{250};
// When the worker drains, what was sent before its client could know still gets an answer.
constexpr std::chrono::milliseconds drain_grace{250};
// How long a client may take to read our last words (RFC 9112 section 9.6).
constexpr std::chrono::seconds max_linger{2};

}  // namespace

Session::Session(Workplace& place, net::Socket socket)
    : place_(place),
      tls_(place.setup->snapshot->server_tls),
      client_(net::Stream(std::move(socket)), place.sweep) {}

net::Task<void> Session::run() {
    if (tls_ && !co_await shake_hands()) co_return;
    for (;;) {
        const Arrival arrival = co_await await_request();
        if (!arrival.head_bytes && !arrival.reason) break;
        is_new_ = false;
        auto exchange = place_.borrow_exchange();
        const auto after =
            arrival.reason ? co_await exchange->run_refusal(client_, *arrival.reason, arrival.began)
                           : co_await exchange->run(client_, *arrival.head_bytes, arrival.began);
        // Not after an exception: its connections would still be attached to this session.
        place_.give_back(std::move(exchange));
        if (after == Exchange::After::cut) co_return;
        if (after == Exchange::After::close) {
            co_await linger();
            co_return;
        }
    }
    if (client_.gone()) co_return;
    client_.stream.shutdown_send();
    client_.stream.close();
}

net::Task<bool> Session::shake_hands() {
    client_.stream.start_tls_server(tls_.get());
    client_.arm(client_.now() + place_.setup->snapshot->config.server.timeouts.tls);
    IdleSeat seat(client_.signal);
    place_.idle.arriving.push_back(seat);
    const auto up = co_await client_.wait(event::client_writable | event::make_room);
    const bool done = (up & event::client_writable) != 0;
    co_return done && !client_.gone() && !client_.stream.take_error();
}

net::Task<Session::Arrival> Session::await_request() {
    if (!client_.stands()) client_.inbox.compact();
    if (client_.inbox.empty() && !co_await await_first_byte()) co_return Arrival{};

    Arrival arrival{.began = client_.now()};
    const auto& server = place_.setup->snapshot->config.server;
    auto limits = place_.setup->head_limits();
    // A block from before a reload may be smaller than is now allowed.
    limits.bytes = std::min(limits.bytes, client_.inbox.size() - room_behind_head);
    http::HeadScan scan(http::HeadScan::Kind::request, limits);
    client_.arm(arrival.began + server.timeouts.header);
    std::optional<IdleSeat> seat;  // once there is something to wait for
    bool must_go = false;
    for (;;) {
        const auto length = scan.feed(client_.inbox.text());
        if (!length) {
            arrival.reason = length.error();
        } else if (*length) {
            arrival.head_bytes = *length;
        } else if (client_.ended()) {
            arrival.reason = Reason::bad_request;
        }
        if (arrival.head_bytes && client_.inbox.is_cramped(*arrival.head_bytes, room_behind_head)) {
            co_await move_to_front();
            if (client_.gone()) co_return Arrival{};
        }
        if (arrival.head_bytes || arrival.reason) co_return arrival;
        if (must_go) co_return Arrival{};
        if (!seat) {
            client_.signal.clear(event::make_room);
            place_.idle.arriving.push_back(seat.emplace(client_.signal));
        }
        client_.stand_compacted();
        const auto up = co_await client_.wait(event::make_room);
        if (client_.gone()) co_return Arrival{};
        must_go = (up & event::make_room) != 0;
        if ((up & event::deadline) != 0) arrival.reason = Reason::header_timeout;
        if (arrival.reason) co_return arrival;
    }
}

// Moves what is unread to the front, a receive that stands behind it or not: it could not be moved
// while a head is kept, and the body that follows must not be left with a few bytes of room.
net::Task<void> Session::move_to_front() {
    client_.stream.cancel_receive();
    while (client_.stands()) co_await client_.wait(0);
    client_.inbox.compact();
}

// True when there is something in the inbox; false when there will be nothing. Who has just come
// has something to say, and no claim on the patience that a client has earned.
net::Task<bool> Session::await_first_byte() {
    const auto& timeouts = place_.setup->snapshot->config.server.timeouts;
    const auto now = client_.now();
    const auto patience = is_new_ ? std::min(timeouts.header, timeouts.idle) : timeouts.idle;
    auto until = now + (place_.draining ? drain_grace : patience);
    client_.signal.clear(event::make_room);
    IdleSeat seat(client_.signal);
    (is_new_ ? place_.idle.arriving : place_.idle.resting).push_back(seat);
    client_.use_buffers(place_.setup->client_buffers);
    client_.arm(std::min(until, now + nap));
    for (;;) {
        if (!client_.inbox.empty()) co_return true;
        if (client_.ended() || client_.gone()) co_return false;
        client_.stand();
        const auto up = co_await client_.wait(event::drain | event::make_room);
        if ((up & event::make_room) != 0) {
            co_return !client_.inbox.empty();
        } else if ((up & event::drain) != 0) {
            until = std::min(until, client_.now() + drain_grace);
            client_.arm(until);
        } else if ((up & event::deadline) != 0) {
            if (client_.now() >= until) co_return !client_.inbox.empty();
            co_await rest();
            client_.arm(until);
        }
    }
}

// Gives the buffer back and waits without one, unless something came at the last moment.
net::Task<void> Session::rest() {
    client_.stream.cancel_receive();
    while (client_.stream.is_receiving()) co_await client_.wait(0);
    if (!client_.inbox.empty() || client_.ended() || client_.gone()) co_return;
    client_.inbox.release();
    client_.stream.start_wait_readable();
}

// Ends our side and reads on for a while. A close with bytes unread would reset the connection,
// and the client would lose the answer with it.
net::Task<void> Session::linger() {
    client_.stream.shutdown_send();
    client_.arm(client_.now() + max_linger);
    while (!client_.ended() && !client_.gone()) {
        client_.inbox.consume(client_.inbox.unread().size());
        client_.stand_compacted();
        if ((co_await client_.wait(0) & event::deadline) != 0) break;
    }
    client_.stream.close();
}

}  // namespace bearergate::gateway
