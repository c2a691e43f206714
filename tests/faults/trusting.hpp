#pragma once

#include <bearergate/config/load.hpp>
#include <bearergate/gateway/server.hpp>

#include "support/http_client.hpp"
#include "support/recording_upstream.hpp"
#include "support/scripted_issuer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace bearergate::test {

// The whole gateway, two workers and all, trusting an issuer that misbehaves as it is told to.
class Trusting : public testing::Test {
protected:
    void TearDown() override { server_.reset(); }

    // `more`: further members of the issuer, "refresh: 1s".
    void start(const std::string& more, const std::string& other_issuers = "") {
        auto result = config::load(
            "server: { listen: \"127.0.0.1:0\", workers: 2 }\nadmin: { listen: \"127.0.0.1:0\" }\n"
            "logging: { access: off }\n"
            "audience: https://api.example\nupstream: " +
                upstream_.url() + "\nissuers:\n  main: { issuer: " + issuer_.issuer() + ", " +
                more + " }\n" + other_issuers +
                "routes:\n  GET /open: public\n  GET /items: { scopes: [read] }\n"
                "  GET /shadow: { scopes: [read], mode: shadow }\n",
            "test.yaml", {});
        std::string faults;
        for (const auto& error : result.errors) faults += config::render(error, "test", "error");
        if (!result.loaded) throw std::runtime_error(faults);
        server_ = std::make_unique<gateway::Server>(
            std::move(*result.loaded),
            gateway::Server::Options{.wall_now =
                                         [] {
                                             return core::WallTime(std::chrono::duration<double>(
                                                 Issuer::issued_at + 60));
                                         },
                                     .log_line = [](const std::string&) {}});
        server_->start();
    }
    void start() { start("clock_skew: 30s"); }

    static std::string request(const std::string& token) {
        return "GET /items HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer " + token +
               "\r\n\r\n";
    }
    // On a connection of its own, so that either worker may get it.
    Reply get(const std::string& token) const {
        Connection client(server_->ports().front());
        return client.send(request(token)) ? client.read_reply() : Reply{};
    }
    std::string good_token() const { return issuer_.token(R"({"scope":"read"})"); }
    Reply readiness() const { return ask(server_->admin_port(), {.target = "/readyz"}); }

    // Asks until the answer has this status; false after 20 s.
    bool wait_for(int status, const std::string& token) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (get(token).status != status) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return true;
    }

    ScriptedIssuer issuer_{};
    RecordingUpstream upstream_{};
    std::unique_ptr<gateway::Server> server_{};
};

}  // namespace bearergate::test
