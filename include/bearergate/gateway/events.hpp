#pragma once

#include <bearergate/net/signal.hpp>

// The bits of a session's Signal: everything that one client connection can wait for.
namespace bearergate::gateway::event {

using Bits = net::Signal::Bits;

inline constexpr Bits client_received = 1U << 0U;
inline constexpr Bits client_writable = 1U << 1U;
inline constexpr Bits upstream_received = 1U << 2U;
inline constexpr Bits upstream_writable = 1U << 3U;
inline constexpr Bits deadline = 1U << 4U;
inline constexpr Bits verdict = 1U << 5U;    // the authenticator has answered
inline constexpr Bits drain = 1U << 6U;      // the worker wants idle connections to go
inline constexpr Bits stop = 1U << 7U;       // the worker cuts everything
inline constexpr Bits make_room = 1U << 8U;  // an idle connection is to go, for others wait
inline constexpr Bits turn = 1U << 9U;       // its turn to write to an upstream

}  // namespace bearergate::gateway::event
