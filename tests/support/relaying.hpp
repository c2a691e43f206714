#pragma once

#include <bearergate/gateway/worker.hpp>

#include "support/gateway.hpp"
#include "support/recording_upstream.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace bearergate::test {

// A gateway whose routes are open to everybody, in front of one upstream that plays a script: for
// tests of what becomes of a request that was permitted.
class Relaying : public testing::Test {
protected:
    struct Plan {
        std::string server{};    // further members of `server`: "timeouts: { idle: 1s }"
        std::string upstream{};  // further members of the upstream, likewise
        std::string url{};       // instead of the upstream's own
        std::string route = "public";
    };

    // Before what a test adds to this goes: scripts may use it to their end.
    void TearDown() override {
        gateway_.reset();
        upstream_.reset();
    }

    // The upstream plays the script on every connection; the gateway runs.
    void serve(RecordingUpstream::Script script, const Plan& plan) {
        upstream_ = std::make_unique<RecordingUpstream>(std::move(script));
        run(plan);
    }
    void serve(RecordingUpstream::Script script) { serve(std::move(script), Plan{}); }
    // Every request on every connection is answered with these bytes.
    void answer_with(std::string response, const Plan& plan) {
        serve(RecordingUpstream::answer(std::move(response)), plan);
    }
    void answer_with(std::string response) { answer_with(std::move(response), Plan{}); }
    // One request on each connection, answered with these bytes, then the end.
    static RecordingUpstream::Script once(std::string response) {
        return [response = std::move(response)](UpstreamPeer& peer) {
            if (peer.read_request()) peer.send(response);
        };
    }
    void run(const Plan& plan) {
        const std::string url = plan.url.empty() ? upstream_->url() : plan.url;
        gateway_ = std::make_unique<Gateway>(
            "server: { " + plan.server + " }\n" +                                      //
            "issuer: https://issuer.example/oidc\naudience: https://api.example\n" +   //
            "upstreams: { default: { url: " + url + ", " + plan.upstream + " } }\n" +  //
            "routes:\n  \"/**\": " + plan.route + "\n");
    }

    // A client's connection and one whole exchange on it, read strictly.
    std::unique_ptr<Connection> connect() const {
        return std::make_unique<Connection>(gateway_->port());
    }
    Reply exchange(std::string_view request, std::string_view method = "GET") const {
        const auto client = connect();
        return client->send(request) ? client->read_reply(method) : Reply{};
    }
    Reply get(const std::string& target = "/") const {
        return exchange("GET " + target + " HTTP/1.1\r\nHost: a.example\r\n\r\n");
    }
    gateway::Counters counters() const { return gateway_->counters(); }
    std::size_t idle_upstream_connections() const {
        std::promise<std::size_t> idle;
        gateway_->worker().gather([&idle](const gateway::Worker::Figures& figures) {
            idle.set_value(figures.idle_upstream_connections);
        });
        return idle.get_future().get();
    }
    // For 10 s at most, as everything else.
    bool wait_for_idle_upstream_connections(std::size_t count) const {
        return gateway_->wait_until(
            [&](const gateway::Counters&) { return idle_upstream_connections() == count; });
    }

    std::unique_ptr<RecordingUpstream> upstream_{};
    std::unique_ptr<Gateway> gateway_{};
};

}  // namespace bearergate::test
