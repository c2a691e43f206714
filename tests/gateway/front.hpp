#pragma once

#include <bearergate/gateway/metrics.hpp>
#include <bearergate/gateway/worker.hpp>

#include "support/gateway.hpp"
#include "support/http_client.hpp"
#include "support/recording_upstream.hpp"
#include "support/test_issuer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

// What the tests of whole exchanges share: a gateway with an upstream behind it that notes down
// every byte, an issuer that it trusts, and clients that send exactly what they are told.
namespace bearergate::test {

class Front : public testing::Test {
protected:
    // A configuration with these routes; `server` is what stands in its server block, `more` whole
    // lines beside it.
    std::string configuration(const std::string& routes, const std::string& server = "",
                              const std::string& more = "") const {
        return "server: { workers: 1, " + server + " }\nissuer: " + issuer_.issuer() +
               "\naudience: https://api.example\nupstream: " + upstream_.url() + "\n" + more +
               "\nroutes:\n" + routes;
    }
    void serve(const std::string& routes, const std::string& server = "",
               const std::string& more = "") {
        serve_with(configuration(routes, server, more), Gateway::Options{});
    }
    void serve_with(const std::string& yaml, Gateway::Options options) {
        options.keys.try_emplace(issuer_.issuer(), issuer_.jwks());
        // Nobody fetches keys here: who asks for more is told at once that there are none.
        if (!options.asked) {
            options.asked = [](Gateway& gateway, const gateway::KeyQuestion& question) {
                gateway.worker().keys_answered(question);
            };
        }
        options.now = at(Issuer::issued_at + 60);
        gateway_.emplace(yaml, std::move(options));
    }

    static core::WallTime at(double seconds) {
        return core::WallTime(std::chrono::duration<double>(seconds));
    }
    std::string bearer(std::string_view claims = "{}") const {
        return "Authorization: Bearer " + issuer_.token(claims) + "\r\n";
    }
    // A whole request without a body; `fields` are lines, each with its CRLF.
    static std::string get(const std::string& target, const std::string& fields = "") {
        return "GET " + target + " HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n";
    }
    // One request on a connection of its own, and its answer.
    Reply ask(std::string_view bytes, std::string_view method = "GET") {
        Connection connection(gateway_->port());
        if (!connection.send(bytes)) return {};
        return connection.read_reply(method);
    }

    std::uint64_t counted(core::Reason reason) {
        const gateway::Counters counters = gateway_->counters();
        std::uint64_t all = counters.unrouted.refused[static_cast<std::size_t>(reason)];
        for (const gateway::Counters::Route& route : counters.routes) {
            all += route.refused[static_cast<std::size_t>(reason)];
        }
        return all;
    }
    // Nothing of what was refused has reached the upstream: not a byte, not even a connection.
    void expect_upstream_untouched() const {
        EXPECT_EQ(upstream_.connections(), 0U) << "the upstream was contacted";
        EXPECT_EQ(upstream_.bytes(), 0U);
    }

    Issuer issuer_{};
    RecordingUpstream upstream_{};
    std::optional<Gateway> gateway_{};
};

}  // namespace bearergate::test
