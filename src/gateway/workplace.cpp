#include <bearergate/gateway/exchange.hpp>
#include <bearergate/gateway/workplace.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::gateway {

namespace {

constexpr std::size_t upstream_block_bytes = 16 * 1024;
constexpr std::size_t max_spare_exchanges = 64;

}  // namespace

Workplace::Workplace(std::unique_ptr<boost::asio::io_context> context, Shared& shared_by_all,
                     std::shared_ptr<const Snapshot> snapshot, std::size_t log_bytes)
    : io(std::move(context)),
      shared(shared_by_all),
      sweep(*io),
      turns(*io),
      upstream_buffers(upstream_block_bytes),
      setup(make_setup(std::move(snapshot), nullptr, upstream_buffers)),
      authenticator({.cache_entries = setup->snapshot->config.server.cache}, *shared.verifiers,
                    shared.questions, [&bell = verdicts_came]() noexcept { bell.ring(); }),
      log(log_bytes) {
    counters.routes.resize(setup->snapshot->policy.routes.size());
}

Workplace::~Workplace() = default;

std::unique_ptr<Exchange> Workplace::borrow_exchange() {
    if (spare_exchanges_.empty()) return std::make_unique<Exchange>(*this);
    auto exchange = std::move(spare_exchanges_.back());
    spare_exchanges_.pop_back();
    return exchange;
}

void Workplace::give_back(std::unique_ptr<Exchange> exchange) {
    if (spare_exchanges_.size() < max_spare_exchanges) {
        spare_exchanges_.push_back(std::move(exchange));
    }
}

Counters::Route& Workplace::route_counters(const Setup& of, const core::Route* route) {
    if (route == nullptr) return counters.unrouted;
    const auto& old_routes = of.snapshot->policy.routes;
    if (&of == setup.get())
        return counters.routes[static_cast<std::size_t>(route - old_routes.data())];
    // A reload came between. The route's name is what remains.
    const auto& routes = setup->snapshot->policy.routes;
    const auto same = std::ranges::find(routes, route->text, &core::Route::text);
    if (same == routes.end()) return counters.former;
    return counters.routes[static_cast<std::size_t>(same - routes.begin())];
}

}  // namespace bearergate::gateway
