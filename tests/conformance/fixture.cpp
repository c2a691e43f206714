#include "fixture.hpp"

#include <bearergate/gateway/worker.hpp>

#include "support/authenticate.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace bearergate::test {

namespace {

constexpr const char* read_claims =
    R"({"aud":"api://gateway","sub":"user-1","org":"acme","scope":"read","client_id":null})";
constexpr const char* admin_claims =
    R"({"aud":"api://gateway","sub":"user-2","org":"acme","scope":"read admin","client_id":null})";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
    return text;
}

Gateway::Options gateway_options(const Fixture::Options& options, const Issuer& issuer) {
    Gateway::Options to{.keys = options.keys, .now = at(options.now)};
    if (to.keys.empty()) to.keys = {{Fixture::issuer_a, issuer.jwks()}};
    // No key set but these: whoever asks for a refresh has had it.
    to.asked = [](Gateway& gateway, const gateway::KeyQuestion& question) {
        gateway.worker().keys_answered(question);
    };
    return to;
}

}  // namespace

std::string Fixture::configuration(const Terms& terms) {
    const auto issuer = [](const char* name, const std::string& keys) {
        return std::string("{ issuer: \"") + name + "\", " + (keys.empty() ? "" : keys + ", ") +
               "algorithms: [ES256, RS256, PS256, EdDSA, ES384, ES512], clock_skew: 60s, "
               "claims: { organization: org } }\n";
    };
    return "server: { limits: { body_bytes: 1MiB }, " + terms.server + " }\n" +
           "issuers:\n  a: " + issuer(issuer_a, terms.keys_of_a) +
           "  b: " + issuer(issuer_b, terms.keys_of_b) +
           "audience: api://gateway\nupstream: " + terms.upstream + "\n" +
           "identity: { headers: { X-Auth-Sub: sub, X-Auth-Org: organization,"
           " X-Auth-Scopes: scope } }\n"
           "routes:\n"
           "  GET /public/**: public\n"
           "  /api/**: { scopes: [read], organization: ignore }\n"
           "  /api/admin/**: { scopes: [admin], organization: ignore }\n"
           "  \"/orgs/{org}/**\": { organization: \"{org}\" }\n";
}

Fixture::Fixture() : Fixture(Options{}) {}

Fixture::Fixture(const Options& options)
    : read_token_(issuer_.token(read_claims)),
      admin_token_(issuer_.token(admin_claims)),
      gateway_(configuration({.upstream = witness_.url(),
                              .server = "timeouts: { " + options.timeouts + " }"}),
               gateway_options(options, issuer_)) {}

std::string Fixture::token(std::string_view claims) const {
    nlohmann::ordered_json all = nlohmann::ordered_json::parse(read_claims);
    all.update(nlohmann::ordered_json::parse(claims));
    return issuer_.token(all.dump());
}

std::string Fixture::outcome(const std::string& path, const std::string& token) {
    return outcome_of(
        ask(gateway_.port(), {.target = path, .headers = {{"Authorization", "Bearer " + token}}}));
}

void Fixture::set_now(double seconds) {
    gateway_.set_now(at(seconds));
}

std::string Fixture::filled(std::string_view bytes) const {
    return replaced(replaced(std::string(bytes), "{T}", read_token_), "{TADMIN}", admin_token_);
}

void Fixture::let_it_read() {
    // Its loop takes what is ready in turns; two of our own behind it are enough.
    gateway_.counters();
    gateway_.counters();
}

Answers Fixture::converse(const std::vector<std::string>& pieces) {
    std::string all;
    Connection connection(gateway_.port());
    for (const std::string& piece : pieces) {
        if (!connection.send(piece)) break;
        all += piece;
        let_it_read();
    }
    connection.finish();
    return read_answers(connection.read_all(), read_strictly(all).methods);
}

std::vector<std::size_t> cuts_of(std::string_view bytes) {
    constexpr std::size_t all_up_to = 2048;
    constexpr std::size_t bytes_sent = 400'000;  // about, in all
    constexpr std::size_t fewest = 16;
    const std::size_t most =
        bytes.size() <= all_up_to ? bytes.size() : std::max(fewest, bytes_sent / bytes.size());
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i < most; ++i) cuts.push_back(i * bytes.size() / most);
    return cuts;
}

}  // namespace bearergate::test
