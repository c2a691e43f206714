// Words that people choose and that go into headers, logs or metrics.
#include "blocks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bearergate::config {
namespace {

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name(std::string_view name) {
    const auto fits = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), fits);
}

// RFC 6901 section 3: '~' stands only before 0 or 1.
bool is_pointer(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '~') continue;
        if (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
    }
    return text.starts_with('/');
}

}  // namespace

bool is_token(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
    });
}

void check_name(const Node& child, Draft& draft) {
    if (is_name(child.key)) return;
    draft.error(child.key_place, fmt::format("{} cannot be a name: use 1 to 64 letters, digits, "
                                             "'-', '_' or '.'",
                                             shown(child.key)));
}

std::optional<core::ClaimName> claim_name(const std::string& text, Place place, Draft& draft) {
    if (!text.starts_with('/') || is_pointer(text)) return core::ClaimName{text};
    draft.error(place,
                "a claim that begins with '/' is a JSON Pointer: write '~' as ~0 and '/' "
                "within a name as ~1");
    return std::nullopt;
}

}  // namespace bearergate::config
