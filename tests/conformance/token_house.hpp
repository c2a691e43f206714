#pragma once

#include <bearergate/gateway/server.hpp>

#include "support/lines.hpp"
#include "support/scripted_issuer.hpp"
#include "witness.hpp"

#include <atomic>
#include <memory>
#include <set>
#include <string>

namespace bearergate::test {

// The whole gateway of the vectors' fixture, control thread and log included: the keys of its two
// issuers are fetched from servers of the test's, by the gateway's own means.
class TokenHouse {
public:
    // Key sets as they are served; the gateway starts with serve().
    explicit TokenHouse(const std::string& keys_of_a, const std::string& keys_of_b = "");
    ~TokenHouse();

    void serve();
    // GET with this token, on a connection of its own.
    Reply get(const std::string& path, const std::string& token) const;

    ScriptedIssuer& a() { return a_; }
    ScriptedIssuer& b() { return b_; }
    const Witness& witness() const { return witness_; }
    Lines& log() { return log_; }
    void set_now(double seconds) { now_ = seconds; }
    std::uint16_t port() const { return server_->ports().front(); }
    // Where the gateway may connect to, as take_outbound() writes it; and where the test does.
    std::set<std::string> destinations() const;

private:
    ScriptedIssuer a_{};
    ScriptedIssuer b_{};
    Witness witness_{};
    Lines log_{};
    std::atomic<double> now_ = 1'750'000'000;
    std::unique_ptr<gateway::Server> server_{};
};

}  // namespace bearergate::test
