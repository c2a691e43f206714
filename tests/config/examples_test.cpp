// Every configuration that people are handed is a good one. Those of README and docs are for
// tests/docs.
#include "config/good_configuration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace bearergate::config {
namespace {

namespace fs = std::filesystem;

const fs::path source = BEARERGATE_SOURCE_DIR;

std::vector<fs::path> files_in(const fs::path& folder, const std::string& extension) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == extension) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<fs::path> examples() {
    auto files = files_in(source / "config", ".yaml");
    for (const char* name : {"bearergate.yaml", "bearergate.logto.yaml"}) {
        files.push_back(source / "docker" / name);
    }
    return files;
}

TEST(Examples, LoadWithoutErrorsOrWarningsAndSatisfyTheSchema) {
    for (const fs::path& path : examples()) {
        SCOPED_TRACE(path.string());
        const std::string text = test::read_file(path);
        test::expect_good(text);
        const LoadResult result = test::load(text);
        ASSERT_TRUE(result.loaded);
        for (const auto& warning : result.loaded->warnings) ADD_FAILURE() << warning.message;
    }
    EXPECT_GE(examples().size(), 5U);
}

TEST(Examples, BeginWithTheSchemaThatEditorsCheckThemBy) {
    for (const fs::path& path : examples()) {
        SCOPED_TRACE(path.string());
        const std::string text = test::read_file(path);
        const std::string first = text.substr(0, text.find('\n'));
        const std::string marker = "# yaml-language-server: $schema=";
        ASSERT_TRUE(first.starts_with(marker)) << first;
        EXPECT_TRUE(fs::equivalent(path.parent_path() / first.substr(marker.size()),
                                   source / "config/bearergate.schema.json"));
    }
}

}  // namespace
}  // namespace bearergate::config
