#include "support/scripted_issuer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace bearergate::test {

namespace {

constexpr const char* discovery_path = "/oidc/.well-known/openid-configuration";
constexpr const char* keys_path = "/oidc/jwks";

std::string response(int status, std::string_view body, std::string_view fields) {
    return "HTTP/1.1 " + std::to_string(status) +
           " Scripted\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
}

}  // namespace

struct ScriptedIssuer::State {
    explicit State(core::Algorithm with)
        : algorithm(with), key(cli::SigningKey::generate(with)), served{key.public_jwk()} {}

    void serve(UpstreamPeer& peer);
    std::string good_answer(const SeenRequest& request);
    std::string jwks() const;  // with the lock held

    const core::Algorithm algorithm;
    mutable std::mutex mutex{};
    cli::SigningKey key;
    std::vector<std::string> served;
    Manner discovery{};
    Manner keys{};
    std::string cache_control{};
    std::string origin{};
    std::optional<RecordingUpstream> server{};  // last: its threads end first
};

std::string ScriptedIssuer::State::jwks() const {
    std::string list;
    for (const std::string& jwk : served) list += (list.empty() ? "" : ",") + jwk;
    return "{\"keys\":[" + list + "]}";
}

void ScriptedIssuer::State::serve(UpstreamPeer& peer) {
    const auto request = peer.read_request();
    if (!request) return;
    Manner manner;
    std::string good;
    {
        const std::lock_guard lock(mutex);
        manner = request->target == keys_path ? keys : discovery;
        if (!manner) good = good_answer(*request);
    }
    if (manner) {
        manner(peer);
    } else {
        peer.send(good);
    }
}

std::string ScriptedIssuer::State::good_answer(const SeenRequest& request) {
    if (request.target == discovery_path) {
        const nlohmann::ordered_json document = {{"issuer", origin + "/oidc"},
                                                 {"jwks_uri", origin + keys_path},
                                                 {"response_types_supported", {"code"}}};
        return response(200, document.dump(), "Content-Type: application/json\r\n");
    }
    if (request.target != keys_path) return response(404, "", "");
    const std::string document = jwks();
    const std::string tag = "\"" + std::to_string(std::hash<std::string>()(document)) + "\"";
    std::string fields = "ETag: " + tag + "\r\n";
    if (!cache_control.empty()) fields += "Cache-Control: " + cache_control + "\r\n";
    if (request.header("If-None-Match") == tag) {
        return "HTTP/1.1 304 Not Modified\r\n" + fields + "\r\n";
    }
    return response(200, document, fields);
}

ScriptedIssuer::Manner ScriptedIssuer::answer(int status, std::string body, std::string fields) {
    return raw(response(status, body, fields));
}

ScriptedIssuer::Manner ScriptedIssuer::raw(std::string bytes) {
    return [bytes = std::move(bytes)](UpstreamPeer& peer) { peer.send(bytes); };
}

ScriptedIssuer::Manner ScriptedIssuer::hang() {
    return [](UpstreamPeer& peer) { peer.wait_for_end(); };
}

ScriptedIssuer::Manner ScriptedIssuer::endless(std::string head, std::string part) {
    return [head = std::move(head), part = std::move(part)](UpstreamPeer& peer) {
        bool there = peer.send(head);
        while (there) there = peer.send(part);
    };
}

ScriptedIssuer::ScriptedIssuer(core::Algorithm algorithm)
    : state_(std::make_unique<State>(algorithm)) {
    State& state = *state_;
    state.server.emplace([&state](UpstreamPeer& peer) { state.serve(peer); });
    const std::lock_guard lock(state.mutex);
    state.origin = state.server->url();
}

ScriptedIssuer::~ScriptedIssuer() = default;

std::uint16_t ScriptedIssuer::port() const {
    return state_->server->port();
}
std::string ScriptedIssuer::origin() const {
    return state_->server->url();
}
std::string ScriptedIssuer::issuer() const {
    return origin() + "/oidc";
}
std::string ScriptedIssuer::discovery_url() const {
    return origin() + discovery_path;
}
std::string ScriptedIssuer::keys_url() const {
    return origin() + keys_path;
}

std::string ScriptedIssuer::token(std::string_view claims) const {
    const std::lock_guard lock(state_->mutex);
    return Issuer(issuer(), state_->key).token(claims);
}

std::string ScriptedIssuer::key_id() const {
    const std::lock_guard lock(state_->mutex);
    return state_->key.id();
}

std::string ScriptedIssuer::jwks() const {
    const std::lock_guard lock(state_->mutex);
    return state_->jwks();
}

void ScriptedIssuer::rotate(bool keep_the_old) {
    auto next = cli::SigningKey::generate(state_->algorithm);
    const std::lock_guard lock(state_->mutex);
    if (!keep_the_old) state_->served.clear();
    state_->served.insert(state_->served.begin(), next.public_jwk());
    state_->key = std::move(next);
}

void ScriptedIssuer::play_discovery(Manner manner) {
    const std::lock_guard lock(state_->mutex);
    state_->discovery = std::move(manner);
}

void ScriptedIssuer::play_keys(Manner manner) {
    const std::lock_guard lock(state_->mutex);
    state_->keys = std::move(manner);
}

void ScriptedIssuer::use_cache_control(std::string value) {
    const std::lock_guard lock(state_->mutex);
    state_->cache_control = std::move(value);
}

std::size_t ScriptedIssuer::discovery_fetches() const {
    const auto seen = state_->server->requests();
    return static_cast<std::size_t>(
        std::ranges::count(seen, std::string(discovery_path), &SeenRequest::target));
}

std::size_t ScriptedIssuer::key_fetches() const {
    const auto seen = state_->server->requests();
    return static_cast<std::size_t>(
        std::ranges::count(seen, std::string(keys_path), &SeenRequest::target));
}

bool ScriptedIssuer::wait_for_key_fetches(std::size_t count) const {
    // Each request wakes us; those that are not for keys make the next wait longer by one.
    for (std::size_t all = count;; ++all) {
        if (!state_->server->wait_for_requests(all)) return false;
        if (key_fetches() >= count) return true;
        all = state_->server->requests().size();
    }
}

std::vector<SeenRequest> ScriptedIssuer::requests() const {
    return state_->server->requests();
}

std::string ScriptedIssuer::raw_requests() const {
    std::string all;
    for (std::size_t i = 0; i < state_->server->connections(); ++i) all += state_->server->raw(i);
    return all;
}

}  // namespace bearergate::test
