// One request: the checks of docs/how-it-decides.md, in their order, and what is noted down.
#include <bearergate/gateway/exchange.hpp>
#include <bearergate/gateway/trusted_proxies.hpp>
#include <bearergate/gateway/workplace.hpp>
#include <bearergate/http/cors.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace bearergate::gateway {

using core::Reason;

namespace {

// What is logged as it came: long enough for every honest traceparent (W3C Trace Context).
constexpr std::size_t max_trace_parent = 128;

}  // namespace

net::Task<Exchange::After> Exchange::run(Client& client, std::size_t head_bytes,
                                         net::SteadyTime began) {
    begin(client, began);
    After after = After::cut;
    try {
        after = co_await answer(head_bytes);
    } catch (...) {
        // What the client has got of an answer must not look whole to it.
        if (is_permitted_) client_->stream.reset();
        fail();
        throw;
    }
    finish();
    co_return after;
}

net::Task<Exchange::After> Exchange::run_refusal(Client& client, Reason reason,
                                                 net::SteadyTime began) {
    begin(client, began);
    After after = After::cut;
    try {
        name_request();
        allow_origin();
        after = co_await refuse(reason);
    } catch (...) {
        fail();
        throw;
    }
    finish();
    co_return after;
}

net::Task<Exchange::After> Exchange::answer(std::size_t head_bytes) {
    if (const auto reason = read_head(head_bytes)) co_return co_await refuse(*reason);
    if (const auto reason = read_target()) co_return co_await refuse(*reason);
    if (is_preflight()) co_return co_await answer_preflight();
    if (const auto reason = find_route()) co_return co_await refuse(*reason);
    if (const auto reason = co_await authorize()) co_return co_await refuse(*reason);
    if (client_->gone()) co_return After::cut;
    if (const auto reason = check_body_size()) co_return co_await refuse(*reason);
    is_permitted_ = true;
    const auto end = co_await forwarding_.run(*client_, request_);  // check 18
    note(forwarding_.account());
    if (end.result == Forwarding::Result::cut) co_return After::cut;
    if (end.result == Forwarding::Result::refused) co_return co_await refuse(end.reason);
    co_return end.keep_alive ? After::next : After::close;
}

void Exchange::note(const Forwarding::Account& account) {
    record_.status = account.status;
    record_.bytes_in = account.bytes_in;
    record_.bytes_out = account.bytes_out;
    record_.upstream_duration = account.until_head;
    record_.note = account.note;
}

void Exchange::begin(Client& client, net::SteadyTime began) {
    client_ = &client;
    began_ = began;
    is_permitted_ = false;
    match_.allow.clear();  // of another request
    ++place_.counters.requests_in_flight;
    http::RequestHead kept = std::move(request_.head);  // for its vectors
    request_ = Request{.setup = place_.setup};
    request_.head = std::move(kept);
    request_.is_head = client.inbox.text().starts_with("HEAD ");
    record_ = AccessRecord{};
    arrived_ = place_.shared.wall_now();
    record_.time = std::chrono::time_point_cast<std::chrono::system_clock::duration>(arrived_);
    record_.client = client.stream.peer();
}

// Checks 1 and 2, for the head and for what came of the body with it.
std::optional<Reason> Exchange::read_head(std::size_t head_bytes) {
    const auto bytes = client_->inbox.text().substr(0, head_bytes);
    client_->inbox.keep_head(head_bytes);
    const auto reason = parser_.parse(bytes, request_.head);
    request_.head_is_read = reason != Reason::bad_request;
    name_request();
    allow_origin();
    if (!request_.head_is_read) return reason;

    http::RequestHead& head = request_.head;
    record_.method = head.method;
    record_.trace_parent = head.traceparent.substr(0, max_trace_parent);
    if (reason) {
        head.keep_alive = false;  // who sends this may mean anything by what follows
        if (*reason == Reason::method_not_allowed) {
            match_.allow =
                core::allowed_methods(request_.snapshot().policy, head.host, head.target);
        }
        return reason;
    }
    request_.flow.begin(head.body);
    if (!request_.flow.look(client_->inbox)) return Reason::bad_request;
    client_->stand();
    return std::nullopt;
}

