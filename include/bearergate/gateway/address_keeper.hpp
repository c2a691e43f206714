#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/net/resolver.hpp>
#include <bearergate/net/upstream_pool.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::gateway {

// Where the upstreams are: looks their names up again and again, on the control thread, so that no
// request ever waits for DNS. A name that stops resolving keeps its last good addresses.
class AddressKeeper {
public:
    using All = std::vector<net::UpstreamAddresses>;  // by upstream index
    struct Hooks {
        std::function<void(net::HostPort, std::function<void(std::vector<net::Endpoint>)>)>
            resolve{};
        // Calls wake() after a while; called anew only after that. Must not fail.
        std::function<void(std::chrono::milliseconds after)> schedule{};
        // Called by start() with what is known without asking, then name by name.
        std::function<void(std::shared_ptr<const All>)> changed{};
        // `level` is "info" or "warning"; `host` the name that is meant.
        std::function<void(std::string_view level, const std::string& host,
                           const std::string& message)>
            log{};
    };
    static constexpr std::chrono::seconds interval{30};
    static constexpr std::chrono::seconds retry{2};  // while a name has no address yet
    // Questions at a time. The resolver takes a bounded number of them, from the keeper that comes
    // next and from fetches of keys as well.
    static constexpr std::size_t most_open = 64;

    // What `before` knows of a name serves until it resolves anew.
    AddressKeeper(const std::vector<config::Upstream>& upstreams, Hooks hooks,
                  const AddressKeeper* before = nullptr);
    ~AddressKeeper();  // answers still under way are thrown away

    // `all_asked` is called when every name has resolved, or failed to, for the first time. One
    // that takes its time holds up no other.
    void start(std::function<void()> all_asked);
    void wake();  // what was scheduled is due

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::gateway
