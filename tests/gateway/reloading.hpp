#pragma once

#include <bearergate/gateway/server.hpp>

#include "support/files.hpp"
#include "support/http_client.hpp"
#include "support/lines.hpp"
#include "support/recording_upstream.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_issuer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace bearergate::test {

// Answers with its name and the target that it was asked for.
inline RecordingUpstream::Script tells(const std::string& name) {
    return [name](UpstreamPeer& peer) {
        while (const auto request = peer.read_request()) {
            const std::string body = name + " " + request->target;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                      "\r\n\r\n" + body);
        }
    };
}

// The whole gateway in this process, with two workers, over files that a test replaces.
class Reloading : public ::testing::Test {
protected:
    Reloading() { folder_.write("keys.json", issuer_.jwks()); }

    std::string configuration(const std::string& routes, const std::string& server = "") const {
        const auto url = [](const RecordingUpstream& upstream) { return upstream.url(); };
        return "server: { listen: \"127.0.0.1:0\", workers: 2" + server + " }\n" +
               "admin: { listen: \"127.0.0.1:0\" }\n" +  //
               "issuers: { default: { issuer: \"" + issuer_.issuer() +
               "\", jwks_file: keys.json } }\n" + "audience: https://api.example\n" +
               "upstreams: { one: { url: \"" + url(one_) + "\" }, two: { url: \"" + url(two_) +
               "\" } }\n" + "routes:\n" + routes;
    }
    // Moved into place, as an editor or a deployment does it.
    void replace(const std::string& name, const std::string& text) const {
        std::filesystem::rename(folder_.write(name + ".new", text), folder_.file(name));
    }
    config::LoadResult read() const {
        const std::string file = folder_.file("gateway.yaml");
        return config::load(read_file(file), file,
                            {.environment = [](const std::string&) { return std::nullopt; },
                             .folder = folder_.path().string()});
    }
    void serve(const std::string& text) {
        folder_.write("gateway.yaml", text);
        auto first = read();
        ASSERT_TRUE(first.loaded);
        server_ = std::make_unique<gateway::Server>(
            std::move(*first.loaded),
            gateway::Server::Options{
                .wall_now =
                    [] {
                        return core::WallTime(
                            std::chrono::duration<double>(Issuer::issued_at + 60));
                    },
                .read_again = [this] { return read(); },
                .log_line = [this](const std::string& line) { log_.add(line); },
                .look_up = look_up_});
        server_->start();
    }
    Reply get(const std::string& target, const std::string& token = "") const {
        Ask request{.target = target};
        if (!token.empty()) request.headers = {{"Authorization", "Bearer " + token}};
        return ask(server_->ports().front(), request);
    }
    Reply admin(const std::string& target) const {
        return ask(server_->admin_port(), {.target = target});
    }
    bool reloaded(std::size_t times) {
        return log_.wait_for_count("configuration reloaded", times);
    }

    TemporaryFolder folder_{};
    Issuer issuer_{};
    RecordingUpstream one_{tells("one")};
    RecordingUpstream two_{tells("two")};
    Lines log_{};
    net::LookUp look_up_ = net::look_up_by_system;
    std::unique_ptr<gateway::Server> server_{};
};

}  // namespace bearergate::test
