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

// The one that has idled for longest first.
using IdleSeats = boost::intrusive::list<IdleSeat, boost::intrusive::constant_time_size<false>>;

}  // namespace bearergate::gateway
