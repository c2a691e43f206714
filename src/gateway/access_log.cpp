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

// Positions only grow; a position modulo the size is a place. The worker writes `written` and keeps
// a copy of `read`, so that it looks across only when that copy says full; the log thread writes
// `read`, once for all that it takes at a time.
struct AccessRing::State {
    explicit State(std::size_t bytes)
        : size(std::bit_ceil(std::max(bytes, smallest_ring))),
          memory(new(std::align_val_t(alignment)) char[size]) {}

    struct Free {
        void operator()(char* bytes) const {
            ::operator delete[](bytes, std::align_val_t(alignment));
        }
    };
    std::size_t place_of(std::uint64_t position) const { return position & (size - 1); }
    char* at(std::uint64_t position) const { return memory.get() + place_of(position); }

    const std::size_t size;
    const std::unique_ptr<char[], Free> memory;
    alignas(64) std::atomic<std::uint64_t> written{0};
    std::uint64_t seen_read = 0;
    std::atomic<std::uint64_t> drops{0};
    alignas(64) std::atomic<std::uint64_t> read{0};
};

AccessRing::AccessRing(std::size_t bytes) : state_(std::make_unique<State>(bytes)) {}

AccessRing::~AccessRing() = default;

void AccessRing::push(const AccessRecord& record) {
    State& ring = *state_;
    std::size_t text_bytes = 0;
    for (const Text& text : texts) {
        text_bytes += std::min((record.*text.member).size(), text.most_bytes);
    }
    const std::size_t bytes = rounded_up(sizeof(Prefix) + sizeof(AccessRecord) + text_bytes);

    std::uint64_t position = ring.written.load(std::memory_order_relaxed);
    const std::size_t to_end = ring.size - ring.place_of(position);
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
    AccessRecord& kept = *new (place) AccessRecord(record);
    for (const Text& text : texts) {
        std::string_view& value = kept.*text.member;
        if (value.empty()) continue;
        const std::size_t length = std::min(value.size(), text.most_bytes);
        std::memcpy(end, value.data(), length);
        value = {end, length};
        end += length;
    }
    ring.written.store(position + bytes, std::memory_order_release);
}

std::size_t AccessRing::pop(std::size_t most, void (*take)(const AccessRecord&, void*),
                            void* context) {
    State& ring = *state_;
    struct Reading {  // whose end gives back the room, however it ends
        State& ring;
        std::uint64_t position;
        ~Reading() { ring.read.store(position, std::memory_order_release); }
    };
    const auto bytes_at = [&ring](std::uint64_t where) {
        return std::launder(reinterpret_cast<const Prefix*>(ring.at(where)))->bytes;
    };
    const std::uint64_t begin = ring.read.load(std::memory_order_relaxed);
    const std::uint64_t end = ring.written.load(std::memory_order_acquire);
    if (begin == end) return 0;
    Reading reading{.ring = ring, .position = begin};
    std::size_t count = 0;
    for (; count < most && reading.position != end; ++count) {
        std::uint64_t& position = reading.position;
        if (bytes_at(position) == 0) position += ring.size - ring.place_of(position);
        const char* const place = ring.at(position) + sizeof(Prefix);
        position += bytes_at(position);
        take(*std::launder(reinterpret_cast<const AccessRecord*>(place)), context);
    }
    return count;
}

std::uint64_t AccessRing::dropped() const {
    return state_->drops.load(std::memory_order_relaxed);
}

}  // namespace bearergate::gateway
