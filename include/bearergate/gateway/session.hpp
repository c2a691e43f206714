#pragma once

#include <bearergate/gateway/client.hpp>
#include <bearergate/gateway/exchange.hpp>
#include <bearergate/net/task.hpp>
#include <bearergate/net/tls.hpp>

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <optional>

namespace bearergate::gateway {

struct Workplace;

// One client connection: a handshake if it is TLS, then request by request until one side has
// enough. Lives in the worker's list of sessions.
class Session : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    Session(Workplace& place, net::Socket socket);

    // The session's whole life; spawned once.
    net::Task<void> run();
    // From outside, on the worker's thread.
    void raise(event::Bits bits) { client_.signal.raise(bits); }

private:
    // What came of waiting for a request: the length of its head, a reason why there is none, or
    // neither when the connection is over.
    struct Arrival {
        std::optional<std::size_t> head_bytes{};
        std::optional<core::Reason> reason{};
        net::SteadyTime began{};
    };
    net::Task<bool> shake_hands();
    net::Task<Arrival> await_request();
    net::Task<void> move_to_front();
    net::Task<bool> await_first_byte();
    net::Task<void> rest();
    net::Task<void> linger();

    Workplace& place_;
    net::TlsContext tls_;
    Client client_;
    bool is_new_ = true;  // it has not sent a request yet
};

}  // namespace bearergate::gateway
