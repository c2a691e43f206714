#pragma once

#include <bearergate/core/refusal.hpp>
#include <bearergate/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bearergate::http {

struct HeadLimits {
    std::size_t bytes = 16UL * 1024;  // request line or status line, and fields
    std::size_t fields = 100;
};

// The strict pass over a raw head, before any parser sees it: RFC 9112's grammar without the
// leniencies that two implementations read differently (no empty line before the start line, no
// bare CR or LF, no obs-fold, no control bytes, `token ":" OWS value OWS CRLF` and nothing else).
// Resumable: call again with more bytes; it goes on where it stopped, so it stays linear and gives
// the same answer however the bytes are split. It never looks at a byte behind the head.
class HeadScan {
public:
    enum class Kind : std::uint8_t { request, response };
    HeadScan(Kind kind, const HeadLimits& limits) : kind_(kind), limits_(limits) { reset(); }

    // The head's length, final CRLFCRLF included, once it is whole; nothing while bytes are
    // missing; or bad_request (as soon as the byte that cannot be is there), header_too_large (as
    // soon as the head cannot end within the limits). An answer stays until reset().
    core::Result<std::optional<std::size_t>, core::Reason> feed(std::string_view bytes_so_far);
    void reset();

private:
    enum class State : std::uint8_t {
        method_start,
        method,
        target_start,
        target,
        version,
        version_cr,
        status,
        reason,
        line_lf,
        field_start,
        name,
        value,
        end_lf,
        whole,
        malformed,
        too_large,
    };
    const char* advance(const char* p, const char* last);
    const char* step(const char* p, bool accepted, State next);
    const char* take_lines(const char* p, const char* last);
    const char* start_field(const char* p);
    const char* match_version(const char* p, const char* last);
    const char* match_status(const char* p);

    Kind kind_;
    State state_ = State::method_start;
    HeadLimits limits_;
    std::size_t position_ = 0;
    std::size_t fields_ = 0;
    std::size_t matched_ = 0;  // bytes of the version or of the status line so far
};

}  // namespace bearergate::http
