#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/authorize.hpp>
#include <bearergate/gateway/key_store.hpp>
#include <bearergate/gateway/worker_keys.hpp>
#include <bearergate/net/resolver.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
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
        std::function<void(std::shared_ptr<const core::KeyRing>, std::uint64_t generation)>
            publish{};
        // A question is answered, after publish() if it brought anything new. Before `ask_again`
        // another one would be answered without a fetch.
        std::function<void(const KeyQuestion&, net::SteadyTime ask_again)> answered{};
        // `level` is "info", "warning" or "error"; `issuer` the name in the configuration.
        std::function<void(std::string_view level, const std::string& issuer,
                           const std::string& message)>
            log{};
        // As the stores' (see KeyStore::Hooks).
        std::function<void(const std::string& issuer, const std::string& cause)> failed{};
    };
    // Throws std::runtime_error naming a CA file that is unusable. The resolver must outlive it.
    KeyKeeper(boost::asio::io_context& control, net::Resolver& resolver,
              const std::vector<config::KeySource>& sources, std::uint64_t generation, Hooks hooks);
    ~KeyKeeper();  // on the control thread, or when its loop is over; what is under way is dropped

    void start();
    // Turns to the issuers of another configuration; publish() is called with theirs before this
    // returns. Those whose keys come from where they came from keep them, whatever else is said of
    // them now, and answer what they have been asked; questions about the others are answered at
    // once. Throws as the constructor does, before anything has changed.
    void reconfigure(const std::vector<config::KeySource>& sources, std::uint64_t generation);
    bool is_asked() const;  // a question waits for the end of a fetch
    // See KeyQuestions; from any thread. One of the configuration before this one is about the same
    // keys where its issuer has stayed as it was; any other is answered without a fetch.
    void ask(const KeyQuestion& question);
    void reload_files();  // reads every jwks_file again now
    std::shared_ptr<const core::KeyRing> ring() const;

    struct Figures {
        std::string name{};         // in the configuration
        KeyStore::Figures store{};  // counts go on through a reload, under the issuer's name
        std::vector<std::string> key_ids{};
    };
    std::vector<Figures> figures() const;  // by issuer index

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::gateway
