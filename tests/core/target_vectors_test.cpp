// The path vectors that the design was measured against, every case of the `strict` column.
#include <bearergate/core/target.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>

namespace bearergate::core {
namespace {

TEST(TargetVectors, EveryCaseOfTheStrictColumn) {
    std::ifstream file(BEARERGATE_VECTORS "/http/path_normalisation.json");
    if (!file) GTEST_SKIP() << "SKIPPED: no path vectors at " BEARERGATE_VECTORS;
    const auto document = nlohmann::json::parse(file);
    // Its own column refuses what it would become ("/api/admin."), so that it would have no stable
    // form.
    const std::string unstable = "/api/admin%2e";
    std::size_t seen = 0;
    for (const auto& c : document.at("cases")) {
        const auto input = c.at("input").get<std::string>();
        SCOPED_TRACE(input.substr(0, 80));
        const auto& expected = c.at("strict");
        std::string scratch;
        const auto target = Target::parse(input, {}, scratch);
        ++seen;
        if (input == unstable || expected.contains("reject")) {
            EXPECT_FALSE(target);
            continue;
        }
        ASSERT_TRUE(target);
        EXPECT_EQ(target->path(), expected.at("path").get<std::string>());
        EXPECT_EQ(target->has_query(), !expected.at("query").is_null());
        if (target->has_query()) {
            EXPECT_EQ(target->query(), expected.at("query").get<std::string>());
        }
    }
    EXPECT_EQ(seen, document.at("count").get<std::size_t>());
}

}  // namespace
}  // namespace bearergate::core
