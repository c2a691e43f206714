#include <bearergate/gateway/trace_parent.hpp>

#include <algorithm>

namespace bearergate::gateway {

namespace {

// "00-<32 digits: trace>-<16 digits: span>-<2 digits: flags>"
constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t length = 55;

bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool is_zero(std::string_view digits) {
    return digits.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::optional<TraceParent> parse_trace_parent(std::string_view text) {
    if (text.size() < length) return std::nullopt;
    const std::string_view version = text.substr(0, trace_at - 1);
    if (!is_lower_hex(version) || version == "ff") return std::nullopt;
    const bool ends_well = text.size() == length || (version != "00" && text[length] == '-');
    const bool has_shape =
        text[trace_at - 1] == '-' && text[span_at - 1] == '-' && text[flags_at - 1] == '-';
    if (!ends_well || !has_shape) return std::nullopt;

    const TraceParent parent{.trace_id = text.substr(trace_at, span_at - 1 - trace_at),
                             .span_id = text.substr(span_at, flags_at - 1 - span_at)};
    const std::string_view flags = text.substr(flags_at, length - flags_at);
    if (!is_lower_hex(parent.trace_id) || !is_lower_hex(parent.span_id) || !is_lower_hex(flags) ||
        is_zero(parent.trace_id) || is_zero(parent.span_id)) {
        return std::nullopt;
    }
    return parent;
}

}  // namespace bearergate::gateway
