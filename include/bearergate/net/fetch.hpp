#pragma once

#include <bearergate/net/resolver.hpp>
#include <bearergate/net/tls.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>

namespace bearergate::net {

struct FetchRequest {
    bool tls = true;
    std::string host{};
    std::uint16_t port = 443;
    std::string target{};  // "/oidc/jwks"
    std::string etag{};    // sent as If-None-Match when not empty
    TlsContext context{};  // make_tls_client(), when tls
    std::size_t max_bytes = 256 * 1024;
    std::chrono::milliseconds deadline{5000};  // for everything: names, connect, TLS, body
};

struct Fetched {
    unsigned status = 0;  // 200 or 304; anything else, redirects included, is an error
    std::string body{};
    std::string etag{};
    std::string cache_control{};
};
struct FetchError {
    std::string
        what{};  // a phrase for our own log: "connection refused", "status 500", "too large"
};

// One small HTTP(S) GET, on Beast, with limits. Nothing of a client's request goes into it. Each
// address of the host is tried; a name that does not resolve, or not soon, is sought at its last
// good ones. `done` runs once, on `io`, also when `io` must give up. The resolver must outlive it.
void fetch(boost::asio::io_context& io, Resolver& resolver, FetchRequest request,
           std::function<void(std::expected<Fetched, FetchError>)> done);

}  // namespace bearergate::net
