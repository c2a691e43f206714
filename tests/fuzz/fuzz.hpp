#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// What all fuzz targets have in common. A target defines try_input(), which is given bytes and
// requires properties of what our code makes of them; entry.cpp or driver.cpp calls it.
namespace bearergate::fuzz {

void try_input(std::string_view input);

// A property that must hold: else says which one does not, and stops so that the input is kept.
inline void require(bool holds, std::string_view property) {
    if (holds) return;
    (void)std::fprintf(stderr, "property broken: %.*s\n", static_cast<int>(property.size()),
                       property.data());
    std::abort();
}

// A line of the input, without its end; takes it off the front.
inline std::string_view take_line(std::string_view& input) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return line;
}

// Where to split an input: sizes that depend on its bytes alone, so that every run is the same.
class Cuts {
public:
    explicit Cuts(std::string_view seed) {
        for (const char c : seed) state_ = (state_ ^ static_cast<std::uint8_t>(c)) * prime;
    }
    // From 1 to `left` bytes, mostly few.
    std::size_t next(std::size_t left) {
        state_ = (state_ ^ (state_ >> 29U)) * prime + 1;
        const std::size_t most = (state_ >> 40U) % 4 == 0 ? 200 : 7;
        return std::min(left, 1 + static_cast<std::size_t>(state_ >> 44U) % most);
    }

private:
    static constexpr std::uint64_t prime = 0x100000001b3;
    std::uint64_t state_ = 0xcbf29ce484222325;
};

}  // namespace bearergate::fuzz
