#pragma once

#include <bearergate/core/refusal.hpp>
#include <bearergate/gateway/client.hpp>
#include <bearergate/gateway/request.hpp>
#include <bearergate/gateway/response_flow.hpp>
#include <bearergate/net/task.hpp>
#include <bearergate/net/upstream_pool.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::gateway {

struct Workplace;

// A permitted request and its upstream: a connection, the request on it, the answer from it, and
// once more on another connection where that is safe.
class Forwarding {
public:
    explicit Forwarding(Workplace& place) : place_(place) {}

    enum class Result : std::uint8_t {
        cut,       // the client is gone, or has got a part of an answer and was cut off
        refused,   // it has got nothing of an answer: `reason` is ours to say
        answered,  // it has got a whole answer
    };
    struct End {
        Result result = Result::cut;
        core::Reason reason = core::Reason::upstream_broken;
        bool keep_alive = false;  // after an answer: the client's connection may go on
    };
    net::Task<End> run(Client& client, Request& request);

    // For the log, of the last run.
    struct Account {
        unsigned status = 0;  // of what the client has begun to get; 0: nothing
        std::uint64_t bytes_in = 0;
        std::uint64_t bytes_out = 0;
        std::optional<std::chrono::microseconds> until_head{};
        std::string_view note{};
    };
    const Account& account() const { return account_; }

private:
    // forwarding.cpp
    void begin(Client& client, Request& request);
    void start_on_connection();
    void write_head();
    std::string_view upstream_host() const;
    bool may_send_again() const;
    void note_response();
    End conclude(std::optional<core::Reason> reason);
    End answered();
    End refused(core::Reason reason);
    End cut(std::string_view note);
    net::Task<End> tunnelled();

    // connect.cpp: servers in turn, addresses in turn. A reason when none of them answers.
    net::Task<std::optional<core::Reason>> connect();
    net::Task<std::optional<core::Reason>> connect_to(const net::Endpoint& endpoint,
                                                      std::size_t server, net::SteadyTime until);
    net::Task<std::optional<core::Reason>> settle(net::SteadyTime until);
    void tell_unreached(std::size_t server, core::Reason reason);

    // relay.cpp: both directions at once, until the response or the client is over, or a reason
    // comes up to end it.
    net::Task<std::optional<core::Reason>> relay();
    void advance();
    net::SteadyTime clients_deadline() const;
    net::SteadyTime upstreams_deadline() const;

    Upstream& upstream() const { return *request_->setup->upstreams[request_->route->upstream]; }
    const config::Upstream& settings() const {
        return request_->snapshot().config.upstreams[request_->route->upstream];
    }

    Workplace& place_;
    Client* client_ = nullptr;
    Request* request_ = nullptr;
    std::unique_ptr<net::UpstreamConnection> connection_{};
    ResponseFlow response_{};
    ResponseFlow::Terms terms_{};
    std::string head_{};              // as it goes upstream
    std::string websocket_accept_{};  // what the upstream must answer to an upgrade
    net::SteadyTime began_{};
    struct {
        net::SteadyTime request{};
        net::SteadyTime any{};
    } moved_{};  // when bytes last did
    Account account_{};
};

}  // namespace bearergate::gateway