// The id that a trusted proxy gave it, else one of ours.
void Exchange::name_request() {
    const auto& trusted = request_.snapshot().config.server.trusted_proxies;
    const std::string_view peer = client_->stream.peer();
    std::string_view given;
    if (request_.head_is_read) {
        given = is_request_id(request_.head.request_id) ? request_.head.request_id : given;
        request_.from_trusted_proxy = is_trusted_proxy(trusted, peer);
    }
    if (request_.from_trusted_proxy) {
        record_.client = client_address(trusted, peer, request_.head.fields);
    }
    if (request_.from_trusted_proxy && !given.empty()) {
        request_.id = given;
    } else {
        request_.id = place_.request_ids.next(id_text_);
        record_.client_request_id = given;
    }
    record_.request_id = request_.id;
}

// Our CORS fields go with every answer. An unreadable head has no origin.
void Exchange::allow_origin() {
    const auto& cors = request_.snapshot().cors;
    if (!cors) return;
    static const http::RequestHead unreadable{};
    request_.cors = http::cors_lines(*cors, request_.head_is_read ? request_.head : unreadable);
}

// Check 3.
std::optional<Reason> Exchange::read_target() {
    auto target = core::Target::parse(request_.head.target, request_.snapshot().policy.target,
                                      target_scratch_);
    if (!target) return target.error();
    request_.target = *target;
    record_.path = target->path();
    return std::nullopt;
}

// Check 3a: a preflight whose path has a route for the method that it asks about.
bool Exchange::is_preflight() {
    if (!request_.snapshot().cors) return false;
    const auto method = http::preflight_method(request_.head);
    if (!method) return false;
    request_.snapshot().policy.table.match(request_.head.host, *method, request_.target->path(),
                                           match_);
    return match_.outcome == core::Match::Outcome::found;
}

// Check 4.
std::optional<Reason> Exchange::find_route() {
    const auto& policy = request_.snapshot().policy;
    policy.table.match(request_.head.host, request_.head.method, request_.target->path(), match_);
    switch (match_.outcome) {
        case core::Match::Outcome::no_route: return Reason::no_route;
        case core::Match::Outcome::method_not_allowed: return Reason::method_not_allowed;
        case core::Match::Outcome::found: break;
    }
    request_.route = &policy.routes[match_.route];
    record_.route = request_.route->text;
    return std::nullopt;
}

// Checks 5 to 16. On a shadow route their outcome is only noted down. Nothing to complain of either
// when the client went while its request waited.
net::Task<std::optional<Reason>> Exchange::authorize() {
    const auto token = credentials();
    std::optional<Reason> reason;
    if (!token) {
        reason = token.error();
    } else if (*token) {
        VerdictWaiter waiter(client_->signal, event::verdict);
        auto verdict = ask(**token, waiter);
        if (!verdict) verdict = co_await wait_for(waiter);
        if (!verdict) co_return std::nullopt;
        reason = check_permission(*std::move(verdict));
    }
    if (!reason) co_return std::nullopt;
    if (request_.route->mode == core::Mode::enforce || *reason == Reason::credentials_ambiguous) {
        co_return reason;
    }
    record_.would_deny = reason;
    co_return std::nullopt;
}

// Checks 5 to 7: the token to look at, or nothing where the route needs none.
core::Result<std::optional<std::string_view>, Reason> Exchange::credentials() const {
    switch (request_.route->rule.access) {
        case core::Access::deny: return std::unexpected(Reason::route_closed);
        case core::Access::open: return std::nullopt;
        case core::Access::optional:
            if (request_.head.authorization.empty()) return std::nullopt;
            break;
        case core::Access::token: break;
    }
    return core::bearer_token(request_.head.authorization);
}

