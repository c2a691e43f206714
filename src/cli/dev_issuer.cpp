#include <bearergate/cli/dev_issuer.hpp>
#include <bearergate/core/algorithm.hpp>
#include <bearergate/net/admitted_host.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace bearergate::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t published_keys = 2;

net::HttpAnswer json(unsigned status, const Json& body) {
    return {.status = status,
            .content_type = "application/json; charset=utf-8",
            .body = body.dump() + "\n"};
}

net::HttpAnswer fail(const OAuthFault& fault) {
    net::HttpAnswer answer =
        json(fault.status, {{"error", fault.error}, {"error_description", fault.description}});
    if (fault.challenge) {
        answer.fields.emplace_back("WWW-Authenticate", "Basic realm=\"bearergate issuer\"");
    }
    return answer;
}

// RFC 8707 section 2: an absolute URI without a fragment.
std::optional<OAuthFault> check_resources(const std::vector<std::string>& resources) {
    const auto fault = [](const char* description) {
        return OAuthFault{.error = "invalid_target", .description = description};
    };
    if (resources.size() > 1) {
        return fault("only a single resource indicator value is supported for this grant type");
    }
    for (const std::string& resource : resources) {
        const std::size_t colon = resource.find(':');
        if (colon == 0 || colon == std::string::npos || colon + 1 == resource.size()) {
            return fault("resource indicator must be an absolute URI");
        }
        if (resource.find('#') != std::string::npos) {
            return fault("resource indicator must not contain a fragment component");
        }
    }
    return std::nullopt;
}

std::string base_url(const DevIssuer::Settings& settings, std::uint16_t port) {
    if (!settings.url.empty()) return settings.url;
    // Whoever asks for localhost will write it where issuers are named, and they are compared byte
    // for byte.
    const bool by_name = settings.listen.text.starts_with("localhost:");
    const std::string host = by_name ? "localhost" : settings.listen.host;
    const bool v6 = host.find(':') != std::string::npos;
    return fmt::format("http://{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

// The scheme, host and port of a URL, as an Origin field has them.
std::string_view origin_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    return url.substr(0, url.find('/', scheme + 3));
}

std::vector<std::string> hosts_of(const std::string& url) {
    std::string_view host = origin_of(url);
    if (host.empty()) return {};
    host.remove_prefix(host.find("://") + 3);
    if (!host.ends_with(']')) host = host.substr(0, host.rfind(':'));
    return {std::string(host)};
}

}  // namespace

DevIssuer::DevIssuer(boost::asio::io_context& io, Settings settings)
    : settings_(std::move(settings)),
      hosts_(hosts_of(settings_.url)),
      server_(io, settings_.listen, net::HttpServer::Limits{},
              [this](const net::HttpQuestion& question, net::HttpServer::Answer give) {
                  give(answer(question));
              }),
      issuer_(base_url(settings_, server_.port()) + "/oidc") {
    rotate();
}

void DevIssuer::rotate() {
    keys_.push_front(SigningKey::generate(core::Algorithm::es384));
    if (keys_.size() > published_keys) keys_.pop_back();
}

std::string DevIssuer::key_set() const {
    Json keys = Json::array();
    for (const SigningKey& key : keys_) keys.push_back(Json::parse(key.public_jwk()));
    return Json{{"keys", keys}}.dump() + "\n";
}

std::string DevIssuer::discovery() const {
    return Json{{"issuer", issuer_},
                {"jwks_uri", issuer_ + "/jwks"},
                {"token_endpoint", issuer_ + "/token"},
                {"grant_types_supported", {"client_credentials"}},
                {"token_endpoint_auth_methods_supported",
                 {"client_secret_basic", "client_secret_post"}},
                {"response_types_supported", Json::array()},
                {"subject_types_supported", {"public"}},
                {"id_token_signing_alg_values_supported", {"ES384"}},
                {"claim_types_supported", {"normal"}}}
               .dump() +
           "\n";
}

net::HttpAnswer DevIssuer::serve_keys(const net::HttpQuestion& question) const {
    const std::string tag = fmt::format("\"{}\"", keys_.front().id());
    if (question.value("If-None-Match") == tag) return {.status = 304, .fields = {{"ETag", tag}}};
    return {.content_type = "application/jwk-set+json; charset=utf-8",
            .body = key_set(),
            .fields = {{"ETag", tag}}};
}

