#pragma once

#include <bearergate/core/refusal.hpp>
#include <bearergate/core/result.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace bearergate::http {

struct HeadLimits {
    std::size_t bytes = 16 * 1024;  // request line or status line, and fields
    std::size_t fields = 100;
};

// The strict pass over a raw head, before any parser sees it: RFC 9112's grammar without the
// leniencies that two implementations read differently (no bare CR or LF, no obs-fold, no
// control bytes, `token ":" OWS value OWS CRLF` and nothing else). Resumable: call again with
// more bytes; it goes on where it stopped and stays linear however the bytes are split.
class HeadScan {
public:
    enum class Kind { request, response };
    HeadScan(Kind kind, const HeadLimits& limits) : kind_(kind), limits_(limits) {}

    // The head's length, final CRLFCRLF included, once it is whole; nothing while bytes are
    // missing; or bad_request, header_too_large.
    core::Result<std::optional<std::size_t>, core::Reason> feed(std::string_view bytes_so_far);
    void reset();

private:
    Kind kind_;
    HeadLimits limits_;
    std::size_t position_ = 0;
    std::size_t line_start_ = 0;
    std::size_t lines_ = 0;
};

}  // namespace bearergate::http
