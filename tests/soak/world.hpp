#pragma once

#include <bearergate/cli/dev_issuer.hpp>

#include "soak/upstream.hpp"
#include "support/http_client.hpp"
#include "support/loop.hpp"
#include "support/running_gateway.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace bearergate::soak {

// Tokens of every kind, by the key of now.
struct Tokens {
    std::string good{};
    std::string other_scope{};
    std::string expired{};
    std::string tampered{};
};

// The gateway as its users run it, an issuer and an upstream, and what befalls them.
class World {
public:
    explicit World(const std::string& binary)
        : issuer_(loop_.io(),
                  {.listen = {.text = "127.0.0.1:0", .host = "127.0.0.1"}, .now = [this] {
                       return core::WallTime(std::chrono::system_clock::now()) -
                              std::chrono::duration<double>(minted_ago_.load());
                   }}) {
        issuer_.start();
        loop_.start();
        renew_tokens();
        gateway_ = std::make_unique<test::RunningGateway>(
            binary,
            "server: { listen: \"127.0.0.1:0\", workers: 2, timeouts: { idle: 10s } }\n"
            "admin: { listen: \"127.0.0.1:0\" }\nlogging: { access: off }\n"
            "issuers: { dev: { issuer: \"" +
                issuer_.issuer() +
                "\", refresh: 24h, max_stale: 48h } }\n"
                "audience: https://api.example\nupstream: " +
                upstream_.url() +
                "\nroutes:\n"
                "  \"/public/**\": { access: public, strip_prefix: /public }\n"
                "  \"/items/**\": { scopes: [read:items], strip_prefix: /items }\n"
                "  /forbidden: { scopes: [never:granted] }\n"
                "  /closed: deny\n");
    }
    ~World() { loop_.stop(); }

    test::RunningGateway& gateway() { return *gateway_; }
    Upstream& upstream() { return upstream_; }
    std::uint16_t port() const { return gateway_->port(); }
    Tokens tokens() const {
        const std::lock_guard lock(mutex_);
        return tokens_;
    }

    void rotate() {
        loop_.on([this] { issuer_.rotate(); });
        renew_tokens();
    }
    void hang_issuer(std::chrono::milliseconds time) {
        loop_.on([time] { std::this_thread::sleep_for(time); });
    }
    void kill_upstream_connections() {
        ++kills_;
        upstream_.kill_all();
        ++kills_;  // odd while it goes on
    }
    // Moves with every kill: what was under way meanwhile may have been hit.
    std::uint64_t kills() const { return kills_; }

private:
    std::string mint(const std::string& scope, double seconds_ago) {
        minted_ago_ = seconds_ago;
        const std::string body =
            "grant_type=client_credentials&resource=https%3A%2F%2Fapi.example"
            "&client_id=ada&client_secret=x&scope=" +
            scope;
        const test::Reply reply = test::ask(
            issuer_.port(), {.method = "POST",
                             .target = "/oidc/token",
                             .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                             .body = body});
        minted_ago_ = 0;
        if (reply.status != 200) throw std::runtime_error("no token: " + reply.body);
        return nlohmann::json::parse(reply.body)["access_token"];
    }
    void renew_tokens() {
        Tokens next{.good = mint("read%3Aitems", 0),
                    .other_scope = mint("read%3Aothers", 0),
                    .expired = mint("read%3Aitems", 7200)};
        next.tampered = next.good;
        char& middle = next.tampered[next.tampered.rfind('.') + 20];
        middle = middle == 'A' ? 'B' : 'A';
        const std::lock_guard lock(mutex_);
        tokens_ = std::move(next);
    }

    test::Loop loop_{};
    std::atomic<double> minted_ago_ = 0;
    cli::DevIssuer issuer_;
    Upstream upstream_{};
    mutable std::mutex mutex_{};
    Tokens tokens_{};
    std::atomic<std::uint64_t> kills_ = 0;
    std::unique_ptr<test::RunningGateway> gateway_{};
};

}  // namespace bearergate::soak
