#pragma once

#include <bearergate/core/policy.hpp>
#include <bearergate/core/target.hpp>
#include <bearergate/gateway/authenticator.hpp>
#include <bearergate/gateway/request_flow.hpp>
#include <bearergate/gateway/setup.hpp>
#include <bearergate/http/head.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::gateway {

// The request under way: what was asked, and what the checks made of it. Views into the client's
// inbox, where the head stays until the request is answered.
struct Request {
    std::shared_ptr<const Setup> setup{};  // the one it began with
    bool is_head = false;                  // HEAD by its first word, whatever follows
    bool head_is_read = false;             // `head` is this request's
    http::RequestHead head{};
    std::optional<core::Target> target{};
    std::string_view id{};  // X-Request-Id, the proxy's or ours
    bool from_trusted_proxy = false;
    std::string cors{};                  // our CORS lines of the answer; "" without cors
    const core::Route* route = nullptr;  // once one is found
    RequestFlow flow{};                  // its body, and its way to the upstream
    bool continue_sent = false;          // the client was told to go on with its body

    TokenPtr token{};  // of a good token, whether or not it is good for this route
    // Every check of `token` passed: the upstream may be told who asks.
    bool identity_is_proved = false;
    std::optional<std::string_view> organization{};  // by the token's audience

    const Snapshot& snapshot() const { return *setup->snapshot; }
    // The client waits for 100 before it sends its body, and may never send it without.
    bool awaits_continue() const {
        return head.expects_continue && head.minor_version > 0 && !continue_sent &&
               !flow.has_begun() && !flow.is_read();
    }
};

}  // namespace bearergate::gateway
