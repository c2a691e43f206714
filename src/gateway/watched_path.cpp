#include "watched_path.hpp"

#include <sys/stat.h>

#include <deque>
#include <filesystem>
#include <system_error>
#include <utility>

namespace bearergate::gateway {

namespace fs = std::filesystem;

namespace {

// As many links as the kernel would follow.
constexpr int most_links = 40;

}  // namespace

std::vector<Spot> spots_of(const std::string& file) {
    std::error_code ignored;
    const fs::path absolute = fs::absolute(file, ignored);
    std::deque<fs::path> ahead(absolute.begin(), absolute.end());
    std::vector<Spot> spots;
    fs::path folder = "/";  // no link is left in it
    for (int links = 0; !ahead.empty();) {
        const fs::path name = ahead.front();
        ahead.pop_front();
        if (name.empty() || name == "." || name == "/") continue;
        if (name == "..") {
            folder = folder.parent_path();
            continue;
        }
        fs::path here = folder / name;
        spots.push_back({folder.string(), name.string()});
        struct stat facts{};
        if (lstat(here.c_str(), &facts) != 0) break;
        if (S_ISDIR(facts.st_mode)) {
            folder = std::move(here);
            continue;
        }
        if (!S_ISLNK(facts.st_mode) || ++links > most_links) break;
        const fs::path target = fs::read_symlink(here, ignored);
        if (target.is_absolute()) folder = "/";
        ahead.insert(ahead.begin(), target.begin(), target.end());
    }
    return spots;
}

bool is_a_link_of_either_kind(const Spot& spot) {
    struct stat facts{};
    if (lstat((fs::path(spot.folder) / spot.name).c_str(), &facts) != 0) return false;
    return S_ISLNK(facts.st_mode) || (S_ISREG(facts.st_mode) && facts.st_nlink > 1);
}

Extent extent_of(const std::string& file) {
    struct stat facts{};
    if (stat(file.c_str(), &facts) != 0) return {};
    return {.device = facts.st_dev,
            .inode = facts.st_ino,
            .size = facts.st_size,
            .seconds = facts.st_mtim.tv_sec,
            .nanoseconds = facts.st_mtim.tv_nsec};
}

}  // namespace bearergate::gateway
