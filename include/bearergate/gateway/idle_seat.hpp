#pragma once

#include <bearergate/gateway/events.hpp>
#include <bearergate/net/signal.hpp>

#include <boost/intrusive/list.hpp>

namespace bearergate::gateway {

// A connection's place among those of its worker that have no request under way, while it is one
// of them. Destroying it leaves the row.
class IdleSeat : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    explicit IdleSeat(net::Signal& signal) : signal_(signal) {}
    // Others wait to come in: the connection is asked to go.
    void make_room() {
        unlink();
        signal_.raise(event::make_room);
    }

private:
    net::Signal& signal_;
};

// All of them, each row with the one first that has been in it for longest.
struct IdleSeats {
    using Row = boost::intrusive::list<IdleSeat, boost::intrusive::constant_time_size<false>>;
    Row arriving{};  // nothing has come of them yet, or a part of a head
    Row resting{};   // after an answer

    bool empty() const { return arriving.empty() && resting.empty(); }
    // One of them makes room, if there is any: first who has shown no good will so far.
    void make_room() {
        Row& row = arriving.empty() ? resting : arriving;
        if (!row.empty()) row.front().make_room();
    }
};

}  // namespace bearergate::gateway
