#include <bearergate/gateway/access_log.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::gateway {

namespace {

using namespace std::chrono_literals;

// What came out, with the texts kept.
struct Popped {
    AccessRecord record{};
    std::string request_id{};
    std::string path{};
    std::string note{};
};
std::optional<Popped> pop(AccessRing& ring) {
    Popped popped;
    const std::size_t count = ring.pop(
        1,
        [](const AccessRecord& record, void* context) {
            auto& into = *static_cast<Popped*>(context);
            into.record = record;
            into.request_id = record.request_id;
            into.path = record.path;
            into.note = record.note;
        },
        &popped);
    return count == 1 ? std::optional(std::move(popped)) : std::nullopt;
}

TEST(AccessLog, WhoWantsWhat) {
    const AccessRecord allowed{.status = 200};
    const AccessRecord denied{.status = 403, .reason = core::Reason::scope_missing};
    const AccessRecord shadow{.status = 200, .would_deny = core::Reason::token_missing};
    using config::AccessLog;
    EXPECT_TRUE(wants(AccessLog::all, allowed));
    EXPECT_FALSE(wants(AccessLog::denied, allowed));
    EXPECT_TRUE(wants(AccessLog::denied, denied));
    EXPECT_TRUE(wants(AccessLog::denied, shadow));
    for (const AccessRecord& record : {allowed, denied, shadow}) {
        EXPECT_FALSE(wants(AccessLog::off, record));
    }
}

TEST(AccessRing, HandsOutWhatWentIn) {
    AccessRing ring(1 << 16);
    EXPECT_FALSE(pop(ring));
    std::string path = "/items";
    std::string id = "r-1";
    ring.push({.request_id = id, .path = path, .status = 204, .bytes_out = 7, .duration = 9us});
    path = "/other";  // the ring has a copy
    id.clear();
    const auto popped = pop(ring);
    ASSERT_TRUE(popped);
    EXPECT_EQ(popped->path, "/items");
    EXPECT_EQ(popped->request_id, "r-1");
    EXPECT_EQ(popped->note, "");
    EXPECT_EQ(popped->record.status, 204u);
    EXPECT_EQ(popped->record.bytes_out, 7u);
    EXPECT_EQ(popped->record.duration, 9us);
    EXPECT_FALSE(popped->record.upstream_duration);
    EXPECT_FALSE(pop(ring));
}

TEST(AccessRing, KeepsOrderAroundItsEnd) {
    AccessRing ring(16 * 1024);
    std::mt19937 random(3);
    int pushed = 0;
    int popped = 0;
    while (pushed < 20'000) {
        const auto size = std::uniform_int_distribution<std::size_t>(0, 2000)(random);
        const std::uint64_t before = ring.dropped();
        const std::string path(size, static_cast<char>('a' + pushed % 26));
        const std::string id = std::to_string(pushed);
        ring.push({.request_id = id, .path = path});
        if (ring.dropped() == before) ++pushed;
        if (ring.dropped() != before || random() % 3 == 0) {
            while (const auto out = pop(ring)) {
                ASSERT_EQ(out->request_id, std::to_string(popped));
                ASSERT_EQ(out->path.find_first_not_of(static_cast<char>('a' + popped % 26)),
                          std::string::npos);
                ++popped;
                if (random() % 5 == 0) break;
            }
        }
    }
    while (pop(ring)) ++popped;
    EXPECT_EQ(popped, pushed);
}

TEST(AccessRing, DropsAndCountsWhenItIsFullAndTakesAgainAfterwards) {
    AccessRing ring(16 * 1024);
    const std::string path(500, 'p');
    for (int i = 0; i < 1000; ++i) ring.push({.path = path});
    const std::uint64_t dropped = ring.dropped();
    EXPECT_GT(dropped, 900u);
    std::uint64_t kept = 0;
    while (pop(ring)) ++kept;
    EXPECT_EQ(kept + dropped, 1000u);
    ring.push({.path = "/again"});
    EXPECT_EQ(pop(ring)->path, "/again");
    EXPECT_EQ(ring.dropped(), dropped);
}

TEST(AccessRing, HandsOutAsManyAsAreWantedOldestFirst) {
    AccessRing ring(1 << 16);
    for (unsigned i = 0; i < 5; ++i) ring.push({.status = i});
    std::vector<unsigned> seen;
    const auto take = [](const AccessRecord& record, void* context) {
        static_cast<std::vector<unsigned>*>(context)->push_back(record.status);
    };
    EXPECT_EQ(ring.pop(3, take, &seen), 3u);
    EXPECT_EQ(seen, (std::vector{0u, 1u, 2u}));
    EXPECT_EQ(ring.pop(3, take, &seen), 2u);
    EXPECT_EQ(seen, (std::vector{0u, 1u, 2u, 3u, 4u}));
    EXPECT_EQ(ring.pop(3, take, &seen), 0u);
}

TEST(AccessRing, WhatCannotBeTakenIsGoneAndHoldsNothingUp) {
    AccessRing ring(1 << 16);
    for (unsigned i = 0; i < 3; ++i) ring.push({.status = i});
    const auto take_but_one = [](const AccessRecord& record, void*) {
        if (record.status == 1) throw std::bad_alloc();
    };
    EXPECT_THROW(ring.pop(3, take_but_one, nullptr), std::bad_alloc);
    EXPECT_EQ(pop(ring)->record.status, 2u);
    EXPECT_FALSE(pop(ring));
}

TEST(AccessRing, HoldsTheSameWhereverItWasEmptied) {
    const auto records_held = [](AccessRing& ring) {
        const std::uint64_t before = ring.dropped();
        std::uint64_t count = 0;
        for (; ring.dropped() == before; ++count) ring.push({.path = "/items"});
        return count - 1;
    };
    AccessRing fresh(16 * 1024);
    const std::uint64_t most = records_held(fresh);
    for (std::uint64_t used = 1; used <= most; ++used) {
        AccessRing ring(16 * 1024);
        for (std::uint64_t i = 0; i < used; ++i) ring.push({.path = "/items"});
        while (pop(ring)) {
        }
        EXPECT_GE(records_held(ring), most - 1) << used;
    }
}

TEST(AccessRing, CutsWhatIsLongAndAlwaysTakesTheLongest) {
    const std::string huge(1 << 20, 'x');
    AccessRing ring(1);  // as small as rings are
    for (int i = 0; i < 1000; ++i) {
        ring.push({.request_id = huge,
                   .client_request_id = huge,
                   .trace_parent = huge,
                   .client = huge,
                   .method = huge,
                   .path = huge,
                   .route = huge,
                   .subject = huge,
                   .client_id = huge,
                   .organization = huge,
                   .issuer = huge,
                   .note = huge});
        const auto out = pop(ring);
        ASSERT_TRUE(out) << i;
        EXPECT_EQ(out->path.size(), 2048u);
        EXPECT_EQ(out->request_id.size(), 128u);
        ring.push({.path = "/"});  // moves the place of the next
        ASSERT_TRUE(pop(ring));
    }
    EXPECT_EQ(ring.dropped(), 0u);
}

TEST(AccessRing, OneThreadPushesWhileAnotherPops) {
    constexpr int count = 200'000;
    AccessRing ring(16 * 1024);
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (int i = 0; i < count; ++i) {
            const std::string id = std::to_string(i);
            ring.push({.request_id = id, .path = id, .status = static_cast<unsigned>(i)});
        }
        done = true;
    });
    std::uint64_t popped = 0;
    std::int64_t last = -1;
    for (;;) {
        const bool was_done = done;
        const auto out = pop(ring);
        if (!out) {
            if (was_done) break;
            std::this_thread::yield();
            continue;
        }
        ++popped;
        ASSERT_EQ(out->request_id, out->path);
        ASSERT_EQ(out->request_id, std::to_string(out->record.status));
        ASSERT_GT(static_cast<std::int64_t>(out->record.status), last);
        last = out->record.status;
    }
    writer.join();
    EXPECT_EQ(popped + ring.dropped(), static_cast<std::uint64_t>(count));
}

}  // namespace

}  // namespace bearergate::gateway
