// A permitted request on an upstream's connection, and what its end means for the client.
#include <bearergate/gateway/forwarding.hpp>
#include <bearergate/gateway/tunnel.hpp>
#include <bearergate/gateway/workplace.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::gateway {

using core::Reason;
using State = ResponseFlow::State;

namespace {

constexpr std::string_view continue_answer = "HTTP/1.1 100 Continue\r\n\r\n";

// RFC 9110 section 9.2.2, less TRACE.
bool is_idempotent(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
           method == "DELETE";
}

}  // namespace

net::Task<Forwarding::End> Forwarding::run(Client& client, Request& request) {
    begin(client, request);
    net::TurnSeat seat(client.signal, event::turn);
    place_.turns.take(seat);
    do {
        if (client.gone()) co_return cut("client_gone");
    } while ((co_await client.wait(event::turn) & event::turn) == 0);
    for (connection_ = upstream().pool.take(began_);;) {
        if (connection_) {
            ++place_.counters.upstream_reused;
        } else if (const auto reason = co_await connect()) {
            co_return client.gone() ? cut("client_gone") : refused(*reason);
        }
        start_on_connection();
        const auto reason = co_await relay();
        if (reason || response_.state() != State::silent || !may_send_again()) {
            note_response();
            const bool is_tunnel = !reason && response_.state() == State::upgraded;
            if (is_tunnel && !client.gone()) co_return co_await tunnelled();
            co_return conclude(reason);
        }
        ++place_.counters.upstream_retries;
        connection_.reset();
    }
}

void Forwarding::begin(Client& client, Request& request) {
    client_ = &client;
    request_ = &request;
    account_ = {};
    began_ = client.now();
    const http::RequestHead& head = request.head;
    websocket_accept_.clear();
    if (head.upgrades_to_websocket) write_websocket_accept(websocket_accept_, head.websocket_key);
    terms_ = {.method = head.method,
              .facts = {.client_minor_version = head.minor_version,
                        .request_id = request.id,
                        .cors = request.cors,
                        .cors_configured = request.snapshot().cors.has_value()},
              .websocket_accept = websocket_accept_,
              .limits = request.setup->head_limits()};
}

void Forwarding::start_on_connection() {
    connection_->stream.attach(client_->signal, event::upstream_received, event::upstream_writable);
    write_head();
    request_->flow.start(head_);
    response_.start(terms_.limits);
    if (request_->awaits_continue() && client_->inbox.empty()) {
        request_->continue_sent = true;
        client_->outbox.add(continue_answer);
    }
}

void Forwarding::write_head() {
    const Snapshot& snapshot = request_->snapshot();
    const core::Route& route = *request_->route;
    http::ForwardFacts facts{.client_address = client_->stream.peer(),
                             .client_is_trusted_proxy = request_->from_trusted_proxy,
                             .scheme = client_->stream.is_tls() ? "https" : "http",
                             .request_id = request_->id,
                             .strip_prefix = route.strip_prefix,
                             .host = upstream_host(),
                             .keep_authorization = keeps_authorization(route, snapshot.config)};
    if (request_->identity_is_proved) {
        facts.identity_headers = snapshot.policy.identity;
        facts.identity = &request_->token->identity;
        facts.organization = request_->organization;
    }
    head_.clear();
    http::write_request_head(head_, request_->head, *request_->target, snapshot.hygiene, facts);
}

// What replaces the client's Host; "" for nothing.
std::string_view Forwarding::upstream_host() const {
    const config::Upstream& upstream = settings();
    const auto own = [&]() -> std::string_view {
        const std::string& authority = upstream.urls[connection_->server].authority;
        return authority.empty() ? "localhost" : std::string_view(authority);
    };
    switch (upstream.host) {
        case config::HostHeader::preserve:
            return request_->head.host_field.empty() ? own() : std::string_view();
        case config::HostHeader::upstream: return own();
        case config::HostHeader::literal: break;
    }
    return upstream.host_literal;
}

