#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace bearergate::gateway {

// Makes request ids: 128 random bits in hex, so that nobody can guess another request's. One per
// worker; random bytes are fetched many at a time.
class RequestIds {
public:
    static constexpr std::size_t length = 32;
    using Text = std::array<char, length>;

    // Writes an id into `text` and returns the view of it. Throws std::runtime_error when the
    // system has no randomness left.
    std::string_view next(Text& text);

private:
    static constexpr std::size_t id_bytes = 16;
    std::array<unsigned char, 256 * id_bytes> random_{};
    std::size_t used_ = random_.size();
};

// 1 to 128 of [A-Za-z0-9._-]: what a trusted proxy may call a request.
bool is_request_id(std::string_view text);

}  // namespace bearergate::gateway
