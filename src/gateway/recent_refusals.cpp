#include <bearergate/gateway/access_log.hpp>
#include <bearergate/gateway/recent_refusals.hpp>

#include <exception>
#include <string_view>
#include <utility>

namespace bearergate::gateway {

namespace {

constexpr std::size_t longest_method = 32;
constexpr std::size_t longest_name = 128;  // of requests, routes and organizations
constexpr std::size_t longest_path = 512;

void assign(std::string& to, std::string_view from, std::size_t longest) {
    to.assign(from.substr(0, longest));
}

}  // namespace

void RecentRefusals::note(const AccessRecord& record, net::SteadyTime ended) noexcept {
    try {
        list_ = nullptr;
        copy(record, ended);
    } catch (const std::exception&) {
        forget();
    }
}

void RecentRefusals::copy(const AccessRecord& record, net::SteadyTime ended) {
    const auto reason = record.reason ? record.reason : record.would_deny;
    if (!reason) return;
    const bool is_full = ring_.size() == capacity;
    RecentRefusal& refusal = is_full ? ring_[oldest_] : ring_.emplace_back();
    if (is_full) oldest_ = (oldest_ + 1) % capacity;
    refusal.number = ++noted_;
    refusal.ended = ended;
    refusal.time = record.time;
    refusal.status = record.status;
    refusal.reason = *reason;
    refusal.is_shadow = !record.reason;
    assign(refusal.method, record.method, longest_method);
    assign(refusal.path, record.path, longest_path);
    assign(refusal.route, record.route, longest_name);
    assign(refusal.request_id, record.request_id, longest_name);
    assign(refusal.organization, record.organization, longest_name);
}

RefusalList RecentRefusals::list() {
    if (list_ || ring_.empty()) return list_;
    auto list = std::make_shared<std::vector<RecentRefusal>>();
    list->reserve(ring_.size());
    for (std::size_t i = 0; i < ring_.size(); ++i) {
        list->push_back(ring_[(oldest_ + i) % ring_.size()]);
    }
    list_ = std::move(list);
    return list_;
}

void RecentRefusals::forget() {
    ring_ = {};
    oldest_ = 0;
    list_ = nullptr;
}

}  // namespace bearergate::gateway
