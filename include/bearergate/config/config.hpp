#pragma once

#include <bearergate/config/test_case.hpp>
#include <bearergate/core/policy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// One plain struct per block of the file, with its defaults. File names are absolute or relative
// to the working directory: loading has put the configuration file's folder before them.
namespace bearergate::config {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Address {
    std::string text{};  // as written: a variable by its name
    bool is_unix = false;
    std::string host{};  // an IP literal, without brackets
    std::uint16_t port = 0;
    std::string path{};  // of a unix socket
    friend bool operator==(const Address&, const Address&) = default;
};

// An http, https or unix URL, taken apart.
struct Url {
    std::string text{};  // as written: a variable by its name
    bool tls = false;
    bool is_unix = false;
    std::string host{};       // lower case, without brackets; "" for unix
    std::uint16_t port = 0;   // the scheme's where none was written
    std::string authority{};  // for Host: "api.acme.example:8443", port only if not the scheme's
    std::string path{};       // of the URL, with query: "/oidc/jwks"; of a unix socket: its file
    friend bool operator==(const Url&, const Url&) = default;
};

struct ServerTls {
    std::string certificate{};
    std::string private_key{};
    std::string client_ca{};
    bool only_tls13 = false;
};
struct Limits {
    std::size_t connections = 10'000;
    std::size_t header_bytes = 16 * 1024;
    std::size_t header_count = 100;
    std::size_t token_bytes = 8 * 1024;
    std::optional<std::uint64_t> body_bytes{};
};
struct ServerTimeouts {
    milliseconds tls{5'000};
    milliseconds header{10'000};
    milliseconds idle{60'000};
    milliseconds tunnel{600'000};
    bool tunnel_closes_at_expiry = true;
    milliseconds drain{30'000};
};
// An address range, or the peers of unix sockets.
struct TrustedProxy {
    bool is_unix = false;
    std::vector<std::uint8_t> network{};  // 4 or 16 bytes
    int prefix_bits = 0;
};
struct Server {
    std::vector<Address> listen{};  // never empty once loaded
    std::size_t workers = 0;        // 0: auto
    std::optional<ServerTls> tls{};
    std::size_t cache = 10'000;  // tokens per worker; 0: off
    std::vector<TrustedProxy> trusted_proxies{};
    Limits limits{};
    ServerTimeouts timeouts{};
};

enum class AdminPage : std::uint8_t { loopback, on, off };
struct Admin {
    std::optional<Address> listen{};  // none: off
    std::vector<std::string> hosts{};
    AdminPage page = AdminPage::loopback;
};

// Where an issuer's keys come from, besides what core::Issuer needs. By issuer index.
struct KeySource {
    std::string name{};
    std::string issuer{};
    std::optional<Url> discovery{};  // exactly one of these three
    std::optional<Url> jwks_uri{};
    std::string jwks_file{};
    bool discovery_is_configured = false;  // its origin may then also hold the jwks_uri
    bool insecure_http = false;            // discovery's jwks_uri may be plain http
    std::string ca{};                      // "": system store
    seconds refresh{600};
    seconds max_stale{86'400};
    friend bool operator==(const KeySource&, const KeySource&) = default;
};

enum class HostHeader : std::uint8_t { preserve, upstream, literal };
struct UpstreamTimeouts {
    milliseconds connect{5'000};
    milliseconds response{60'000};
    milliseconds body{300'000};
    milliseconds idle{4'000};
};
struct UpstreamTls {
    std::string ca{};
    std::string certificate{};
    std::string private_key{};
    std::string server_name{};
};
struct Upstream {
    std::string name{};
    std::vector<Url> urls{};
    HostHeader host = HostHeader::preserve;
    std::string host_literal{};
    UpstreamTimeouts timeouts{};
    std::size_t idle_connections = 256;
    UpstreamTls tls{};
};

struct Cors {
    std::vector<std::string> origins{};
    std::vector<std::string> methods{};
    std::vector<std::string> headers{};
    bool credentials = false;
    seconds max_age{3'600};
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { json, logfmt };
enum class AccessLog : std::uint8_t { all, denied, off };
struct Logging {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::json;
    AccessLog access = AccessLog::all;
};

struct Config {
    std::string file{};
    Server server{};
    Admin admin{};
    std::vector<KeySource> key_sources{};  // by issuer index of the policy
    std::vector<Upstream> upstreams{};     // indexed by core::Route::upstream
    bool forward_token = false;
    std::optional<Cors> cors{};
    Logging logging{};
    core::MatchRules matching{};
    std::vector<TestCase> tests{};
    // By every value that came out of the environment, the text that stands in the file. What
    // people see (pages, logs, messages) shows that instead.
    std::map<std::string, std::string> as_written{};
};

}  // namespace bearergate::config
