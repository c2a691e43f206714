#pragma once

#include <bearergate/cli/mint.hpp>
#include <bearergate/cli/signing_key.hpp>
#include <bearergate/cli/token_request.hpp>
#include <bearergate/net/http_server.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::cli {

struct DevClient {
    std::string id{};
    std::string secret{};
};

// A stand-in for Logto on a developer's machine and in tests: discovery, keys, tokens by client
// credentials for all three permission models, and key rotation. Its answers and tokens have the
// shape of Logto's. It grants whatever scopes and organizations are asked for: never let anything
// real trust it. Web pages get nothing from it, neither by another name for its address nor from
// another origin.
class DevIssuer {
public:
    struct Settings {
        net::ListenAddress listen{};
        std::string url{};                 // that clients reach it by; "": where it listens
        std::vector<DevClient> clients{};  // none: every client, with whatever secret
        std::chrono::seconds lifetime{3600};
        std::function<core::WallTime()> now{};
    };
    // Binds; throws std::system_error.
    DevIssuer(boost::asio::io_context& io, Settings settings);

    void start() { server_.start(); }
    void stop() { server_.stop(); }
    std::uint16_t port() const { return server_.port(); }
    const std::string& issuer() const { return issuer_; }  // "http://127.0.0.1:3001/oidc"

    std::string key_set() const;
    const SigningKey& key() const { return keys_.front(); }
    // Signs with a new key from now on. The one before stays published, older ones do not.
    void rotate();
    // The token for a request that has been read, and the answer it comes in.
    net::HttpAnswer grant(const TokenRequest& request) const;

private:
    bool is_own_origin(std::string_view origin, std::string_view host) const;
    net::HttpAnswer answer(const net::HttpQuestion& question);
    net::HttpAnswer answer_at_path(const net::HttpQuestion& question);
    net::HttpAnswer serve_keys(const net::HttpQuestion& question) const;
    std::string discovery() const;

    Settings settings_;
    std::vector<std::string> hosts_;  // that it is reached by, beside addresses
    net::HttpServer server_;
    std::string issuer_;
    std::deque<SigningKey> keys_{};  // the newest first
};

}  // namespace bearergate::cli
