// Every hostile request of the collection, as one piece, by itself: the answer, that the upstream
// heard nothing of what was refused, and that a canary behind it gets its own answer.
#include <bearergate/gateway/metrics.hpp>

#include "oracle.hpp"
#include "raw_cases.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace bearergate;
using test::Answers;
using test::canary;
using test::Fixture;
using test::RawCase;

bool is_forwarded(int status) {
    return status == 200;
}

// The bytes alone.
void expect_answer(const RawCase& c, Fixture& fixture) {
    const std::string bytes = fixture.filled(c.bytes);
    const auto bytes_before = fixture.witness().upstream().bytes();
    const Answers answers = fixture.converse(bytes);
    test::expect_honest(bytes, answers, fixture.witness());
    ASSERT_FALSE(answers.replies.empty()) << c.expect;
    EXPECT_EQ(answers.replies.front().status, c.status) << c.expect;
    for (const test::Reply& reply : answers.replies) {
        const auto record = fixture.gateway().next_record();
        EXPECT_EQ(record.status, static_cast<unsigned>(reply.status));
        EXPECT_EQ(record.request_id, reply.header("X-Request-Id"));
        if (is_forwarded(reply.status)) continue;
        EXPECT_EQ(record.reason, test::expect_refusal(reply, bytes));
        EXPECT_FALSE(record.reached_upstream);
    }
    if (!is_forwarded(c.status) && answers.replies.size() == 1) {
        EXPECT_EQ(fixture.witness().upstream().bytes(), bytes_before) << "the upstream heard of it";
    }
    if (c.must_close) EXPECT_EQ(answers.replies.back().header("Connection"), "close");
}

void expect_canary(const RawCase& c, Fixture& fixture) {
    const std::string bytes = fixture.filled(c.bytes);
    const Answers behind = fixture.converse({bytes, std::string(canary)});
    test::expect_honest(bytes + std::string(canary), behind, fixture.witness());
    while (fixture.gateway().counters().requests_in_flight > 0) {
    }
    const Answers beside = fixture.converse(std::string(canary));
    test::expect_honest(canary, beside, fixture.witness());
    EXPECT_EQ(beside.statuses(), std::vector{200});
    for (std::size_t i = 0; i < behind.replies.size() + beside.replies.size(); ++i) {
        fixture.gateway().next_record();
    }
}

TEST(RawRequests, EachGetsItsAnswerAndNothingMore) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    Fixture fixture;
    const auto cases = test::raw_cases();
    for (const RawCase& c : cases) {
        SCOPED_TRACE(c.id + ": " + c.expect);
        if (c.status == 408) continue;
        expect_answer(c, fixture);
        expect_canary(c, fixture);
    }
    EXPECT_GE(cases.size(), 200U);
}

}  // namespace