// After an upstream closed without a byte of an answer: only a pooled connection can have been
// stale, and only what cannot have had an effect, or may have it twice, is sent twice.
bool Forwarding::may_send_again() const {
    if (!connection_->reused || client_->gone()) return false;
    if (request_->flow.nothing_written()) return true;
    const http::BodyLength& body = request_->head.body;
    const bool has_body = body.kind == http::BodyLength::Kind::chunked || body.bytes > 0;
    return is_idempotent(request_->head.method) && !has_body;
}

void Forwarding::note_response() {
    account_.bytes_out = response_.received();
    if (response_.has_begun()) account_.status = response_.status();
}

Forwarding::End Forwarding::conclude(std::optional<Reason> reason) {
    if (client_->gone()) return cut("client_gone");
    if (reason) {
        if (!response_.has_begun()) return refused(*reason);
        return cut(*reason == Reason::upstream_timeout ? "upstream_incomplete"
                                                       : "request_incomplete");
    }
    switch (response_.state()) {
        case State::complete: return answered();
        case State::truncated: return cut("upstream_incomplete");
        case State::silent:
        case State::broken:
        case State::head:
        case State::body:
        case State::upgraded: break;  // relayed as a tunnel
    }
    return refused(Reason::upstream_broken);
}

Forwarding::End Forwarding::answered() {
    const bool sent = request_->flow.is_sent();
    auto connection = std::move(connection_);
    if (sent && response_.may_reuse()) {
        std::optional<std::chrono::seconds> timeout;
        if (const auto seconds = response_.keep_alive_timeout()) {
            timeout = std::chrono::seconds(*seconds);
        }
        upstream().pool.put(std::move(connection), client_->now(), timeout);
    }
    return {.result = Result::answered, .keep_alive = sent && response_.keep_alive()};
}

Forwarding::End Forwarding::refused(Reason reason) {
    connection_.reset();
    const bool upstreams_fault = reason == Reason::upstream_broken ||
                                 reason == Reason::upstream_timeout ||
                                 reason == Reason::upstream_unreachable;
    if (upstreams_fault) ++place_.counters.upstream_errors;
    return {.result = Result::refused, .reason = reason};
}

// The client must not take what it has got for a whole answer. Where a close would say just that,
// it gets a reset.
Forwarding::End Forwarding::cut(std::string_view note) {
    connection_.reset();
    account_.note = note;
    if (note == "upstream_incomplete") ++place_.counters.upstream_errors;
    const bool close_is_an_end = response_.has_begun() && response_.ends_by_close();
    if (client_->gone() || close_is_an_end) client_->stream.reset();
    client_->stream.close();
    return {.result = Result::cut};
}

net::Task<Forwarding::End> Forwarding::tunnelled() {
    const auto& timeouts = request_->snapshot().config.server.timeouts;
    TunnelTerms terms{.idle = timeouts.tunnel};
    if (timeouts.tunnel_closes_at_expiry && request_->identity_is_proved) {
        const auto& issuer = request_->snapshot().policy.issuers[request_->token->issuer];
        const auto left =
            request_->token->claims.times.expires_at + issuer.times.skew - place_.shared.wall_now();
        // A token may say that it lives for thousands of years.
        const std::chrono::duration<double> longest = std::chrono::days(365);
        terms.until = client_->now() + std::chrono::duration_cast<net::SteadyTime::duration>(
                                           std::min<std::chrono::duration<double>>(left, longest));
    }
    const auto end =
        co_await run_tunnel(*client_, *connection_, response_.left_over(*connection_), terms);
    account_.bytes_in = end.from_client;
    account_.bytes_out = end.from_upstream;
    if (client_->gone()) co_return cut(end.note);
    // An end without a reset: what the client has not read yet must not be lost to it.
    connection_.reset();
    account_.note = end.note;
    co_return End{.result = Result::answered};
}

}  // namespace bearergate::gateway
