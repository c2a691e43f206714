#include <bearergate/http/framing.hpp>

#include "characters.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>

namespace bearergate::http {

BodyReader::BodyReader(BodyLength length) : kind_(length.kind), remaining_(length.bytes) {
    const bool empty =
        kind_ == BodyLength::Kind::none || (kind_ == BodyLength::Kind::sized && remaining_ == 0);
    state_ = empty ? State::complete : State::more;
    if (kind_ == BodyLength::Kind::chunked) remaining_ = 0;
}

BodyReader::Step BodyReader::take(char* bytes, std::size_t size) {
    Step result;
    result.consumed = advance({bytes, size}, [&](const char* piece, std::size_t length) {
        if (piece != bytes + result.data) std::memmove(bytes + result.data, piece, length);
        result.data += length;
    });
    result.state = state_;
    return result;
}

BodyReader::State BodyReader::check(std::string_view bytes) const {
    BodyReader ahead = *this;
    ahead.advance(bytes, [](const char*, std::size_t) {});
    return ahead.state_;
}

bool BodyReader::at_close() {
    if (kind_ == BodyLength::Kind::until_close) state_ = State::complete;
    return state_ == State::complete;
}

// Passes pieces of data to `keep` and steps over the framing between them.
template <class Keep>
std::size_t BodyReader::advance(std::string_view bytes, Keep keep) {
    std::size_t at = 0;
    while (at < bytes.size() && state_ == State::more) {
        const std::size_t data = data_in(bytes.size() - at);
        if (data > 0) {
            keep(bytes.data() + at, data);
            at += data;
        } else if (!step(bytes[at++])) {
            state_ = State::malformed;
        }
    }
    return at;
}

// How many of the bytes that come now are data; accounts for them.
std::size_t BodyReader::data_in(std::size_t available) {
    if (kind_ == BodyLength::Kind::chunked && phase_ != Phase::data) return 0;
    if (kind_ == BodyLength::Kind::until_close) {
        received_ += available;
        return available;
    }
    const auto data = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, available));
    remaining_ -= data;
    received_ += data;
    if (remaining_ == 0) {
        if (kind_ == BodyLength::Kind::sized) state_ = State::complete;
        phase_ = Phase::data_cr;
    }
    return data;
}

bool BodyReader::move_to(bool accepted, Phase next) {
    phase_ = next;
    return accepted;
}

// One byte of chunked framing. False: it cannot stand there.
bool BodyReader::step(char c) {
    switch (phase_) {
        case Phase::size: return step_size(c);
        case Phase::size_lf:
            return move_to(c == '\n', remaining_ == 0 ? Phase::trailer_start : Phase::data);
        case Phase::data: return false;
        case Phase::data_cr: return move_to(c == '\r', Phase::data_lf);
        case Phase::data_lf: digits_ = 0; return move_to(c == '\n', Phase::size);
        case Phase::end_lf:
            if (c == '\n') state_ = State::complete;
            return c == '\n';
        case Phase::trailer_start:
        case Phase::trailer_name:
        case Phase::trailer_value:
        case Phase::trailer_lf: return step_trailer(c);
        default: return step_extension(c);
    }
}

bool BodyReader::step_size(char c) {
    const int digit = hex_digit(c);
    if (digit >= 0) {
        remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
        return ++digits_ <= max_size_digits;
    }
    if (digits_ == 0) return false;
    if (c == '\r') return move_to(true, Phase::size_lf);
    ++extension_bytes_;
    return move_to(c == ';', Phase::extension_start);
}

// RFC 9112 section 7.1.1 without its "bad whitespace", which is there for readers of the past.
bool BodyReader::step_extension(char c) {
    const bool ends = c == ';' || c == '\r';
    const Phase after = c == '\r' ? Phase::size_lf : Phase::extension_start;
    if (c != '\r' && ++extension_bytes_ > max_extension_bytes) return false;
    switch (phase_) {
        case Phase::extension_start: return move_to(is_token_char(c), Phase::extension_name);
        case Phase::extension_name:
            if (c == '=') return move_to(true, Phase::extension_value_start);
            return ends ? move_to(true, after) : is_token_char(c);
        case Phase::extension_value_start:
            if (c == '"') return move_to(true, Phase::extension_quoted);
            return move_to(is_token_char(c), Phase::extension_token);
        case Phase::extension_token: return ends ? move_to(true, after) : is_token_char(c);
        case Phase::extension_quoted:
            if (c == '"') return move_to(true, Phase::extension_end);
            if (c == '\\') return move_to(true, Phase::extension_escaped);
            return is_field_char(c);
        case Phase::extension_escaped: return move_to(is_field_char(c), Phase::extension_quoted);
        case Phase::extension_end: return move_to(ends, after);
        default: return false;
    }
}

bool BodyReader::step_trailer(char c) {
    if (phase_ == Phase::trailer_start && c == '\r') return move_to(true, Phase::end_lf);
    if (++trailer_bytes_ > max_trailer_bytes) return false;
    switch (phase_) {
        case Phase::trailer_start:
            return move_to(is_token_char(c) && ++trailer_fields_ <= max_trailer_fields,
                           Phase::trailer_name);
        case Phase::trailer_name:
            if (c == ':') return move_to(true, Phase::trailer_value);
            return is_token_char(c);
        case Phase::trailer_value:
            if (c == '\r') return move_to(true, Phase::trailer_lf);
            return is_field_char(c);
        default: return move_to(c == '\n', Phase::trailer_start);
    }
}

ChunkFrame chunk_header(std::size_t data_bytes) {
    assert(data_bytes > 0);
    ChunkFrame frame;
    char* const first = frame.text.data();
    char* end = std::to_chars(first, first + frame.text.size() - 2, data_bytes, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    frame.size = static_cast<std::size_t>(end - first);
    return frame;
}

}  // namespace bearergate::http
