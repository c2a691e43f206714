// Every byte at every place around the two framing fields: refused, or framed exactly as the strict
// reading frames it.
#include "oracle.hpp"
#include "raw_cases.hpp"
#include "support/vectors.hpp"
#include "volley.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace {

using namespace bearergate;
using test::Answers;
using test::Fixture;
using test::Reading;

// By the first word of what a permutation comes to.
void expect_fate(const std::string& expect, const std::string& bytes, const Answers& answers) {
    ASSERT_FALSE(answers.replies.empty());
    const Reading reading = test::read_strictly(bytes);
    const test::Reply& first = answers.replies.front();
    if (expect.starts_with("400")) {
        EXPECT_EQ(first.status, 400);
        EXPECT_EQ(test::expect_refusal(first, bytes), "bad_request");
        EXPECT_EQ(first.header("Connection"), "close");
        EXPECT_EQ(answers.replies.size(), 1U);
    } else if (expect == "accept") {
        EXPECT_EQ(answers.statuses(), std::vector{200});
        EXPECT_EQ(reading.whole.at(0).body, "hello");
    } else if (expect == "other-header") {
        // No body: what was meant as one is the next request, and none.
        EXPECT_EQ(answers.statuses(), (std::vector{200, 400}));
        EXPECT_EQ(reading.whole.at(0).body, "");
    } else {
        // Its length is larger than what comes: cut off, since we ended our side.
        EXPECT_TRUE(expect.starts_with("waits for more body")) << expect;
        EXPECT_EQ(answers.statuses(), std::vector{400});
        EXPECT_EQ(reading.end, Reading::End::incomplete);
    }
}

TEST(Permutations, EachIsRefusedOrFramedAsTheStrictReadingDoes) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    std::size_t seen = 0;
    std::map<int, std::size_t> first;
    Fixture fixture;
    std::vector<test::Permutation> cases = test::permutations();
    std::vector<std::vector<std::string>> conversations;
    for (auto& c : cases) {
        c.bytes = fixture.filled(c.bytes);
        conversations.push_back({c.bytes});
    }
    const auto all = test::converse_all(fixture, conversations);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(cases[i].id + ": " + cases[i].expect);
        ++seen;
        test::expect_honest(cases[i].bytes, all[i], fixture.witness());
        expect_fate(cases[i].expect, cases[i].bytes, all[i]);
        if (!all[i].replies.empty()) ++first[all[i].replies.front().status];
    }
    EXPECT_EQ(seen, 2560U);
    for (const auto& [status, count] : first) {
        RecordProperty("status_" + std::to_string(status), static_cast<int>(count));
    }
}

// The framing field's bytes cut apart, for those that are taken and a sample of the rest.
TEST(Permutations, CutAnywhereTheyComeToTheSame) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    std::size_t count = 0;
    for (const auto& c : test::permutations()) {
        if (c.expect != "accept" && ++count % 64 != 0) continue;
        SCOPED_TRACE(c.id + ": " + c.expect);
        Fixture fixture;
        const std::string bytes = fixture.filled(c.bytes);
        std::vector<std::vector<std::string>> conversations{{bytes}};
        for (std::size_t at = bytes.find(".", bytes.rfind("Bearer")); at < bytes.size(); ++at) {
            if (bytes.size() - at > 90) continue;
            conversations.push_back({bytes.substr(0, at), bytes.substr(at)});
        }
        for (const Answers& answers : test::converse_all(fixture, conversations)) {
            test::expect_honest(bytes, answers, fixture.witness());
            expect_fate(c.expect, bytes, answers);
        }
    }
}

}  // namespace
