// JSONTestSuite: what every JSON parser must accept and refuse.
#include <bearergate/core/base64url.hpp>
#include <bearergate/core/strict_json.hpp>

#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace {

using namespace bearergate;

// The suite is in base64 proper.
std::string decoded(std::string text) {
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    text.resize(std::min(text.find('='), text.size()));
    return core::decode_base64url(text).value();
}

TEST(JsonTestSuite, EveryCase) {
    if (!test::has_vectors("json")) GTEST_SKIP() << test::no_vectors;
    // Good JSON by the RFC, but names that are there twice mean two things.
    const std::set<std::string> refused_on_purpose{"y_object_duplicated_key.json",
                                                   "y_object_duplicated_key_and_value.json"};
    const auto document = test::read_vectors("json/jsontestsuite.json");
    std::size_t accepted = 0;
    for (const auto& c : document.at("cases")) {
        const auto name = c.at("name").get<std::string>();
        SCOPED_TRACE(name);
        const bool parsed =
            core::Json::parse(decoded(c.at("bytes_b64").get<std::string>()), 16).has_value();
        accepted += parsed ? 1 : 0;
        if (refused_on_purpose.contains(name)) {
            EXPECT_FALSE(parsed);
        } else if (!name.starts_with("i_")) {  // those are left to the implementation
            EXPECT_EQ(parsed, name.starts_with("y_"));
        }
    }
    EXPECT_EQ(document.at("cases").size(), document.at("count").get<std::size_t>());
    EXPECT_GT(accepted, 90U);
}

}  // namespace