net::HttpAnswer DevIssuer::grant(const TokenRequest& request) const {
    const auto is_asking = [&request](const DevClient& client) {
        return client.id == request.client && client.secret == request.secret;
    };
    if (!settings_.clients.empty() && std::ranges::none_of(settings_.clients, is_asking)) {
        return fail({.status = 401,
                     .error = "invalid_client",
                     .description = "client authentication failed",
                     .challenge = request.by_header});
    }
    if (request.grant_type != "client_credentials") {
        return fail(
            {.error = request.grant_type.empty() ? "invalid_request" : "unsupported_grant_type",
             .description = request.grant_type.empty() ? "missing required parameter 'grant_type'"
                                                       : "unsupported grant_type requested"});
    }
    if (const auto fault = check_resources(request.resources)) return fail(*fault);
    if (request.resources.empty() && !request.organization) {
        return fail({.error = "invalid_target",
                     .description = "both `resource` and `organization_id` are not provided"});
    }
    const bool for_api = !request.resources.empty();
    Grant grant{.issuer = issuer_,
                .subject = request.client,
                .client = request.client,
                .issued_at = settings_.now(),
                .lifetime = settings_.lifetime};
    // An API token says nothing about scopes when it has none; an organization token says "".
    const std::string scope = fmt::format("{}", fmt::join(request.scopes, " "));
    if (!for_api || !scope.empty()) grant.scope = scope;
    if (for_api) {
        grant.audience = request.resources.front();
        grant.organization = request.organization;
    } else {
        grant.audience = organization_urn + *request.organization;
    }
    Json body{{"access_token", mint(key(), grant)},
              {"expires_in", grant.lifetime.count()},
              {"token_type", "Bearer"}};
    if (grant.scope) body["scope"] = *grant.scope;
    return json(200, body);
}

bool DevIssuer::is_own_origin(std::string_view origin, std::string_view host) const {
    return !origin.empty() &&
           (origin == origin_of(settings_.url) || origin == fmt::format("http://{}", host));
}

// A page that has given its own name our address is told by its Host, one that posts a form here
// by its Origin.
net::HttpAnswer DevIssuer::answer(const net::HttpQuestion& question) {
    const std::string_view host = question.value("Host");
    if (question.count("Host") != 1 || !net::is_admitted_host(host, hosts_)) {
        return json(403, {{"error", "host_not_admitted"},
                          {"error_description",
                           "Host must be an IP address, localhost or the host of --url"}});
    }
    const std::size_t origins = question.count("Origin");
    if (origins > 1 || (origins == 1 && !is_own_origin(question.value("Origin"), host))) {
        return json(403, {{"error", "origin_not_admitted"},
                          {"error_description", "web pages get no tokens here"}});
    }
    return answer_at_path(question);
}

net::HttpAnswer DevIssuer::answer_at_path(const net::HttpQuestion& question) {
    struct Endpoint {
        std::string_view path;
        bool posted;
        net::HttpAnswer (*answer)(DevIssuer&, const net::HttpQuestion&);
    };
    static constexpr Endpoint endpoints[] = {
        {"/oidc/.well-known/openid-configuration", false,
         [](DevIssuer& self, const net::HttpQuestion&) {
             return net::HttpAnswer{.body = self.discovery()};
         }},
        {"/oidc/jwks", false,
         [](DevIssuer& self, const net::HttpQuestion& q) { return self.serve_keys(q); }},
        {"/oidc/token", true,
         [](DevIssuer& self, const net::HttpQuestion& q) {
             const auto request = read_token_request(q);
             return request ? self.grant(*request) : fail(request.error());
         }},
        {"/rotate", true,
         [](DevIssuer& self, const net::HttpQuestion&) {
             self.rotate();
             return json(200, {{"kid", self.key().id()}});
         }},
    };
    for (const Endpoint& endpoint : endpoints) {
        if (endpoint.path != question.path()) continue;
        const bool fits = endpoint.posted ? question.method == "POST"
                                          : question.method == "GET" || question.method == "HEAD";
        if (fits) return endpoint.answer(*this, question);
        net::HttpAnswer answer = json(405, {{"error", "method_not_allowed"}});
        answer.fields.emplace_back("Allow", endpoint.posted ? "POST" : "GET, HEAD");
        return answer;
    }
    return json(404, {{"error", "not_found"}});
}

}  // namespace bearergate::cli
