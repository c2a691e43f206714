// Every hostile request of the collection, as one piece, by itself: the answer, that the upstream
// heard nothing of what was refused, and that a canary behind it gets its own answer.
#include <bearergate/gateway/metrics.hpp>

#include "oracle.hpp"
#include "raw_cases.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <memory>
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

// With our side open: what is to be closed is closed by the gateway.
TEST(RawRequests, WhatIsRefusedForGoodEndsTheConnection) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    Fixture fixture;
    std::size_t closed = 0;
    for (const RawCase& c : test::raw_cases()) {
        if (!c.must_close || c.status == 408) continue;
        SCOPED_TRACE(c.id + ": " + c.expect);
        test::Connection connection(fixture.gateway().port());
        connection.send(fixture.filled(c.bytes));
        const Answers answers = test::read_answers(connection.read_all(), {});
        EXPECT_EQ(answers.statuses(), std::vector{c.status});
        EXPECT_EQ(connection.end(), test::Connection::End::closed);
        ++closed;
    }
    EXPECT_GE(closed, 100U);
    EXPECT_EQ(fixture.witness().upstream().bytes(), 0U);
}

// What is not whole waits for the rest, not for ever, and never arrives whole.
TEST(RawRequests, WhatNeverEndsIsTimedOut) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    std::vector<std::string> waiting;
    for (const RawCase& c : test::raw_cases()) {
        if (c.status == 408) waiting.push_back(c.bytes);
    }
    for (const auto& c : test::permutations()) {
        if (c.expect.starts_with("waits")) waiting.push_back(c.bytes);
    }
    ASSERT_GE(waiting.size(), 20U);
    waiting.emplace_back("GET /public/a HTTP/1.1\r\nHost: gw.te");
    Fixture fixture({.timeouts = "header: 1s, idle: 1s"});
    std::vector<std::unique_ptr<test::Connection>> connections;
    for (const std::string& bytes : waiting) {
        connections.push_back(std::make_unique<test::Connection>(fixture.gateway().port()));
        connections.back()->send(fixture.filled(bytes));
    }
    for (auto& connection : connections) {
        const Answers answers = test::read_answers(connection->read_all(), {});
        EXPECT_EQ(answers.statuses(), std::vector{408});
        EXPECT_EQ(answers.replies.at(0).header("Connection"), "close");
    }
    EXPECT_EQ(fixture.witness().whole_requests(), 0U);
}

}  // namespace
