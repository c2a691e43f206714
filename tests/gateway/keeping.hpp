#pragma once

#include <bearergate/config/urls.hpp>
#include <bearergate/gateway/key_keeper.hpp>

#include "support/scripted_issuer.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::gateway::keeping {

using namespace std::chrono_literals;
using test::ScriptedIssuer;

inline config::KeySource by_discovery(const ScriptedIssuer& issuer, std::string name = "main") {
    config::KeySource source{.name = std::move(name), .issuer = issuer.issuer()};
    source.discovery = config::parse_fetched_url(issuer.discovery_url()).value();
    return source;
}

// A keeper on a loop that runs while a test waits for something.
struct Control {
    explicit Control(std::vector<config::KeySource> sources) {
        KeyKeeper::Hooks hooks;
        hooks.publish = [this](std::shared_ptr<const core::KeyRing> next, std::uint64_t of) {
            rings[of] = next;
            ring = std::move(next);
            generation = of;
            ++published;
        };
        hooks.answered = [this](const KeyQuestion& question, net::SteadyTime ask_again) {
            answers.emplace_back(question, ask_again);
        };
        hooks.log = [this](std::string_view level, const std::string& issuer,
                           const std::string& message) {
            log.push_back(std::string(level) + " " + issuer + ": " + message);
        };
        keeper = std::make_unique<KeyKeeper>(io, resolver, sources, 1, std::move(hooks));
    }

    bool run_until(const std::function<bool()>& so) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        io.restart();
        while (!so()) {
            if (std::chrono::steady_clock::now() > end) return false;
            io.run_one_for(20ms);  // what is waited for may happen elsewhere
        }
        return true;
    }
    bool holds(std::size_t issuer, const std::string& key_id) const {
        const auto& set = ring->at(issuer).set;
        return set && set->find(key_id, core::Algorithm::es256);
    }

    boost::asio::io_context io{1};
    net::Resolver resolver{io};
    std::shared_ptr<const core::KeyRing> ring{};                            // the last one
    std::map<std::uint64_t, std::shared_ptr<const core::KeyRing>> rings{};  // by generation
    int published = 0;
    std::uint64_t generation = 0;
    std::vector<std::pair<KeyQuestion, net::SteadyTime>> answers{};
    std::vector<std::string> log{};
    std::unique_ptr<KeyKeeper> keeper{};
};

}  // namespace bearergate::gateway::keeping
