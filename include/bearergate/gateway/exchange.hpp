#pragma once

#include <bearergate/core/authorize.hpp>
#include <bearergate/gateway/access_log.hpp>
#include <bearergate/gateway/client.hpp>
#include <bearergate/gateway/forwarding.hpp>
#include <bearergate/gateway/request.hpp>
#include <bearergate/gateway/request_ids.hpp>
#include <bearergate/net/task.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::gateway {

struct Workplace;

// One request through the house, from its head to the last byte of its answer. Kept and used again
// for other requests, one at a time.
class Exchange {
public:
    explicit Exchange(Workplace& place) : place_(place), forwarding_(place) {}

    // What is to become of the client's connection.
    enum class After : std::uint8_t {
        cut,    // it is gone, or was cut off on purpose
        close,  // everything was said; close it so that the client can read that
        next,   // it may carry another request
    };
    // Answers the request whose head is the first `head_bytes` of the client's inbox; its first
    // byte came at `began`.
    net::Task<After> run(Client& client, std::size_t head_bytes, net::SteadyTime began);
    // Answers bytes that never became a head.
    net::Task<After> run_refusal(Client& client, core::Reason reason, net::SteadyTime began);

private:
    void begin(Client& client, net::SteadyTime began);
    void fail();
    void finish();
    void count();
    void report();

    // exchange.cpp: the checks in their order.
    net::Task<After> answer(std::size_t head_bytes);
    std::optional<core::Reason> read_head(std::size_t head_bytes);
    void name_request();
    void allow_origin();
    std::optional<core::Reason> read_target();
    bool is_preflight();
    std::optional<core::Reason> find_route();
    net::Task<std::optional<core::Reason>> authorize();
    core::Result<std::optional<std::string_view>, core::Reason> credentials() const;
    std::optional<Verdict> ask(std::string_view token, VerdictWaiter& waiter);
    net::Task<std::optional<Verdict>> wait_for(VerdictWaiter& waiter);
    std::optional<core::Reason> check_permission(Verdict verdict);
    std::optional<core::Reason> check_body_size();
    void note(const Forwarding::Account& account);

    // refuse.cpp: answers of our own.
    net::Task<After> refuse(core::Reason reason);
    net::Task<After> answer_preflight();
    net::Task<After> send_answer(bool keep_alive);
    net::Task<bool> drain_body();
    bool may_keep_alive() const;

    Workplace& place_;
    Client* client_ = nullptr;
    http::RequestParser parser_{};
    std::string target_scratch_{};
    RequestIds::Text id_text_{};
    core::Match match_{};
    Request request_{};
    Forwarding forwarding_;
    std::string answer_{};
    bool is_permitted_ = false;  // every check before the upstream's has passed
    net::SteadyTime began_{};
    core::WallTime arrived_{};
    AccessRecord record_{};
};

}  // namespace bearergate::gateway
