// A fuzz target as an ordinary test: tries each file of the given folders, once and as it is.
#include "fuzz.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string content_of(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

}  // namespace

int main(int count, char** arguments) {
    try {
        std::size_t tried = 0;
        for (int i = 1; i < count; ++i) {
            for (const auto& file : files_of(arguments[i])) {
                (void)std::fprintf(stderr, "%s\n", file.filename().c_str());
                bearergate::fuzz::try_input(content_of(file));
                ++tried;
            }
        }
        (void)std::fprintf(stderr, "%zu inputs tried\n", tried);
        return tried == 0 ? 1 : 0;
    } catch (const std::exception& failure) {
        (void)std::fprintf(stderr, "fuzz: %s\n", failure.what());
        return 1;
    }
}
