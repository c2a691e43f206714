#include <bearergate/cli/fetch_keys.hpp>
#include <bearergate/config/text.hpp>
#include <bearergate/gateway/key_keeper.hpp>
#include <bearergate/net/resolver.hpp>

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <ostream>

namespace bearergate::cli {
namespace {

// More than the keeper gives a discovery and a key set together.
constexpr std::chrono::seconds patience{12};

}  // namespace

core::KeyRing fetch_keys(const config::Config& config, std::size_t issuer, std::ostream& errors) {
    core::KeyRing ring(config.key_sources.size());
    boost::asio::io_context control;
    net::Resolver resolver(control);
    gateway::KeyKeeper::Hooks hooks;
    hooks.publish = [&](const std::shared_ptr<const core::KeyRing>& fetched, std::uint64_t) {
        const core::IssuerKeys& keys = fetched->front();
        ring[issuer] = keys;
        if (keys.set || !keys.first_fetch_pending) control.stop();
    };
    hooks.answered = [](const gateway::KeyQuestion&, net::SteadyTime) {};
    const auto tell = [&](const std::string& name, const std::string& what) {
        errors << config::printable(fmt::format("issuer {}: {}", name, what)) << "\n";
    };
    hooks.log = [&](std::string_view level, const std::string& name, const std::string& message) {
        if (level == "warning" || level == "error") tell(name, message);
    };
    hooks.failed = [&](const std::string& name, const std::string& cause) {
        tell(name, "the keys could not be fetched: " + cause);
    };
    gateway::KeyKeeper keeper(control, resolver, {config.key_sources[issuer]}, 1, std::move(hooks));
    keeper.start();
    control.run_for(patience);
    return ring;
}

}  // namespace bearergate::cli
