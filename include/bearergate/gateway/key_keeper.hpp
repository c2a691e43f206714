#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/authorize.hpp>
#include <bearergate/gateway/key_store.hpp>
#include <bearergate/net/resolver.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {

// All issuers' keys, kept fresh on the control thread and handed out as immutable rings. One
// issuer's troubles never touch another's keys. `bearergate explain` uses it as `run` does.
class KeyKeeper {
public:
    // Called on the control thread.
    struct Hooks {
        // The keys of all issuers, by issuer index; called by start(), when every first fetch is
        // pending, and at each change.
        std::function<void(std::shared_ptr<const core::KeyRing>)> publish{};
        // A question is answered, after publish() if it brought anything new. Before `ask_again`
        // another one would be answered without a fetch.
        std::function<void(std::size_t issuer, net::SteadyTime ask_again)> answered{};
        // `level` is "info", "warning" or "error"; `issuer` the name in the configuration.
        std::function<void(std::string_view level, const std::string& issuer,
                           const std::string& message)>
            log{};
    };
    // Throws std::runtime_error naming a CA file that is unusable. The resolver must outlive it.
    KeyKeeper(boost::asio::io_context& control, net::Resolver& resolver,
              const std::vector<config::KeySource>& sources, Hooks hooks);
    ~KeyKeeper();  // on the control thread, or when its loop is over; what is under way is dropped

    void start();
    // Turns to the issuers of another configuration; publish() is called with theirs before this
    // returns. Those that stay as they are keep their keys. Throws as the constructor does, before
    // anything has changed.
    void reconfigure(const std::vector<config::KeySource>& sources);
    bool is_asked() const;         // a question waits for the end of a fetch
    void ask(std::size_t issuer);  // see KeyQuestions; from any thread
    void reload_files();           // reads every jwks_file again now
    std::shared_ptr<const core::KeyRing> ring() const;

    struct Figures {
        std::string name{};  // in the configuration
        KeyStore::Figures store{};
        std::vector<std::string> key_ids{};
    };
    std::vector<Figures> figures() const;  // by issuer index

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::gateway
