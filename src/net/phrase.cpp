// How errors are worded.
#include "phrase.hpp"

namespace bearergate::net {

std::string phrase_of(const boost::system::error_code& error) {
    std::string text = error.message();
    // "Connection refused", but "SSL routines" and the like stay as they are.
    const auto is_upper = [&](std::size_t at) { return text[at] >= 'A' && text[at] <= 'Z'; };
    if (text.size() > 1 && is_upper(0) && !is_upper(1)) text[0] = static_cast<char>(text[0] | 0x20);
    return text;
}

}  // namespace bearergate::net
