#include <bearergate/gateway/request_ids.hpp>

#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace bearergate::gateway {

namespace {

// Without a table, so that compilers make vector instructions of it (200 instructions a request).
constexpr char hex_digit(unsigned value) {
    return static_cast<char>(value + (value < 10 ? '0' : 'a' - 10));
}

}  // namespace

std::string_view RequestIds::next(Text& text) {
    if (used_ == random_.size()) {
        if (RAND_bytes(random_.data(), static_cast<int>(random_.size())) != 1) {
            throw std::runtime_error("no random bytes for request ids");
        }
        used_ = 0;
    }
    const std::uint8_t* const bytes = random_.data() + used_;
    for (std::size_t i = 0; i < id_bytes; ++i) {
        text[2 * i] = hex_digit(bytes[i] >> 4U);
        text[2 * i + 1] = hex_digit(bytes[i] & 15U);
    }
    used_ += id_bytes;
    return {text.data(), text.size()};
}

bool is_request_id(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, allowed);
}

}  // namespace bearergate::gateway
