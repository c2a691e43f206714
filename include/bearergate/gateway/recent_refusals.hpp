#pragma once

#include <bearergate/core/refusal.hpp>
#include <bearergate/net/deadline.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::gateway {

struct AccessRecord;

// A request that was refused, or that shadow mode let through although it would have been, as the
// status page shows it. Never a token, never a query, long texts cut.
struct RecentRefusal {
    std::uint64_t number = 0;  // of the worker's, from 1
    net::SteadyTime ended{};
    std::chrono::system_clock::time_point time{};  // when it began
    std::string method{};
    std::string path{};   // normal form; "" if it has none
    std::string route{};  // the pattern as written; "" if none matched
    std::string request_id{};
    std::string organization{};  // of a proved token
    unsigned status = 0;
    core::Reason reason{};
    bool is_shadow = false;
};
using RefusalList = std::shared_ptr<const std::vector<RecentRefusal>>;

// The last refusals of one worker, in a ring that is used again and again.
class RecentRefusals {
public:
    static constexpr std::size_t capacity = 100;

    // Of a record with a reason to refuse; for want of memory there are fewer, and nothing worse. A
    // request that was simply allowed never comes here.
    void note(const AccessRecord& record, net::SteadyTime ended) noexcept;
    // The oldest first. The same list until another one is noted; null while there is none.
    RefusalList list();
    void forget();

private:
    void copy(const AccessRecord& record, net::SteadyTime ended);

    std::vector<RecentRefusal> ring_{};
    std::size_t oldest_ = 0;  // in the ring, once it is full
    std::uint64_t noted_ = 0;
    RefusalList list_{};
};

}  // namespace bearergate::gateway
