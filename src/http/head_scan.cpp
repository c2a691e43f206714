#include <bearergate/http/head_scan.hpp>

#include "characters.hpp"

#include <algorithm>

namespace bearergate::http {

namespace {

constexpr std::string_view version_prefix = "HTTP/1.";

template <class InClass>
const char* skip(const char* p, const char* last, InClass in_class) {
    while (p != last && in_class(*p)) ++p;
    return p;
}

// "HTTP/1." and the minor version, 0 or 1.
bool is_version_byte(std::size_t index, char c) {
    return index < version_prefix.size() ? c == version_prefix[index] : c == '0' || c == '1';
}

// SP, a status of 100 to 599, SP. The space is required even where no reason follows.
bool is_status_byte(std::size_t index, char c) {
    switch (index) {
        case 0:
        case 4: return c == ' ';
        case 1: return c >= '1' && c <= '5';
        default: return is_digit(c);
    }
}

}  // namespace

void HeadScan::reset() {
    state_ = kind_ == Kind::request ? State::method_start : State::version;
    position_ = fields_ = matched_ = 0;
}

core::Result<std::optional<std::size_t>, core::Reason> HeadScan::feed(
    std::string_view bytes_so_far) {
    const char* const first = bytes_so_far.data();
    const char* const last = first + std::min(bytes_so_far.size(), limits_.bytes);
    const char* p = first + position_;
    while (p != last && state_ < State::whole) p = advance(p, last);
    position_ = static_cast<std::size_t>(p - first);
    if (state_ < State::whole && position_ >= limits_.bytes) state_ = State::too_large;

    if (state_ == State::malformed) return std::unexpected(core::Reason::bad_request);
    if (state_ == State::too_large) return std::unexpected(core::Reason::header_too_large);
    if (state_ == State::whole) return position_;
    return std::nullopt;
}

// Takes the bytes of one state, at least one, and says where to go on.
const char* HeadScan::advance(const char* p, const char* last) {
    switch (state_) {
        case State::method_start: return step(p, is_token_char(*p), State::method);
        case State::method:
            p = skip(p, last, is_token_char);
            return p == last ? p : step(p, *p == ' ', State::target_start);
        case State::target_start: return step(p, is_visible_char(*p), State::target);
        case State::target:
            p = skip(p, last, is_visible_char);
            return p == last ? p : step(p, *p == ' ', State::version);
        case State::version: return match_version(p, last);
        case State::version_cr: return step(p, *p == '\r', State::line_lf);
        case State::status: return match_status(p);
        case State::name:
            p = skip(p, last, is_token_char);
            return p == last ? p : step(p, *p == ':', State::value);
        case State::reason:
        case State::value:
            p = skip_field_chars(p, last);
            return p == last ? p : step(p, *p == '\r', State::line_lf);
        case State::line_lf: return step(p, *p == '\n', State::field_start);
        case State::field_start: return take_lines(p, last);
        case State::end_lf: return step(p, *p == '\n', State::whole);
        case State::whole:
        case State::malformed:
        case State::too_large: break;
    }
    return last;
}

const char* HeadScan::step(const char* p, bool accepted, State next) {
    state_ = accepted ? next : State::malformed;
    return p + 1;
}

// Most fields come whole: they are taken line by line, without a stop between two bytes. What is
// cut off or wrong is left for the states above, which say why.
const char* HeadScan::take_lines(const char* const p, const char* last) {
    const char* line = p;
    while (fields_ < limits_.fields) {
        const char* const colon = skip(line, last, is_token_char);
        if (colon == line || colon == last || *colon != ':') break;
        const char* const end = skip_field_chars(colon + 1, last);
        if (last - end < 2 || end[0] != '\r' || end[1] != '\n') break;
        line = end + 2;
        ++fields_;
    }
    return line == p ? start_field(p) : line;
}

const char* HeadScan::start_field(const char* p) {
    if (*p == '\r') return step(p, true, State::end_lf);
    if (!is_token_char(*p)) return step(p, false, State::malformed);
    return step(p, true, ++fields_ > limits_.fields ? State::too_large : State::name);
}

const char* HeadScan::match_version(const char* p, const char* last) {
    const std::string_view rest(p, static_cast<std::size_t>(last - p));
    if (matched_ == 0 && rest.size() > version_prefix.size() && rest.starts_with(version_prefix)) {
        matched_ = version_prefix.size();
        p += version_prefix.size();
    }
    if (!is_version_byte(matched_, *p)) return step(p, false, State::malformed);
    if (++matched_ <= version_prefix.size()) return p + 1;
    matched_ = 0;
    return step(p, true, kind_ == Kind::request ? State::version_cr : State::status);
}

const char* HeadScan::match_status(const char* p) {
    if (!is_status_byte(matched_, *p)) return step(p, false, State::malformed);
    if (++matched_ <= 4) return p + 1;
    return step(p, true, State::reason);
}

}  // namespace bearergate::http
