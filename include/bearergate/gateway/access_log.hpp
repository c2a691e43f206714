#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/refusal.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bearergate::gateway {

// One line of the access log, filled in on the way and written whatever happened. Never a token,
// never a query. Views live through the call that writes it.
struct AccessRecord {
    std::chrono::system_clock::time_point time{};
    std::string_view request_id{};
    std::string_view client_request_id{};  // the client's own, where it is not believed
    std::string_view trace_parent{};
    std::string_view client{};  // address
    std::string_view method{};
    std::string_view path{};   // normal form, no query; "" if it has none
    std::string_view route{};  // the pattern as written; "" if none matched
    unsigned status = 0;       // 0: the client vanished before an answer
    std::optional<core::Reason> reason{};
    std::optional<core::Reason> would_deny{};  // shadow mode
    std::string_view subject{};
    std::string_view client_id{};
    std::string_view organization{};
    std::string_view issuer{};
    std::uint64_t bytes_in = 0;  // of body
    std::uint64_t bytes_out = 0;
    std::chrono::microseconds duration{};
    std::optional<std::chrono::microseconds> upstream_duration{};  // to its header
    std::string_view note{};  // "client_gone", "upstream_incomplete", …; our own words
};

// Whether such a record is to be logged at all; a worker asks before it pushes.
bool wants(config::AccessLog access, const AccessRecord& record);

// A worker's bounded queue of records to the log thread. A blocked sink drops and counts.
class AccessRing {
public:
    explicit AccessRing(std::size_t bytes);
    ~AccessRing();
    // For the worker: copies the record in, long texts cut, or counts a drop. Never blocks, never
    // allocates.
    void push(const AccessRecord& record);
    // For the log thread: hands out the oldest records, at most so many, and says how many there
    // were. A record's views end with the call that it is handed to. What such a call throws ends
    // this; its record is gone with those before it.
    std::size_t pop(std::size_t most, void (*take)(const AccessRecord&, void*), void* context);
    std::uint64_t dropped() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bearergate::gateway
