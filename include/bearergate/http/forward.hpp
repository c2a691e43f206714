#pragma once

#include <bearergate/core/policy.hpp>
#include <bearergate/core/target.hpp>
#include <bearergate/http/head.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::http {

struct NameFacts;

// Header hygiene that is the same for every request of a configuration: compiled once.
class Hygiene {
public:
    // `organization_headers`: those that some route's `organization: header:…` reads; a
    // Connection nomination cannot remove them.
    Hygiene(const std::vector<core::IdentityHeader>& identity,
            const std::vector<std::string>& organization_headers);

    // True for a client's field that never reaches the upstream, whatever the route: identity
    // headers in any spelling, names with `_`, method and URL overrides, hop-by-hop fields.
    bool drops(std::string_view name) const;
    // True for a field that Connection may not nominate away.
    bool is_protected(std::string_view name) const;

private:
    friend class RequestWriter;
    bool drops(std::string_view name, const NameFacts& facts) const;
    bool is_protected(std::string_view name, const NameFacts& facts) const;

    std::vector<std::string> identity_{};   // folded
    std::vector<std::string> protected_{};  // as configured
};

// The address of the client that stands before the trusted proxies: read from the connection's peer
// leftwards through X-Forwarded-For, the first that is no trusted proxy's (port removed); the last
// one believed where an entry is not an address. Views into the fields or `peer`.
std::string_view client_address(std::span<const Field> fields, std::string_view peer,
                                const std::function<bool(std::string_view)>& is_trusted);

enum class HostMode : std::uint8_t { preserve, upstream, literal };

// What of a request goes upstream, besides the client's own fields. Views live through the call.
struct ForwardFacts {
    std::string_view client_address{};  // of the connection's peer, without port, or "unix"
    bool client_is_trusted_proxy = false;
    std::string_view scheme{};  // "http" or "https", as the client reached us
    std::string_view request_id{};
    std::string_view strip_prefix{};
    std::string_view host{};          // replaces the client's Host when not empty
    bool keep_authorization = false;  // public and shadow routes, identity.forward_token
    // Position by position Policy::identity; null: no identity is sent. `organization` replaces
    // the organization's.
    std::span<const core::IdentityHeader> identity_headers{};
    const core::IdentityLines* identity = nullptr;
    std::optional<std::string_view> organization{};
};

// Appends the upstream's request head to `out`, written from scratch: strip, then add.
void write_request_head(std::string& out, const RequestHead& head, const core::Target& target,
                        const Hygiene& hygiene, const ForwardFacts& facts);

// How a body that the upstream delimits so is delimited for a client of HTTP/1.`minor_version`.
BodyLength reply_body(const BodyLength& upstream, int client_minor_version);

// What of a response head differs for this client.
struct ReplyFacts {
    int client_minor_version = 1;
    bool keep_alive = true;   // this connection may carry another request
    bool is_upgrade = false;  // a 101 that was asked for
    std::string_view request_id{};
    std::string_view cors{};       // our Access-Control-* and Vary lines; "" without cors
    bool cors_configured = false;  // the upstream's Access-Control-* are removed
    BodyLength body{};             // how the body will be delimited for the client
};
void write_response_head(std::string& out, const ResponseHead& head, const ReplyFacts& facts);

}  // namespace bearergate::http
