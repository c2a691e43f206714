// Every hostile request of the collection again, cut in two at every byte and dribbled byte by
// byte: what comes to the gateway's ears when must not change what it makes of it, and what it
// refuses never arrives whole, however it came.
#include "oracle.hpp"
#include "raw_cases.hpp"
#include "support/vectors.hpp"
#include "volley.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace bearergate;
using test::Fixture;
using test::RawCase;

class SplitRequests : public testing::TestWithParam<const char*> {};

TEST_P(SplitRequests, CutAnywhereTheyComeToTheSame) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    for (const RawCase& c : test::raw_cases(GetParam())) {
        SCOPED_TRACE(c.id + ": " + c.expect);
        Fixture fixture;
        const std::string bytes = fixture.filled(c.bytes);
        const auto whole = fixture.converse(bytes).statuses();
        const auto cuts = test::cuts_of(bytes);
        std::vector<std::vector<std::string>> conversations;
        for (const std::size_t at : cuts) {
            conversations.push_back({bytes.substr(0, at), bytes.substr(at)});
        }
        const auto all = test::converse_all(fixture, conversations);
        for (std::size_t i = 0; i < all.size(); ++i) {
            SCOPED_TRACE("cut at " + std::to_string(cuts[i]));
            EXPECT_EQ(all[i].statuses(), whole);
            test::expect_honest(bytes, all[i], fixture.witness());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Families, SplitRequests,
                         testing::Values("SM", "CH", "RL", "PA", "HO", "ID", "AU", "UP", "HL"),
                         [](const auto& family) { return std::string(family.param); });

TEST(DribbledRequests, ByteByByteTheyComeToTheSame) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    constexpr std::size_t longest = 10'000;  // of longer ones, the start byte by byte
    const auto cases = test::raw_cases();
    Fixture fixture;
    std::vector<std::vector<std::string>> conversations;
    std::vector<std::string> bytes;
    for (const RawCase& c : cases) {
        bytes.push_back(fixture.filled(c.bytes));
        std::vector<std::string> pieces;
        const std::size_t dribbled = std::min(longest, bytes.back().size());
        for (std::size_t i = 0; i < dribbled; ++i) pieces.push_back(bytes.back().substr(i, 1));
        pieces.push_back(bytes.back().substr(dribbled));
        conversations.push_back(std::move(pieces));
    }
    const auto all = test::converse_all(fixture, conversations);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(cases[i].id + ": " + cases[i].expect);
        test::expect_honest(bytes[i], all[i], fixture.witness());
        const int status = cases[i].status == 408 ? 400 : cases[i].status;
        ASSERT_FALSE(all[i].replies.empty());
        EXPECT_EQ(all[i].replies.front().status, status);
    }
}

}  // namespace
