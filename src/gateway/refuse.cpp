// Answers of our own: refusals and preflights, and what is done about a body that nobody wants.
#include <bearergate/gateway/exchange.hpp>
#include <bearergate/gateway/workplace.hpp>
#include <bearergate/http/cors.hpp>
#include <bearergate/http/respond.hpp>

#include <chrono>
#include <string_view>

namespace bearergate::gateway {

using core::Reason;

namespace {

// How much of an unwanted body is read so that the connection can go on, and for how long.
constexpr std::uint64_t max_drained_bytes = 64 * 1024;
constexpr std::chrono::seconds max_draining{1};

constexpr std::string_view end_of_head = "\r\n\r\n";

// After these the client and we may not agree on where its next request begins, or it has had
// its chance.
bool ends_connection(Reason reason) {
    return reason == Reason::bad_request || reason == Reason::expectation_unsupported ||
           reason == Reason::header_too_large || reason == Reason::header_timeout ||
           reason == Reason::body_timeout || reason == Reason::body_too_large;
}

http::DateText date_of(core::WallTime now) {
    return http::date_text(std::chrono::floor<std::chrono::seconds>(now));
}

}  // namespace

net::Task<Exchange::After> Exchange::refuse(Reason reason) {
    record_.reason = reason;
    record_.status = core::refusal(reason).status;
    const bool read = request_.head_is_read;
    const bool keep_alive = may_keep_alive() && !ends_connection(reason);
    const http::DateText date = date_of(place_.shared.wall_now());
    answer_.clear();
    http::write_refusal(answer_, reason,
                        {.minor_version = read ? request_.head.minor_version : 1,
                         .keep_alive = keep_alive,
                         .head_request = request_.is_head,
                         .request_id = request_.id,
                         .allow = match_.allow,
                         .rule = request_.route ? &request_.route->rule : nullptr,
                         .cors = request_.cors,
                         .date = date.view()});
    record_.bytes_out = answer_.size() - (answer_.find(end_of_head) + end_of_head.size());
    co_return co_await send_answer(keep_alive);
}

net::Task<Exchange::After> Exchange::answer_preflight() {
    is_permitted_ = true;
    record_.status = 204;
    const bool keep_alive = may_keep_alive();
    const http::DateText date = date_of(place_.shared.wall_now());
    answer_.clear();
    http::write_preflight(answer_, *request_.snapshot().cors, request_.head, request_.id,
                          keep_alive, date.view());
    co_return co_await send_answer(keep_alive);
}

net::Task<Exchange::After> Exchange::send_answer(bool keep_alive) {
    client_->outbox.add(answer_);
    if (!co_await client_->flush(request_.snapshot().config.server.timeouts.idle)) {
        co_return After::cut;
    }
    if (!keep_alive) co_return After::close;
    co_return co_await drain_body() ? After::next : After::close;
}

// Reads and drops what the client still sends of its body, within limits. True: all of it.
net::Task<bool> Exchange::drain_body() {
    RequestFlow& flow = request_.flow;
    const auto before = flow.received();
    if (!flow.is_read()) client_->arm(client_->now() + max_draining);
    for (;;) {
        if (!flow.discard(client_->inbox)) co_return false;
        if (flow.is_read()) co_return true;
        if (flow.received() - before > max_drained_bytes) co_return false;
        if (client_->ended() || client_->gone()) co_return false;
        client_->stand_compacted();
        if ((co_await client_->wait(0) & event::deadline) != 0) co_return false;
    }
}

// Whether the connection may carry another request after an answer of ours.
bool Exchange::may_keep_alive() const {
    if (!request_.head_is_read || !request_.head.keep_alive || place_.draining) return false;
    if (client_->ended() && client_->inbox.empty()) return false;
    if (request_.flow.is_read()) return true;
    // A client that waits for 100 may take the answer for a reason not to send its body at all:
    // its next bytes could be either.
    if (request_.awaits_continue()) return false;
    const auto& body = request_.head.body;
    return body.kind != http::BodyLength::Kind::sized ||
           body.bytes - request_.flow.received() <= max_drained_bytes;
}

}  // namespace bearergate::gateway
