#pragma once

#include <bearergate/core/policy.hpp>
#include <bearergate/core/refusal.hpp>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace bearergate::http {

// What a refusal of ours depends on, besides its reason. Views live through the call.
struct RefusalFacts {
    int minor_version = 1;
    bool keep_alive = false;
    bool head_request = false;         // no body bytes
    std::string_view request_id{};     // "" before one exists
    std::string_view allow{};          // of method_not_allowed; may be empty (CONNECT)
    const core::Rule* rule = nullptr;  // scope_missing: names the route's scopes
    std::string_view cors{};           // our CORS lines; "" without cors
    std::string_view date{};           // date_text() of now; "" sends no Date
};

// Appends a whole response: RFC 9457 problem+json, RFC 6750 challenge, Retry-After with every 503.
// Never says more than the reason's static text and the route's public scopes.
void write_refusal(std::string& out, core::Reason reason, const RefusalFacts& facts);

// Appends "HTTP/1.1 100 Continue\r\n\r\n".
void write_continue(std::string& out);

std::string_view status_text(unsigned status);  // "Forbidden"; "" for one that is never ours

// IMF-fixdate (RFC 9110 section 5.6.7), for the Date of our own answers. Worth keeping for the
// second that it holds.
struct DateText {
    std::array<char, 29> text{};
    std::string_view view() const { return {text.data(), text.size()}; }
};
DateText date_text(std::chrono::sys_seconds time);

}  // namespace bearergate::http
