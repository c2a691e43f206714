#include <bearergate/gateway/request_ids.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace bearergate::gateway {
namespace {

TEST(RequestIds, NeverRepeatAcrossRefillsOfTheRandomBytes) {
    RequestIds ids;
    RequestIds::Text text;
    std::set<std::string, std::less<>> seen;
    for (int i = 0; i < 2000; ++i) {
        const auto id = ids.next(text);
        EXPECT_EQ(id.size(), RequestIds::length);
        EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string_view::npos) << id;
        EXPECT_TRUE(seen.emplace(id).second) << id;
    }
}

TEST(RequestIds, OfTwoWorkersDiffer) {
    RequestIds one;
    RequestIds other;
    RequestIds::Text a;
    RequestIds::Text b;
    EXPECT_NE(one.next(a), other.next(b));
}

TEST(RequestIds, AGivenIdIsBelievedOnlyInItsNarrowForm) {
    EXPECT_TRUE(is_request_id("a"));
    EXPECT_TRUE(is_request_id("AZaz09._-"));
    EXPECT_TRUE(is_request_id(std::string(128, 'x')));
    EXPECT_FALSE(is_request_id(""));
    EXPECT_FALSE(is_request_id(std::string(129, 'x')));
    for (const char bad : std::string_view("\0\t\r\n \"'\\/;,{}<>%\x7f\x80\xff", 19)) {
        EXPECT_FALSE(is_request_id(std::string("a") + bad + "b")) << int{bad};
    }
}

}  // namespace
}  // namespace bearergate::gateway
