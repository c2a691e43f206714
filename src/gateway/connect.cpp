// From an upstream's addresses to a connection: servers in turn, addresses in turn.
#include <bearergate/gateway/forwarding.hpp>
#include <bearergate/gateway/workplace.hpp>

#include <chrono>
#include <exception>
#include <memory>

namespace bearergate::gateway {

using core::Reason;

namespace {

constexpr std::chrono::seconds pace_of_telling{10};

}  // namespace

net::Task<std::optional<Reason>> Forwarding::connect() {
    const auto addresses = upstream().addresses;  // a name may change meanwhile
    if (!addresses || addresses->servers.empty()) co_return Reason::upstream_unreachable;
    const std::size_t count = addresses->servers.size();
    const std::size_t first = upstream().next_server++ % count;
    Reason reason = Reason::upstream_unreachable;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t server = (first + i) % count;
        const auto& endpoints = addresses->servers[server].endpoints;
        const auto last = client_->now() + settings().timeouts.connect;
        for (std::size_t tried = 0; tried < endpoints.size(); ++tried) {
            // An address that does not answer leaves the others their share of the time.
            const auto now = client_->now();
            const auto share = (last - now) / static_cast<long>(endpoints.size() - tried);
            const auto failure = co_await connect_to(endpoints[tried], server, now + share);
            if (!failure || client_->gone()) co_return failure;
            reason = *failure;
        }
    }
    co_return reason;
}

net::Task<std::optional<Reason>> Forwarding::connect_to(const net::Endpoint& endpoint,
                                                        std::size_t server, net::SteadyTime until) {
    ++place_.counters.upstream_connects;
    connection_ = std::make_unique<net::UpstreamConnection>();
    connection_->server = server;
    connection_->endpoint = endpoint;
    connection_->buffer = place_.upstream_buffers.vacant();
    net::Stream& stream = connection_->stream;
    stream.attach(client_->signal, event::upstream_received, event::upstream_writable);
    client_->signal.clear(event::upstream_writable);
    stream.start_connect(place_.io->get_executor(), endpoint);
    auto failure = co_await settle(until);
    const config::Url& url = settings().urls[server];
    if (!failure && url.tls) {
        const std::string& name = settings().tls.server_name;
        stream.start_tls_client(request_->snapshot().upstream_tls[request_->route->upstream].get(),
                                name.empty() ? url.host : name);
        failure = co_await settle(until);
    }
    if (failure) {
        if (!client_->gone()) tell_unreached(server, *failure);
        connection_.reset();
    }
    co_return failure;
}

// For operators: clients are told no more than that it could not be reached.
void Forwarding::tell_unreached(std::size_t server, Reason reason) {
    const auto problem = connection_->stream.take_error();
    auto& told = upstream().told_unreached;
    const auto now = client_->now();
    if (!place_.shared.unreached || (told && now - *told < pace_of_telling)) return;
    told = now;
    const bool is_late = reason == Reason::upstream_timeout;
    try {
        place_.shared.unreached(
            {.upstream = settings().name,
             .server = settings().urls[server].text,
             .why = problem.value_or(is_late ? "it does not answer in time" : "unknown")});
    } catch (const std::exception&) {
        // For want of memory: it is told the next time.
        told.reset();
    }
}

// Waits for the end of a connect or a handshake.
net::Task<std::optional<Reason>> Forwarding::settle(net::SteadyTime until) {
    client_->arm(until);
    for (;;) {
        const auto up = co_await client_->wait(event::upstream_writable);
        if (client_->gone()) co_return Reason::upstream_unreachable;
        client_->stand();
        if ((up & event::upstream_writable) != 0) {
            if (connection_->stream.has_error()) co_return Reason::upstream_unreachable;
            co_return std::nullopt;
        }
        if ((up & event::deadline) != 0) co_return Reason::upstream_timeout;
    }
}

}  // namespace bearergate::gateway
