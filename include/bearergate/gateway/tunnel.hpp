#pragma once

#include <bearergate/gateway/client.hpp>
#include <bearergate/net/task.hpp>
#include <bearergate/net/upstream_pool.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bearergate::gateway {

// RFC 6455 section 4.2.2: the Sec-WebSocket-Accept that proves that the upstream has understood
// the opening handshake with this key. Written into `out`.
void write_websocket_accept(std::string& out, std::string_view key);

struct TunnelTerms {
    std::chrono::milliseconds idle{};        // no byte in either direction
    std::optional<net::SteadyTime> until{};  // when the token expires that opened it
};
struct TunnelEnd {
    std::uint64_t from_client = 0;
    std::uint64_t from_upstream = 0;
    std::string_view note{};  // why it ended, unless both sides closed it
};

// Bytes both ways after a 101, until both sides have ended, one is gone, or the terms are over.
// Begins with what came already: the client's inbox, and `left_over` in the connection's buffer.
net::Task<TunnelEnd> run_tunnel(Client& client, net::UpstreamConnection& upstream,
                                std::span<char> left_over, TunnelTerms terms);

}  // namespace bearergate::gateway
