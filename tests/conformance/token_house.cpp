#include "token_house.hpp"

#include "fixture.hpp"
#include "support/authenticate.hpp"

#include <stdexcept>

namespace bearergate::test {

namespace {

config::Loaded load(const std::string& text) {
    auto result = config::load(text, "house.yaml", {});
    std::string faults;
    for (const auto& error : result.errors) faults += config::render(error, "house", "error");
    if (!result.loaded) throw std::runtime_error(faults);
    return std::move(*result.loaded);
}

}  // namespace

TokenHouse::TokenHouse(const std::string& keys_of_a, const std::string& keys_of_b) {
    a_.play_keys(ScriptedIssuer::answer(200, keys_of_a));
    b_.play_keys(ScriptedIssuer::answer(200, keys_of_b.empty() ? b_.jwks() : keys_of_b));
}

TokenHouse::~TokenHouse() = default;

void TokenHouse::serve() {
    const std::string text =
        "admin: { listen: off }\n" +
        Fixture::configuration(
            {.upstream = witness_.url(),
             .server = "listen: \"127.0.0.1:0\", workers: 1, timeouts: { header: 60s, idle: 60s }",
             .keys_of_a = "jwks_uri: " + a_.keys_url(),
             .keys_of_b = "jwks_uri: " + b_.keys_url()});
    server_ = std::make_unique<gateway::Server>(
        load(text),
        gateway::Server::Options{.wall_now = [this] { return at(now_); },
                                 .log_line = [this](const std::string& line) { log_.add(line); }});
    server_->start();
}

Reply TokenHouse::get(const std::string& path, const std::string& token) const {
    return ask(port(), {.target = path, .headers = {{"Authorization", "Bearer " + token}}});
}

std::set<std::string> TokenHouse::destinations() const {
    std::set<std::string> all;
    for (const std::uint16_t to : {a_.port(), b_.port(), witness_.upstream().port(), port()}) {
        all.insert("127.0.0.1:" + std::to_string(to));
    }
    return all;
}

}  // namespace bearergate::test