// Checks 8 to 13a. Nothing while keys or the verifier pool are waited for.
std::optional<Verdict> Exchange::ask(std::string_view token, VerdictWaiter& waiter) {
    const bool may_wait = request_.route->mode == core::Mode::enforce;
    return place_.authenticator.authenticate(token, request_.setup->snapshot, arrived_,
                                             client_->now(), may_wait, waiter);
}

net::Task<std::optional<Verdict>> Exchange::wait_for(VerdictWaiter& waiter) {
    client_->arm(net::SteadyTime::max());  // the authenticator keeps its own time
    for (;;) {
        co_await client_->wait(event::verdict);
        if (client_->gone()) co_return std::nullopt;
        client_->stand();
        if (auto verdict = waiter.take()) co_return verdict;
    }
}

// Checks 14 to 16.
std::optional<Reason> Exchange::check_permission(Verdict verdict) {
    if (!verdict) return verdict.error();
    request_.token = *std::move(verdict);
    const core::RequestView view{.method = request_.head.method,
                                 .host = request_.head.host,
                                 .target = *request_.target,
                                 .fields = request_.head.fields};
    const auto decision = core::permit(request_.route->rule, request_.snapshot().policy,
                                       match_.captures, view, *request_.token);
    if (const auto* denied = std::get_if<core::Denied>(&decision)) return denied->reason;
    request_.organization = std::get<core::Allowed>(decision).organization;
    request_.identity_is_proved = true;
    return std::nullopt;
}

// Check 17, as far as it can be said before the body is there.
std::optional<Reason> Exchange::check_body_size() {
    const auto limit = body_limit(*request_.route, request_.snapshot().config);
    request_.flow.limit(limit);
    const bool says_too_much = limit && request_.head.body.says_more_than(*limit);
    if (says_too_much || request_.flow.is_over_limit()) return Reason::body_too_large;
    return std::nullopt;
}

// Memory, or a source of random bytes, was not to be had.
void Exchange::fail() {
    record_.note = "internal_error";
    finish();
}

// Every request comes by here, however it ended.
void Exchange::finish() {
    client_->read_clock();
    record_.bytes_in = std::max(record_.bytes_in, request_.flow.received());
    if (client_->gone() && record_.note.empty()) record_.note = "client_gone";
    record_.duration =
        std::chrono::duration_cast<std::chrono::microseconds>(client_->now() - began_);
    count();
    report();

    client_->inbox.forget_head();
    client_ = nullptr;
    request_.setup.reset();
    request_.token.reset();
}

void Exchange::report() {
    const bool is_logged = wants(request_.snapshot().config.logging.access, record_);
    const bool is_shown =
        (record_.reason || record_.would_deny) && shows_refusals(place_.setup->snapshot->config);
    if (!is_logged && !is_shown) return;
    if (request_.token) {
        const core::Claims& claims = request_.token->claims;
        record_.subject = claims.subject;
        record_.issuer = claims.issuer;
        if (claims.client) record_.client_id = *claims.client;
        if (claims.organization) record_.organization = *claims.organization;
        if (request_.organization) record_.organization = *request_.organization;
    }
    if (is_logged) place_.log.push(record_);
    if (is_shown) place_.refusals.note(record_, client_->now());
}

void Exchange::count() {
    Counters& counters = place_.counters;
    --counters.requests_in_flight;
    counters.total.record(record_.duration);
    if (record_.upstream_duration) counters.upstream.record(*record_.upstream_duration);
    counters.bytes_in += record_.bytes_in;
    counters.bytes_out += record_.bytes_out;

    Counters::Route& route = place_.route_counters(*request_.setup, request_.route);
    if (record_.reason) {
        ++route.refused[static_cast<std::size_t>(*record_.reason)];
    } else if (is_permitted_) {
        ++route.allowed;
    }
    if (record_.would_deny) ++route.would_deny[static_cast<std::size_t>(*record_.would_deny)];
    ++route.status_class[std::min<std::size_t>(record_.status / 100, 5)];
}

}  // namespace bearergate::gateway
