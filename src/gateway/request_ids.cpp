#include <bearergate/gateway/request_ids.hpp>

#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace bearergate::gateway {

std::string_view RequestIds::next(Text& text) {
    static constexpr std::string_view hex = "0123456789abcdef";
    if (used_ == random_.size()) {
        if (RAND_bytes(random_.data(), static_cast<int>(random_.size())) != 1) {
            throw std::runtime_error("no random bytes for request ids");
        }
        used_ = 0;
    }
    for (std::size_t i = 0; i < id_bytes; ++i) {
        const unsigned byte = random_[used_++];
        text[2 * i] = hex[byte >> 4U];
        text[2 * i + 1] = hex[byte & 15U];
    }
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
