#include "excerpt.hpp"

#include "characters.hpp"

#include <cstring>
#include <functional>

namespace bearergate::http {

namespace {

// Smaller ones are not worth the look.
constexpr std::size_t least_head = 512;
constexpr std::ptrdiff_t kept = 24;  // of a line, at either end
constexpr std::ptrdiff_t least_line = 4 * kept;

constexpr bool is_space(char c) {
    return c == ' ' || c == '\t';
}

const char* find(const char* first, const char* last, char what) {
    return static_cast<const char*>(
        std::memchr(first, what, static_cast<std::size_t>(last - first)));
}

bool is_long_by_nature(std::string_view name) {
    return is_known(name, "authorization") || is_known(name, "cookie");
}

// Whether [first, last) of the field line that begins at `line` can be left out.
bool is_middle(const char* line, const char* first, const char* last) {
    const char* const colon = find(line, first - 1, ':');
    return colon != nullptr && is_long_by_nature({line, static_cast<std::size_t>(colon - line)}) &&
           !is_space(first[-1]) && !is_space(*last) && skip_field_chars(first, last) == last;
}

}  // namespace

Excerpt::Excerpt(std::string_view head) : head_(head), text_(head) {
    if (head.size() >= least_head) leave_out_middles();
}

void Excerpt::leave_out_middles() {
    const char* const last = head_.data() + head_.size();
    const char* from = head_.data();
    char* to = buffer_.data();
    const auto fits = [&](const char* until) {
        return until - from <= buffer_.data() + buffer_.size() - to;
    };
    const auto copy = [&](const char* until) {
        const auto bytes = static_cast<std::size_t>(until - from);
        std::memcpy(to, from, bytes);
        to += bytes;
    };
    const char* end = find(from, last, '\n');  // of the start line, which stays whole
    while (end != nullptr && count_ < cuts_.size()) {
        const char* const line = end + 1;
        end = find(line, last, '\n');
        if (end == nullptr || end - line < least_line) continue;
        const char* const middle = line + kept;
        if (!is_middle(line, middle, end - kept) || !fits(middle)) continue;
        copy(middle);
        from = end - kept;
        cuts_[count_++] = {.at = static_cast<std::size_t>(to - buffer_.data()),
                           .bytes = static_cast<std::size_t>(from - middle)};
    }
    if (count_ == 0) return;
    if (!fits(last)) {
        count_ = 0;
        return;
    }
    copy(last);
    text_ = {buffer_.data(), static_cast<std::size_t>(to - buffer_.data())};
}

bool Excerpt::holds(std::string_view part) const {
    const std::less_equal<> up_to{};
    return up_to(text_.data(), part.data()) &&
           up_to(part.data() + part.size(), text_.data() + text_.size());
}

std::string_view Excerpt::in_head(std::string_view part) const {
    const char* const first = in_head(part.data());
    return {first, static_cast<std::size_t>(in_head(part.data() + part.size()) - first)};
}

const char* Excerpt::in_head(const char* place) const {
    const auto at = static_cast<std::size_t>(place - text_.data());
    std::size_t left_out = 0;
    for (std::size_t i = 0; i < count_ && cuts_[i].at <= at; ++i) left_out += cuts_[i].bytes;
    return head_.data() + at + left_out;
}

}  // namespace bearergate::http
