#include <bearergate/gateway/access_log.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>
#include <type_traits>

namespace bearergate::gateway {

namespace {

// What of a record is text, and how much of it is kept: a line is bounded whatever a client sends.
struct Text {
    std::string_view AccessRecord::* member;
    std::size_t most_bytes;
};
constexpr Text texts[] = {
    {&AccessRecord::request_id, 128},   {&AccessRecord::client_request_id, 128},
    {&AccessRecord::trace_parent, 128}, {&AccessRecord::client, 64},
    {&AccessRecord::method, 64},        {&AccessRecord::path, 2048},
    {&AccessRecord::route, 512},        {&AccessRecord::subject, 1024},
    {&AccessRecord::client_id, 1024},   {&AccessRecord::organization, 1024},
    {&AccessRecord::issuer, 512},       {&AccessRecord::note, 64},
};

constexpr std::size_t alignment = alignof(AccessRecord);
constexpr std::size_t rounded_up(std::size_t bytes) {
    return (bytes + alignment - 1) / alignment * alignment;
}

// Stands before each record. A size of 0 says: the rest of the ring is empty, go on at its start.
struct Prefix {
    alignas(alignment) std::uint64_t bytes;  // of prefix, record and texts
};
static_assert(std::is_trivially_copyable_v<AccessRecord>);
static_assert(std::is_trivially_destructible_v<AccessRecord>);

constexpr std::size_t smallest_ring = 16 * 1024;
constexpr std::size_t longest_record = [] {
    std::size_t bytes = sizeof(Prefix) + sizeof(AccessRecord) + alignment;
    for (const Text& text : texts) bytes += text.most_bytes;
    return bytes;
}();
// An empty ring takes any record, even one that must skip the ring's end.
static_assert(2 * longest_record <= smallest_ring);

}  // namespace

bool wants(config::AccessLog access, const AccessRecord& record) {
    switch (access) {
        case config::AccessLog::all: return true;
        case config::AccessLog::denied: return record.reason || record.would_deny;
        case config::AccessLog::off: return false;
    }
    return true;
}

// Positions only grow; a position modulo the size is a place. Each side writes its own position
// and keeps a copy of the other's, so that it looks across only when that copy says full or empty.
struct AccessRing::State {
    explicit State(std::size_t bytes)
        : size(std::bit_ceil(std::max(bytes, smallest_ring))),
          memory(new(std::align_val_t(alignment)) char[size]) {}

    struct Free {
        void operator()(char* bytes) const {
            ::operator delete[](bytes, std::align_val_t(alignment));
        }
    };
    char* at(std::uint64_t position) const { return memory.get() + (position & (size - 1)); }

    const std::size_t size;
    const std::unique_ptr<char[], Free> memory;
    alignas(64) std::atomic<std::uint64_t> written{0};
    std::uint64_t seen_read = 0;
    std::atomic<std::uint64_t> drops{0};
    alignas(64) std::atomic<std::uint64_t> read{0};
    std::uint64_t seen_written = 0;
};

AccessRing::AccessRing(std::size_t bytes) : state_(std::make_unique<State>(bytes)) {}

AccessRing::~AccessRing() = default;

void AccessRing::push(const AccessRecord& record) {
    State& ring = *state_;
    AccessRecord kept = record;
    std::size_t text_bytes = 0;
    for (const Text& text : texts) {
        std::string_view& value = kept.*text.member;
        value = value.substr(0, text.most_bytes);
        text_bytes += value.size();
    }
    const std::size_t bytes = rounded_up(sizeof(Prefix) + sizeof(AccessRecord) + text_bytes);

    std::uint64_t position = ring.written.load(std::memory_order_relaxed);
    const std::size_t to_end = ring.size - (position & (ring.size - 1));
    const std::size_t skipped = bytes <= to_end ? 0 : to_end;
    const auto fits = [&] { return position + skipped + bytes - ring.seen_read <= ring.size; };
    if (!fits()) {
        ring.seen_read = ring.read.load(std::memory_order_acquire);
        if (!fits()) {
            ring.drops.fetch_add(1, std::memory_order_relaxed);
            return;
        }
    }
    if (skipped != 0) {
        new (ring.at(position)) Prefix{0};
        position += skipped;
    }
    new (ring.at(position)) Prefix{bytes};
    char* const place = ring.at(position) + sizeof(Prefix);
    char* end = place + sizeof(AccessRecord);
    for (const Text& text : texts) {
        std::string_view& value = kept.*text.member;
        if (value.empty()) continue;
        std::memcpy(end, value.data(), value.size());
        value = {end, value.size()};
        end += value.size();
    }
    new (place) AccessRecord(kept);
    ring.written.store(position + bytes, std::memory_order_release);
}

bool AccessRing::pop(void (*take)(const AccessRecord&, void*), void* context) {
    State& ring = *state_;
    std::uint64_t position = ring.read.load(std::memory_order_relaxed);
    if (position == ring.seen_written) {
        ring.seen_written = ring.written.load(std::memory_order_acquire);
        if (position == ring.seen_written) return false;
    }
    const auto bytes_at = [&ring](std::uint64_t where) {
        return std::launder(reinterpret_cast<const Prefix*>(ring.at(where)))->bytes;
    };
    if (bytes_at(position) == 0) position += ring.size - (position & (ring.size - 1));
    const char* const place = ring.at(position) + sizeof(Prefix);
    take(*std::launder(reinterpret_cast<const AccessRecord*>(place)), context);
    ring.read.store(position + bytes_at(position), std::memory_order_release);
    return true;
}

std::uint64_t AccessRing::dropped() const {
    return state_->drops.load(std::memory_order_relaxed);
}

}  // namespace bearergate::gateway
