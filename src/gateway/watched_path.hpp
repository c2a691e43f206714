#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

// What a FileWatch asks of the file system.
namespace bearergate::gateway {

// A name in a folder, where something would change what a file is.
struct Spot {
    std::string folder{};
    std::string name{};
    friend auto operator<=>(const Spot&, const Spot&) = default;
};

// Those of every folder and symbolic link on the way to a file, and its own; as far as there is
// one.
std::vector<Spot> spots_of(const std::string& file);

// A file that has just been made is still to be written; a link is whole at once.
bool is_a_link_of_either_kind(const Spot& spot);

// What differs between two files, and while one is still being written.
struct Extent {
    dev_t device = 0;
    ino_t inode = 0;
    std::int64_t size = -1;
    std::int64_t seconds = 0;  // of its last change
    std::int64_t nanoseconds = 0;
    friend bool operator==(const Extent&, const Extent&) = default;
};

// Extent() where nothing is there.
Extent extent_of(const std::string& file);

}  // namespace bearergate::gateway
