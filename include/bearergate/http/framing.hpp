#pragma once

#include <bearergate/http/head.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bearergate::http {

// Finds the end of a body while its bytes pass through. Chunked framing is taken apart here and
// put on anew by ChunkWriter; extensions and trailers are parsed, bounded and dropped.
class BodyReader {
public:
    static constexpr std::size_t max_extension_bytes = 4UL * 1024;  // a message
    static constexpr std::size_t max_trailer_bytes = 4UL * 1024;
    static constexpr std::size_t max_trailer_fields = 32;
    static constexpr std::size_t max_size_digits = 15;

    BodyReader() = default;
    explicit BodyReader(BodyLength length);

    enum class State : std::uint8_t { more, complete, malformed };
    struct Step {
        std::size_t consumed = 0;  // of the bytes given: framing and data, from their start
        std::size_t data = 0;      // bytes of body, moved to the front of what was given
        State state = State::more;
    };
    // Takes as much as it can. Removes framing in place, so that the first `data` bytes are body.
    // What is not consumed belongs to the next message. After `complete` or `malformed`: no-op.
    Step take(char* bytes, std::size_t size);
    // As take(), reading only: whether bytes that came together with the head are framed well.
    State check(std::string_view bytes) const;

    State state() const { return state_; }
    // The peer closed. True when that is the proper end (until_close, or already complete).
    bool at_close();
    std::uint64_t received() const { return received_; }  // bytes of body so far

private:
    enum class Phase : std::uint8_t {
        size,
        extension_start,
        extension_name,
        extension_value_start,
        extension_token,
        extension_quoted,
        extension_escaped,
        extension_end,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
    };
    template <class Keep>
    std::size_t advance(std::string_view bytes, Keep keep);
    std::size_t data_in(std::size_t available);
    bool step(char c);
    bool step_size(char c);
    bool step_extension(char c);
    bool step_trailer(char c);
    bool move_to(bool accepted, Phase next);

    State state_ = State::complete;
    BodyLength::Kind kind_ = BodyLength::Kind::none;
    Phase phase_ = Phase::size;
    std::uint64_t remaining_ =
        0;  // of the body or of the chunk; while it is read, the chunk's size
    std::uint64_t received_ = 0;
    std::size_t digits_ = 0;
    std::size_t extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
    std::size_t trailer_fields_ = 0;
};

// The framing put around a piece of body that is sent chunked: header, the data, chunk_end. The
// piece is not empty: a chunk of no bytes would end the message.
struct ChunkFrame {
    std::array<char, 20> text{};  // "1f40\r\n"
    std::size_t size = 0;
    std::string_view view() const { return {text.data(), size}; }
};
ChunkFrame chunk_header(std::size_t data_bytes);
inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace bearergate::http
